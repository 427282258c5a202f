import { execFile, execFileSync } from "node:child_process";
import { promisify } from "node:util";
import t from "tap";
import { parseExtraVars } from "../../engine/inventory/extra-vars.ts";
import { graphInventory, listInventory } from "../../engine/inventory/list.ts";
import { loadInventory } from "../../engine/inventory/load.ts";
import { selectHosts } from "../../engine/inventory/pattern.ts";

const run = promisify(execFile);
const fixtures = `${import.meta.dirname}/fixtures`;
const options = { env: { ...process.env, ANSIBLE_CONFIG: `${fixtures}/ansible.cfg`, LC_ALL: "C.UTF-8" } };

function installed(): boolean {
  try {
    execFileSync("ansible-inventory", ["--version"], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
}

const skip = installed() ? false : "ansible-inventory is not installed here";

interface Fixture {
  readonly name: string;
  readonly files: readonly string[];
  readonly extra?: readonly string[];
}

const cases: readonly Fixture[] = [
  { name: "hosts and vars of all", files: ["01-simple/hosts.yml"] },
  { name: "nested children", files: ["02-nested-children/hosts.yml"] },
  { name: "ranges, ports and IPv6", files: ["03-ranges/hosts.yml"] },
  { name: "group_vars and host_vars as files", files: ["04-group-vars/hosts.yml"] },
  { name: "group_vars and host_vars as folders", files: ["05-vars-folders/hosts.yml"] },
  { name: "conflicting vars at every depth, with priority", files: ["06-conflicts/hosts.yml"] },
  { name: "two inventories", files: ["07-several/one/hosts.yml", "07-several/two/hosts.yml"] },
  { name: "two inventories the other way round", files: ["07-several/two/hosts.yml", "07-several/one/hosts.yml"] },
  { name: "ungrouped hosts and empty groups", files: ["08-ungrouped/hosts.yml"] },
  { name: "scalars as YAML 1.1 has them", files: ["09-scalars/hosts.yml"] },
  { name: "anchors and merge keys", files: ["10-anchors/hosts.yml"] },
  { name: "a host in several groups", files: ["11-host-in-many/hosts.yml"] },
  { name: "hosts and children as a single text", files: ["12-strings/hosts.yml"] },
  { name: "a JSON inventory", files: ["13-json/hosts.json"] },
  { name: "groups used before they are defined", files: ["14-forward-reference/hosts.yml"] },
  { name: "unusual names", files: ["15-names/hosts.yml"] },
  { name: "two environments that share a host and group_vars", files: ["16-shared/dev.yml", "16-shared/prod.yml"] },
  { name: "the same file twice", files: ["16-shared/dev.yml", "16-shared/dev.yml"] },
  { name: "-e with pairs", files: ["04-group-vars/hosts.yml"], extra: ["level=cli n=1", "two=\"a b\" q='c d' e==="] },
  {
    name: "-e with JSON and YAML",
    files: ["04-group-vars/hosts.yml"],
    extra: ['{"level": {"a": [1]}}', "{yes_: yes, n: 010}"],
  },
  {
    name: "-e with a file",
    files: ["04-group-vars/hosts.yml"],
    extra: [`@${fixtures}/04-group-vars/group_vars/all.yml`],
  },
];

const inventories = async (files: readonly string[], extra: readonly string[] = []) => {
  const paths = files.map((file) => `${fixtures}/${file}`);
  const ours = await loadInventory(paths, { env: {}, extraVars: parseExtraVars(extra, {}) });
  const args = [...paths.flatMap((path) => ["-i", path]), ...extra.flatMap((arg) => ["-e", arg])];
  return { ours, theirs: async (flag: string) => (await run("ansible-inventory", [...args, flag], options)).stdout };
};

/** Ansible wraps `!unsafe` text to keep it from its templates; we have none. */
const unwrap = (_key: string, value: { __ansible_unsafe?: string } | null) => value?.__ansible_unsafe ?? value;

t.jobs = 4;
const ansible = { skip, buffered: true, timeout: 110_000 };

for (const { name, files, extra } of cases) {
  t.test(`--list agrees with ansible-inventory: ${name}`, ansible, async (t) => {
    const { ours, theirs } = await inventories(files, extra);
    t.strictSame(JSON.parse(JSON.stringify(listInventory(ours))), JSON.parse(await theirs("--list"), unwrap));
  });
}

for (const file of ["02-nested-children", "08-ungrouped", "11-host-in-many"]) {
  t.test(`--graph agrees with ansible-inventory: ${file}`, ansible, async (t) => {
    const { ours, theirs } = await inventories([`${file}/hosts.yml`]);
    t.equal(`${graphInventory(ours)}\n`, await theirs("--graph"));
  });
}

for (const list of [
  "web-1,",
  "web-1,web-2",
  "web-2:2222, web-1.example.com",
  "192.0.2.1,[2001:db8::1]:22",
  "localhost,",
]) {
  t.test(`-i ${list} names the hosts that ansible-inventory finds`, ansible, async (t) => {
    const ours = await loadInventory([list], { env: {} });
    const { stdout } = await run("ansible-inventory", ["-i", list, "--list"], options);
    t.strictSame(JSON.parse(JSON.stringify(listInventory(ours))), JSON.parse(stdout));
  });
}

for (const playbook of ["play", "one", "two"]) {
  t.test(`vars folders beside a playbook in ${playbook} rank as in ansible-inventory`, ansible, async (t) => {
    const dir = `${fixtures}/17-playbook`;
    const paths = [`${dir}/one/hosts.yml`, `${dir}/two/hosts.yml`];
    const ours = await loadInventory(paths, { env: {}, playbookFolder: `${dir}/${playbook}` });
    const args = [...paths.flatMap((path) => ["-i", path]), "--playbook-dir", `${dir}/${playbook}`, "--list"];
    const { stdout } = await run("ansible-inventory", args, options);
    t.strictSame(JSON.parse(JSON.stringify(listInventory(ours))), JSON.parse(stdout));
  });
}

const patterns = [
  "all",
  "*",
  "app",
  "app:db",
  "app,db",
  "app:&dev:!app-3",
  "!app",
  "&dev",
  "app[0]",
  "app[-1]",
  "app[1:2]",
  "app[1:]",
  "app*[0]",
  "~app-[12]",
  "~(db|mon)",
  "*-1",
  "app-?",
  "app-[12]*",
  "app-[!1]*",
  "ungrouped",
  "dev:!app",
  "d*",
  "mon,!mon",
  "app-1.example.com",
  "lone",
];

const text = `
dev: { children: { app: , db: } }
app: { hosts: { "app-[1:3]": , app-1.example.com: } }
db: { hosts: { db-1: , app-2: } }
mon: { hosts: { mon: } }
all: { hosts: { lone: } }
`;

t.test("patterns select what ansible-playbook's --list-hosts selects", ansible, async (t) => {
  const plays = JSON.stringify(patterns.map((hosts) => ({ hosts })));
  const dir = t.testdir({ "hosts.yml": text, "plays.yml": plays });
  const ours = await loadInventory([`${dir}/hosts.yml`], { env: {} });
  const args = ["-i", `${dir}/hosts.yml`, "--list-hosts", `${dir}/plays.yml`];
  const { stdout } = await run("ansible-playbook", args, options);
  const theirs = stdout
    .split(/^ *hosts \(\d+\):$/m)
    .slice(1)
    .map((hosts) => hosts.match(/^ {6}\S+$/gm)?.map((host) => host.trim()));
  t.equal(theirs.length, patterns.length);
  // It lists a set: the next test has the order.
  for (const [index, pattern] of patterns.entries()) {
    t.strictSame([...selectHosts(ours, pattern)].sort(), theirs[index]?.sort() ?? [], pattern);
  }
});

for (const pattern of ["all", "mon,app", "*1*"]) {
  t.test(`the pattern ${pattern} visits hosts in Ansible's order`, ansible, async (t) => {
    const dir = t.testdir({ "hosts.yml": text });
    const ours = await loadInventory([`${dir}/hosts.yml`], { env: {} });
    const { stdout } = await run("ansible", ["-i", `${dir}/hosts.yml`, "--list-hosts", "--", pattern], options);
    t.strictSame(
      selectHosts(ours, pattern),
      stdout.match(/^ {4}\S+$/gm)?.map((host) => host.trim()),
    );
  });
}
