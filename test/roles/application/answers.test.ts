import { chmodSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { readVars } from "hostwright";
import t from "tap";
import { answers } from "../../../roles/application/answers.ts";
import { applicationVars } from "../../../roles/application/vars.ts";
import { apply, plan } from "../../support/converges.ts";
import { shells } from "../../support/shells.ts";

const path = process.env.PATH ?? "";
t.teardown(() => {
  process.env.PATH = path;
});

function varsWith(more: object) {
  const reading = readVars(applicationVars, {
    app_user: "app",
    app_service: "app.service",
    environment: "prod",
    ...more,
  });
  if (!("value" in reading)) throw new Error(JSON.stringify(reading.errors));
  return reading.value;
}

/** A host whose unit is in this state, and an application that answers from its so many-th question on. */
function host(dir: string, { enabled = true, active = true, answersAt = 1 } = {}): void {
  mkdirSync(`${dir}/bin`);
  const program = (name: string, text: string) => {
    writeFileSync(`${dir}/bin/${name}`, `#!/bin/sh\n${text}\n`);
    chmodSync(`${dir}/bin/${name}`, 0o755);
  };
  program(
    "systemctl",
    `case $1 in is-enabled) ${enabled} ;; is-active) ${active} ;; status) echo "Active: failed" ;; esac`,
  );
  program("curl", `echo "$*" >>'${dir}/asked'; [ "$(wc -l <'${dir}/asked')" -ge ${answersAt} ]`);
  program("sleep", ":");
  process.env.PATH = `${dir}/bin:${path}`;
}

for (const shell of shells) {
  t.test(`the application answers, in ${shell[0]}`, async (t) => {
    const looked = (vars = varsWith({})) =>
      plan(shell, [answers("app.service", vars)]).flatMap(({ changes }) =>
        changes.map(({ before, after }) => [before, after]),
      );

    t.test("where it does, at its path of health, nothing is waited for", async (t) => {
      const dir = t.testdir();
      host(dir);
      t.same(looked(varsWith({ app_health_path: "/up", app_metrics_port: 8081 })), []);
      t.match(readFileSync(`${dir}/asked`, "utf8"), /-- http:\/\/127\.0\.0\.1:8081\/up$/m);
    });

    t.test("where it does not, it is waited for", async (t) => {
      host(t.testdir(), { answersAt: 5 });
      t.same(looked(), [["silent", "answers"]]);
      apply(shell, plan(shell, [answers("app.service", varsWith({}))]));
      t.same(looked(), []);
    });

    t.test("where it does not in time, its unit's state is told", async (t) => {
      host(t.testdir(), { answersAt: 1000 });
      const steps = plan(shell, [answers("app.service", varsWith({ app_health_timeout: 4 }))]);
      t.throws(() => apply(shell, steps), /app\.service does not answer at http.*\nActive: failed/);
    });

    t.test("without a path of health an active unit is enough; one that is not to run is left alone", async (t) => {
      const none = varsWith({ app_health_path: "" });
      const dir = t.testdir({ active: {}, failed: {}, off: {} });
      host(`${dir}/active`, { answersAt: 1000 });
      t.same(looked(none), []);
      host(`${dir}/failed`, { active: false });
      t.same(looked(none), [["silent", "answers"]]);
      host(`${dir}/off`, { enabled: false, active: false, answersAt: 1000 });
      t.same(looked(), []);
    });
  });
}
