import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import t, { type Test } from "tap";
import { type Resource, Secret } from "../../../engine/index.ts";
import { passwordResource } from "../../../roles/grafana/password.ts";
import { apply, plan as planIn } from "../../support/converges.ts";
import { shells } from "../../support/shells.ts";
import { composeTextOf, desiredOf, monitoringPlan, serviceOf } from "../plans.ts";
import { filesOf } from "../site.ts";

t.test("the password is in one file, of Grafana's own user, and nowhere else", async (t) => {
  const { resources } = monitoringPlan();
  const password = "/opt/monitoring/secrets/grafana_admin_password";
  t.match(desiredOf(resources, password), { mode: "0400", owner: "472", group: "0", content: Secret });
  for (const [path, text] of filesOf(resources)) {
    if (path !== password) t.notMatch(text, /it's a secret/, path);
  }
  t.notMatch(composeTextOf(resources), /it's a secret/);
  t.match(serviceOf(resources, "grafana").environment, {
    GF_SECURITY_ADMIN_PASSWORD__FILE: "/run/secrets/grafana_admin_password",
    GF_SECURITY_ADMIN_PASSWORD: undefined,
  });
});

const passwords = ["n3w-pa55", `it's "$HOME" \\n %s é`, "-x9q7z", "*"];

for (const shell of shells) {
  // Not in the title: folders are named after it.
  for (const [index, password] of passwords.entries()) {
    t.test(`a changed password is set once, and is in no argument: ${index + 1} (${shell[0]})`, async (t) => {
      const grafana = standIn(t, "old");
      const resource = passwordFor(password);
      const steps = planIn(shell, [resource]);
      t.equal(steps.length, 1, "check plans");
      t.equal(planIn(shell, [resource]).length, 1, "check again plans the same");
      t.equal(grafana.password(), "old");
      apply(shell, steps);
      t.equal(grafana.password(), password);
      t.same(planIn(shell, [resource]), [], "apply again is silent");
      t.notOk(grafana.calls().includes(password) && password.length > 1, "in no argument, in no environment");
    });
  }

  t.test(`where Grafana does not answer there is nothing to do (${shell[0]})`, async (t) => {
    standIn(t, undefined);
    t.same(planIn(shell, [passwordFor("new")]), []);
  });

  t.test(`a password that Grafana refuses after it took it fails, and says why (${shell[0]})`, async (t) => {
    standIn(t, "old", "locked");
    t.throws(() => apply(shell, planIn(shell, [passwordFor("new")])), /After five refused log-ins/);
  });
}

function passwordFor(password: string): Resource {
  const vars = { grafana_admin_user: "admin", grafana_admin_password: new Secret(password, "test") };
  return passwordResource(vars, "http://127.0.0.1:80");
}

/** curl and docker in the place of a Grafana with this password; undefined: it does not answer. */
function standIn(t: Test, password: string | undefined, mode = "") {
  const dir = t.testdir({ password: password ?? "", calls: "", config: "" });
  const programs = {
    curl: `config=$(cat); wanted=$(cat '${dir}/password'; echo .); wanted=\${wanted%.}
      ${password === undefined ? "printf 000; exit 7" : ""}
      [ "$(printf '%s' "$config" | sed 's/^user = "admin:\\(.*\\)"$/\\1/; s/\\\\\\(.\\)/\\1/g')" = "$wanted" ] && printf 200 || printf 401`,
    docker: `${mode === "locked" ? "cat >/dev/null" : `IFS= read -r line; printf '%s' "$line" >'${dir}/password'`}`,
  };
  mkdirSync(`${dir}/bin`);
  for (const [name, script] of Object.entries(programs)) {
    const log = `{ printf '%s\\n' "$*"; env; } >>'${dir}/calls'`;
    writeFileSync(`${dir}/bin/${name}`, `#!/bin/sh\n${log}\n${script}\n`);
    chmodSync(`${dir}/bin/${name}`, 0o755);
  }
  const { PATH } = process.env;
  process.env.PATH = `${dir}/bin:${PATH}`;
  t.teardown(() => {
    process.env.PATH = PATH;
  });
  const read = (name: string) => (existsSync(`${dir}/${name}`) ? readFileSync(`${dir}/${name}`, "utf8") : "");
  return { password: () => read("password"), calls: () => read("calls") };
}
