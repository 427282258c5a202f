import { chmodSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import t, { type Test } from "tap";
import type { Resource } from "../../../engine/index.ts";
import { toAlloy, toPromtail } from "../../../roles/log-agent/handover.ts";
import { apply, plan as planIn } from "../../support/converges.ts";
import { shells } from "../../support/shells.ts";
import { appPlan, desiredOf } from "../plans.ts";
import { namesOf, releases } from "../site.ts";

const locked = { ...releases, "alloy-linux-arm64.zip": { sha256: "d".repeat(64), source: "upstream" } };

t.test("Promtail is stopped, its positions are taken over, and only then Alloy is started", async (t) => {
  const { resources } = appPlan({ log_agent: "alloy" }, { locked });
  const names = namesOf(resources);
  const order = ["unit promtail.service", "command Alloy knows what Promtail has shipped", "unit alloy.service"];
  t.same(
    names.filter((name) => order.includes(name)),
    order,
  );
  t.match(desiredOf(resources, "promtail.service"), { enabled: false, running: false });
  t.notOk(
    names.some((name) => /\/etc\/promtail|release .*promtail/.test(name)),
    "nothing else of Promtail is held",
  );
});

/** Commands only: units need systemd. */
const commands = (resources: readonly Resource[]) => resources.filter(({ kind }) => kind.name === "command");

/** Programs that the scripts call, without other users and without systemd. */
const stubs = { runuser: '#!/bin/sh\nshift 3\nexec "$@"\n', systemctl: "#!/bin/sh\nexit 3\n" };

function useStubs(t: Test, bin: string): void {
  for (const name of Object.keys(stubs)) chmodSync(`${bin}/${name}`, 0o755);
  const { PATH } = process.env;
  process.env.PATH = `${bin}:${PATH}`;
  t.teardown(() => {
    process.env.PATH = PATH;
  });
}

const promtailPositions = 'positions:\n  /home/ubuntu/fittoring/logs/app.log: "1200"\n';
const alloyPositions = `positions:
  ? path: /home/ubuntu/fittoring/logs/app.log
    labels: '{filename="/home/ubuntu/fittoring/logs/app.log", job="fittoring_logs"}'
  : "3400"
  ? path: /home/ubuntu/fittoring/logs/app.log
    labels: '{}'
  : "1200"
  ? path: /home/ubuntu/fittoring/logs/a b.log
    labels: '{job="fittoring_logs", rotated="yes"}'
  : "9"
  ? path: /home/ubuntu/fittoring/logs/a b.log
    labels: '{job="fittoring_logs"}'
  : "7"
  ? path: /home/ubuntu/fittoring/logs/old.log
    labels: '{}'
  : "5"
`;

for (const shell of shells) {
  t.test(`positions go over to Alloy and back, each time once (${shell[0]})`, async (t) => {
    const dir = t.testdir({ bin: stubs, promtail: { "positions.yaml": promtailPositions }, alloy: {} });
    useStubs(t, `${dir}/bin`);
    const folders = { promtail: `${dir}/promtail`, alloy: `${dir}/alloy` };
    const own = `${dir}/alloy/data/loki.source.file.application/positions.yml`;
    const there = commands(toAlloy(folders));
    const back = commands(toPromtail(folders));
    const go = (resources: readonly Resource[]) => {
      const steps = planIn(shell, resources);
      apply(shell, steps);
      t.same(planIn(shell, resources), [], "done once");
      return steps.length;
    };
    t.equal(planIn(shell, back).length, 0, "nothing comes back where Alloy never ran");
    t.equal(go(there), 1);
    t.equal(readFileSync(`${dir}/alloy/promtail-positions.yaml`, "utf8"), promtailPositions);
    mkdirSync(`${dir}/alloy/data/loki.source.file.application`, { recursive: true });
    writeFileSync(own, alloyPositions);
    t.equal(planIn(shell, there).length, 0, "Alloy goes on with its own");
    t.equal(go(back), 1);
    t.equal(
      readFileSync(`${dir}/promtail/positions.yaml`, "utf8"),
      'positions:\n  /home/ubuntu/fittoring/logs/app.log: "3400"\n  /home/ubuntu/fittoring/logs/a b.log: "7"\n  /home/ubuntu/fittoring/logs/old.log: "5"\n',
    );
    t.equal(go(there), 1, "and over again");
    t.throws(() => readFileSync(own), "Alloy's older positions are out of the way");
  });
}
