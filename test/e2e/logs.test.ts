import { readFileSync } from "node:fs";
import t from "tap";
import { DAY, sampleOf } from "../roles/log-agent/samples/expected.ts";
import { appPlan } from "../roles/plans.ts";
import { textOf } from "../roles/site.ts";
import { eventually, LAB, labAddress, onHost, program, site, takeLab } from "../support/lab.ts";
import { noLab } from "../support/stand.ts";

t.setTimeout(45 * 60_000);

const HOST = "app-prod";
const LOGS = "/home/ubuntu/fittoring/logs";
const COUNT = 10_000;

interface Stream {
  readonly stream: Readonly<Record<string, string>>;
  readonly values: readonly (readonly [nanoseconds: string, line: string])[];
}

/** What Loki answers, oldest first. */
async function query(text: string, start: string, limit = 5000): Promise<readonly Stream[]> {
  const answer = await onHost(
    "mon",
    `curl -sfG ${labAddress("mon")}:8080/loki/api/v1/query_range -d direction=forward -d start=${start} -d limit=${limit} --data-urlencode 'query=${text}'`,
  );
  return (JSON.parse(answer) as { data: { result: readonly Stream[] } }).data.result;
}

/** An agent that takes its time to start, as on a host that is busy: longer than it is to the next rotation. */
const SLOW = "/etc/systemd/system/promtail.service.d/slow.conf";

/** Writes numbered entries as an application under load does, and renames their file every three seconds; until after the last kill. */
const WRITER = String.raw`
use strict; use IO::Handle; use Time::HiRes qw(time sleep); use POSIX qw(strftime);
my ($folder, $count) = @ARGV; my ($out, $opened); my $path = "$folder/numbers.log";
sub begin { open($out, ">>", $path) or die $!; $out->autoflush(1); $opened = time }
sub rotate { close $out; rename $path, "$folder/numbers." . strftime("%Y-%m-%dT%H-%M-%S", gmtime) . ".log"; begin() }
begin();
for my $n (1 .. $count) {
  my $t = time;
  printf $out qq({"timestamp":"%s.%06dZ","level":"INFO","number":%d}\n), strftime("%Y-%m-%dT%H:%M:%S", gmtime $t), ($t - int $t) * 1e6, $n;
  sleep 0.004;
  rotate() if time - $opened > 3;
}
sleep 1.1; rotate();`;

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
      ...["exec", "-u", "ubuntu", `hostwright-${LAB}-${HOST}`, "perl", "-e", WRITER, LOGS, String(COUNT)],
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
    let numbers: readonly number[] = [];
    await eventually(
      "all entries; missing",
      120,
      async () => {
        numbers = await numbersSince(start);
        return missing(numbers);
      },
      (left) => left.length === 0,
    );
    t.equal(numbers.length, COUNT, "each once");
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

/** The numbers that are not there, as ranges. */
function missing(numbers: readonly number[]): readonly string[] {
  const found = new Set(numbers);
  const starts = Array.from({ length: COUNT }, (_, at) => at + 1).filter(
    (n) => !found.has(n) && (n === 1 || found.has(n - 1)),
  );
  const end = (start: number): number => {
    let n = start;
    while (n < COUNT && !found.has(n + 1)) n += 1;
    return n;
  };
  return starts.map((from) => `${from} to ${end(from)}`);
}

interface Entry {
  readonly at: string;
  readonly level: string | undefined;
  readonly trace: string | undefined;
}

async function numbersSince(start: string): Promise<readonly number[]> {
  const numbers: number[] = [];
  for (let from = start; ; ) {
    const values = (await query('{host="app-prod"} |= "number"', from)).flatMap(({ values }) => values);
    // What an agent reads from the middle of a line is an entry of its own, and no whole one (docs/agents.md).
    const whole = values.map(([, line]) => line).filter((line) => line.startsWith("{"));
    numbers.push(...whole.map((line) => (JSON.parse(line) as { number: number }).number));
    const last = values.map(([at]) => BigInt(at)).reduce((a, b) => (a > b ? a : b), 0n);
    if (values.length < 5000) return numbers;
    from = String(last + 1n);
  }
}
