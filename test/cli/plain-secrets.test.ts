import { createHash } from "node:crypto";
import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { userInfo } from "node:os";
import { join, resolve } from "node:path";
import t from "tap";
import { appVars } from "../../roles/app/vars.ts";
import { monitoringVars } from "../../roles/monitoring/vars.ts";
import { runFile, runProgram } from "../support/program.ts";

/** Every secret var of the shipped roles, each with a value that stands in an inventory without any tag. */
const NAMES = Object.entries({ ...monitoringVars, ...appVars }).flatMap(([name, { secret }]) => (secret ? [name] : []));
const plainText = (name: string) =>
  `${/url$/.test(name) ? "https://example.com/" : ""}plain-${createHash("sha256").update(name).digest("hex").slice(0, 14)}`;

/** How a value, or a hash of the file that is nothing but it, could be shown: reports cut hashes to 12 digits. */
const shapes = (value: string) => [
  value,
  Buffer.from(value).toString("base64").replace(/=+$/, ""),
  ...[value, `${value}\n`].map((text) => createHash("sha256").update(text).digest("hex").slice(0, 12)),
];

const PLAYBOOK = `
import { join } from "node:path";
import { command, defineRole, envFile, file, runPlaybook, sh } from ${JSON.stringify(resolve("engine/index.ts"))};
import { appVars } from ${JSON.stringify(resolve("roles/app/vars.ts"))};
import { monitoringVars } from ${JSON.stringify(resolve("roles/monitoring/vars.ts"))};
import { string } from ${JSON.stringify(resolve("engine/role/schema.ts"))};
const secret = Object.fromEntries(Object.entries({ ...monitoringVars, ...appVars }).filter(([, one]) => one.secret));
const owner = ${JSON.stringify(userInfo().username)};
const role = defineRole({
  name: "keeper",
  vars: { ...secret, dir: string("where"), fails: string("whether", { default: "no" }) },
  resources: (vars) => [
    ...Object.keys(secret).map((name) => file({ path: join(vars.dir, name), content: vars[name], mode: "0600", owner })),
    envFile({ path: join(vars.dir, "env"), entries: Object.fromEntries(Object.keys(secret).map((name) => [name, vars[name]])), owner }),
    ...(vars.fails === "no" ? [] : [command({
      name: "says all it knows",
      creates: join(vars.dir, "never"),
      run: sh\`cd -- \${vars.dir}; for name in *; do cat -- "$name"; sha256sum -- "$name"; done >/dev/null; cat env >&2; exit 3\`,
    })]),
  ],
});
export default [{ hosts: "web", roles: [role], become: false }];
await runPlaybook([{ hosts: "web", roles: [role], become: false }], import.meta.url);
`;

const isRoot = process.getuid?.() === 0;

t.test(
  "no report shows a secret var that an inventory gives in plain text, nor its hash",
  { skip: isRoot ? false : "keeps its state where root may write" },
  async (t) => {
    t.ok(NAMES.length >= 10, `${NAMES.length} secret vars`);
    const dir = t.testdir({ held: {} });
    const playbook = join(dir, "site.mts");
    const vars = Object.fromEntries(NAMES.map((name) => [name, plainText(name)]));
    const host = { ansible_connection: "local", dir: join(dir, "held"), ...vars };
    writeFileSync(playbook, PLAYBOOK);
    writeFileSync(join(dir, "hosts.json"), JSON.stringify({ web: { hosts: { "web-1": host } } }));
    const seen: Record<string, string> = {};
    const run = async (name: string, code: number, ...args: readonly string[]) => {
      const junit = join(dir, "report.xml");
      // Another test that runs beside this one may be changing this machine.
      const fixed = ["-i", join(dir, "hosts.json"), "--junit", junit, "--lock-wait", "2m"];
      const ended = await runFile(playbook, [...fixed, ...args]);
      t.equal(ended.code, code, `${name}: ${ended.stderr}`);
      seen[name] = ended.stdout + ended.stderr + (existsSync(junit) ? readFileSync(junit, "utf8") : "");
    };
    await run("check of what is new", 0, "--check", "--diff", "-v");
    await run("the same as JSON", 0, "--check", "--diff", "--json");
    await run("apply", 0, "--diff", "-v");
    for (const name of NAMES) writeFileSync(join(dir, "held", name), "another");
    await run("check of what differs", 0, "--check", "--diff", "-v");
    await run("a failing apply", 2, "--diff", "-v", "-e", "fails=yes");
    await run("a failing apply as JSON", 2, "--json", "-e", "fails=yes");
    rmSync(join(dir, "held", "env"));
    await run("an apply as JSON", 0, "--json", "--diff");

    // exec.mts knows the roles of playbooks/site.mts.
    const all = ["-i", join(dir, "hosts.json")];
    const exec = await runProgram("exec", [
      "web",
      ...all,
      "--",
      `cat ${join(dir, "held")}/*; base64 -w0 ${join(dir, "held")}/env`,
    ]);
    t.match(exec.stdout, /^web-1 \| exit 0\n.*\*{8}/s);
    seen.exec = exec.stdout + exec.stderr;
    const list = await runProgram("inventory", [...all, "--list"]);
    t.match(list.stdout, /"smtp_password": "\*{8}"/);
    seen.list = list.stdout + list.stderr;
    const explain = await runProgram("inventory", [...all, "explain", "web-1", "smtp_password"]);
    seen.explain = explain.stdout + explain.stderr;

    const shown = Object.entries(seen).flatMap(([name, text]) =>
      NAMES.filter((one) => shapes(plainText(one)).some((shape) => text.includes(shape))).map(
        (one) => `${name}: ${one}`,
      ),
    );
    t.same(shown, []);
  },
);
