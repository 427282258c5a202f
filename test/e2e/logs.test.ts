import { readFileSync } from "node:fs";
import t from "tap";
import { DAY, sampleOf } from "../roles/log-agent/samples/expected.ts";
import { appPlan } from "../roles/plans.ts";
import { textOf } from "../roles/site.ts";
import { LAB, onHost, program, site, takeLab } from "../support/lab.ts";
import { allNumbers, WRITER } from "../support/numbers.ts";
import { noLab } from "../support/stand.ts";

t.setTimeout(45 * 60_000);

const HOST = "app-prod";
const LOGS = "/home/ubuntu/fittoring/logs";
const COUNT = 10_000;

/** An agent that takes its time to start, as on a host that is busy: longer than it is to the next rotation. */
const SLOW = "/etc/systemd/system/promtail.service.d/slow.conf";

t.test("logs, on a lab of real hosts", { skip: noLab }, async (t) => {
  await takeLab(t);
  const converged = await site();
  t.equal(converged.code, 0, converged.stderr);

  for (const format of ["json", "logback", "logfmt"] as const)
    await t.test(`${format}: the agent gives each entry its time, level and trace id`, async (t) => {
      // The agent takes no time that is yet to come, and the sample is of three in the morning.
      const today = new Date(Date.now() - 4 * 3_600_000).toISOString().slice(0, 10);
      const seconds = (text: string) => String(Number(text) + (Date.parse(today) - Date.parse(DAY)) / 1000);
      const sample = readFileSync(`test/roles/log-agent/samples/${format}.log`, "utf8")
        .replaceAll(DAY, today)
        .replaceAll(/\b1795662\d{3}/g, seconds);
      t.same(
        await dryRun(format, sample),
        sampleOf(format).map(({ level, trace, at }) => ({ at: at.replace(DAY, today), level, trace })),
      );
    });

  await t.test("nothing is lost and nothing doubled: rotations, an agent killed, a store restarted", async (t) => {
    t.teardown(() => onHost(HOST, `rm -f ${SLOW}; systemctl daemon-reload`));
    const slow = "[Service]\\nExecStartPre=/bin/sleep 4\\n";
    await onHost(HOST, `mkdir -p $(dirname ${SLOW}); printf '${slow}' >${SLOW}; systemctl daemon-reload`);
    const start = String(Math.floor(Date.now() / 1000));
    const writer = program(
      "docker",
      ...[
        "exec",
        "-u",
        "ubuntu",
        `hostwright-${LAB}-${HOST}`,
        "perl",
        "-e",
        WRITER,
        LOGS,
        "numbers",
        "1",
        String(COUNT),
        "0.004",
      ],
    );
    for (const round of [1, 2, 3]) {
      await new Promise((resolve) => setTimeout(resolve, 5000));
      await onHost(HOST, "systemctl kill --signal=KILL promtail");
      if (round < 3) await onHost("mon", "docker restart -t 2 monitoring-loki-1");
    }
    // And once more while it copies what it has to read again.
    const copying = 'pgrep -f "[a]gain.sh start" && ls /var/lib/promtail/again/*/*';
    await onHost(HOST, `until ${copying}; do sleep 0.01; done >/dev/null 2>&1; systemctl kill --signal=KILL promtail`);
    t.equal((await writer).code, 0);
    t.equal(await allNumbers(start, COUNT), COUNT, "each once");
    await onHost(HOST, `rm -f ${LOGS}/numbers*`);
  });
});

/** What the agent would send of a file, in order, with the shipped configuration of that format. */
async function dryRun(format: string, sample: string): Promise<readonly Entry[]> {
  const { resources } = appPlan({ log_format: format, app_logs: "/tmp/sample/app.log" });
  // Another Promtail, the real one, has the port.
  const config = textOf(resources, "/etc/promtail/config.yaml").replace(
    /http_listen_port: \d+/,
    "http_listen_port: 9081",
  );
  const [text, told] = [sample, config].map((content) => Buffer.from(content).toString("base64"));
  const output = await onHost(
    HOST,
    `rm -rf /tmp/sample; mkdir /tmp/sample; cd /tmp/sample; echo ${text} | base64 -d >app.log; echo ${told} | base64 -d >promtail.yaml
    timeout 9 promtail -dry-run -config.file=promtail.yaml || [ $? = 124 ]`,
  );
  return output.split("\n").flatMap((line) => {
    const [, at = "", labels = ""] = /^(20\S+Z)\tmap\[(.*?)\]\t/.exec(line) ?? [];
    const [, trace] = /\tmap\[trace_id:(\w+)\]\t/.exec(line) ?? [];
    const [, level] = /level:(\w+)/.exec(labels) ?? [];
    return at ? [{ at, level, trace }] : [];
  });
}

interface Entry {
  readonly at: string;
  readonly level: string | undefined;
  readonly trace: string | undefined;
}
