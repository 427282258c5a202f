import { execFile, execFileSync } from "node:child_process";
import { promisify } from "node:util";
import t from "tap";
import { inventoryCommand } from "../../engine/cli/inventory.ts";
import site from "../../playbooks/site.mts";
import { runProgram } from "../support/program.ts";

const fixture = `${import.meta.dirname}/../inventory/fixtures/04-group-vars/hosts.yml`;

function installed(): boolean {
  try {
    execFileSync("ansible-inventory", ["--version"], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
}

const skip = installed() ? false : "ansible-inventory is not installed here";

t.jobs = 4;

t.test("what is wrong is one line on stderr and exit 1", { timeout: 110_000 }, async (t) => {
  const ended = await runProgram("inventory", ["--host", "nobody", "-i", "inventory/prod.yml"]);
  t.same(ended, { code: 1, stdout: "", stderr: 'found no host "nobody" in inventory/prod.yml\n' });
});

for (const args of [["--list"], ["--host", "app-1"], ["--graph", "app"]]) {
  t.test(
    `inventory.mts ${args.join(" ")} prints what ansible-inventory prints`,
    { skip, timeout: 110_000 },
    async (t) => {
      const config = `${import.meta.dirname}/../inventory/fixtures/ansible.cfg`;
      const env = { ...process.env, ANSIBLE_CONFIG: config, LC_ALL: "C.UTF-8" };
      const [ours, theirs] = await Promise.all([
        runProgram("inventory", ["-i", fixture, "-e", "extra=1", ...args]),
        promisify(execFile)("ansible-inventory", ["-i", fixture, "-e", "extra=1", ...args], { env }),
      ]);
      t.equal(ours.stdout, theirs.stdout);
      t.equal(ours.code, 0);
    },
  );
}

const inventory = `
all:
  vars:
    user: admin
    loki_port: 3100
  children:
    monitoring:
      hosts:
        mon:
          grafana_admin_password: in-plain-text
    app:
      hosts:
        app-1:
          node_exporter_port: 443
`;
const vars = { "monitoring.yml": "loki_port: 3101\ngrafana_admin_password: !env GRAFANA_PASSWORD\n" };

for (const { name, args, table } of [
  {
    name: "each source in order, with its place, and the winner",
    args: ["mon", "loki_port"],
    table: `mon: loki_port
  SOURCE                 PLACE                              VALUE
  role monitoring        default                            8080
  group all              DIR/hosts.yml:5:16                 3100
* group_vars/monitoring  DIR/group_vars/monitoring.yml:1:12  3101
`,
  },
  {
    name: "secrets masked, also one that stands there in plain text",
    args: ["mon", "grafana_admin_password"],
    table: `mon: grafana_admin_password
  SOURCE                 PLACE                              VALUE
  group_vars/monitoring  DIR/group_vars/monitoring.yml:2:30  ******** (!env GRAFANA_PASSWORD)
* host                   DIR/hosts.yml:10:35                ******** (plain text)
`,
  },
  {
    name: "-e as the last word",
    args: ["app-1", "node_exporter_port", "-e", '{"node_exporter_port": 9101}'],
    table: `app-1: node_exporter_port
  SOURCE    PLACE                VALUE
  role app  default              9100
  host      DIR/hosts.yml:14:31  443
* -e        -e:1:24              9101
`,
  },
  {
    name: "-e with the type that the role asks for",
    args: ["app-1", "node_exporter_tls", "-e", "node_exporter_tls=no"],
    table: `app-1: node_exporter_tls
  SOURCE    PLACE    VALUE
  role app  default  false
* -e        -e:1:1   false
`,
  },
  {
    name: "a role's default where nobody sets the var",
    args: ["app-1", "app_user"],
    table: `app-1: app_user
  SOURCE    PLACE    VALUE
* role app  default  "ubuntu"
`,
  },
]) {
  t.test(`explain shows ${name}`, async (t) => {
    const dir = t.testdir({ "hosts.yml": inventory, group_vars: vars });
    const stdout = `${await inventoryCommand(site, ["-i", `${dir}/hosts.yml`, "explain", ...args], t.fail)}\n`;
    const shown = stdout.replaceAll(dir.slice(process.cwd().length + 1), "DIR");
    // The folder's name is longer than DIR, so columns are compared by their words.
    t.equal(shown.replace(/ +/g, " "), table.replace(/ +/g, " "));
  });
}

for (const { args, message } of [
  {
    args: ["explain", "mon", "loki_prot"],
    message: 'host mon: nothing sets the var loki_prot; did you mean "loki_port"?',
  },
  {
    args: ["explain", "app-1", "environment"],
    message: "host app-1: nothing sets the var environment, expected a value: role app and verify needs it",
  },
  { args: ["explain", "app-2", "user"], message: 'found no host "app-2" in DIR/hosts.yml; did you mean "app-1"?' },
  { args: ["explain", "mon"], message: "explain: found 1 words, expected HOST VAR" },
  { args: ["--host", "moon"], message: 'found no host "moon" in DIR/hosts.yml; did you mean "mon"?' },
  {
    args: ["--graph", "monitorin"],
    message: 'found no group "monitorin" in DIR/hosts.yml; did you mean "monitoring"?',
  },
  {
    args: ["--lst"],
    message: 'found the unknown option --lst, expected one that --help lists; did you mean "--list"?',
  },
  {
    args: ["--list", "--graph"],
    message: "found --list and --graph, expected one of --list, --host HOST, --graph [GROUP], explain HOST VAR",
  },
  { args: [], message: "found no action, expected one of --list, --host HOST, --graph [GROUP], explain HOST VAR" },
  {
    args: ["--list", "app"],
    message: 'found the extra word "app", expected one of --list, --host HOST, --graph [GROUP], explain HOST VAR',
  },
]) {
  t.test(`inventory.mts ${args.join(" ") || "alone"} is refused in one line`, async (t) => {
    const dir = t.testdir({ "hosts.yml": inventory });
    const error = await inventoryCommand(site, ["-i", `${dir}/hosts.yml`, ...args], t.fail).catch(
      (error: Error) => error,
    );
    if (typeof error === "string") return t.fail("not refused");
    t.match(error.constructor.name, /^(Usage|Inventory)Error$/);
    t.equal(error.message.replaceAll(dir.slice(process.cwd().length + 1), "DIR"), message);
  });
}
