import t from "tap";
import { refusesInputs, type WrongInput } from "../support/wrong-input.ts";

function withVar(text: string): string {
  return `web:\n  hosts:\n    web-1: { host: 127.0.0.1, port: PORT, site_port: 80, ${text} }\n`;
}

const INI =
  "DIR/hosts.yml: found an INI inventory, expected YAML; `ansible-inventory -i FILE --list --yaml` converts it";

const flags: readonly WrongInput[] = [
  {
    name: "--limit that is given twice",
    more: ["-l", "web", "--limit", "web-1"],
    message:
      '--limit: found "web" and "web-1", expected one value: several are written with a comma, --limit web,web-1',
  },
  {
    name: "a user that is given twice",
    more: ["-u", "a", "--user=b"],
    message: '--user: found "a" and "b", expected one value',
  },
  {
    name: "forks that are given twice",
    more: ["-f", "1", "-f", "2"],
    message: '--forks: found "1" and "2", expected one value',
  },
  {
    name: "a key that is given twice",
    more: ["--private-key", "a", "--private-key", "b"],
    message: '--private-key: found "a" and "b", expected one value',
  },
  {
    name: "a report that is given twice",
    more: ["--junit", "DIR/a.xml", "--junit", "DIR/b.xml"],
    message: '--junit: found "DIR/a.xml" and "DIR/b.xml", expected one value',
  },
  {
    name: "a timeout that is given twice",
    more: ["--timeout", "5", "--timeout", "10"],
    message: '--timeout: found "5" and "10", expected one value',
  },
  {
    name: "a deadline that is given twice",
    more: ["--deadline=60", "--deadline=90"],
    message: '--deadline: found "60" and "90", expected one value',
  },
  {
    name: "--limit of a file that is not there",
    more: ["--limit", "@DIR/site.retry"],
    message: "--limit: found no such file (DIR/site.retry), expected a file of patterns behind @",
  },
  {
    name: "--limit of a folder",
    more: ["--limit", "@DIR"],
    message: "--limit: found a folder (DIR), expected a file of patterns behind @",
  },
  {
    name: "--limit of a file without a pattern",
    files: { "site.retry": "# none\n\n" },
    more: ["--limit", "@DIR/site.retry"],
    message: "--limit: found nothing in DIR/site.retry, expected a pattern a line",
  },
  {
    name: "--limit of a file with a host that is not there",
    files: { "site.retry": "web-1\nweb-2\n" },
    more: ["--limit", "@DIR/site.retry"],
    message: 'found "web-2", expected a host or group of DIR/hosts.yml; did you mean "web-1"?',
  },
  {
    name: "-i with commas only",
    args: ["-i", ","],
    message: "-i ,: found no host, expected names with a comma behind each",
  },
  {
    name: "-i with a range that runs backwards",
    args: ["-i", "web-[9:1],"],
    message: '-i web-[9:1],: found the host range "web-[9:1]", expected begin before end',
  },
  {
    name: "--list-hosts of nobody",
    hosts: "web:\n",
    more: ["--list-hosts"],
    message: "found no host for any play of DIR/site.mts (web), expected one in DIR/hosts.yml",
  },
  {
    name: "--list-hosts of a pattern that nobody fits",
    more: ["--list-hosts", "--limit", "db*"],
    message: "found no host for any play of DIR/site.mts (web) within --limit db*, expected one in DIR/hosts.yml",
  },
];

const extraVars: readonly WrongInput[] = [
  {
    name: "-e with a boolean for a number",
    more: ["-e", "site_port=no"],
    message: '-e:1:1: host web-1: var site_port (role site): found "no", expected a whole number',
  },
  {
    name: "-e with a number out of range",
    more: ["-e", "site_port=70000"],
    message: "-e:1:1: host web-1: var site_port (role site): found 70000, expected 65535 or less",
  },
  {
    name: "-e with a list that has a wrong entry",
    more: ["-e", "words=[one,2]"],
    message: "-e:1:12: host web-1: var words[1] (role site): found 2, expected text",
  },
  {
    name: "-e with a text for a list",
    more: ["-e", "site_port=81 words=one"],
    message: '-e:1:14: host web-1: var words (role site): found "one", expected a list',
  },
  {
    name: "-e with a list that does not end",
    more: ["-e", "words=[one"],
    message: '-e:1:1: host web-1: var words (role site): found "[one", expected a list',
  },
  {
    name: "-e in JSON with a text for a number",
    more: ["-e", '{"site_port": "81"}'],
    message: '-e:1:15: host web-1: var site_port (role site): found "81", expected a whole number',
  },
];

const files: readonly WrongInput[] = [
  {
    name: "a connection that is not SSH",
    hosts: withVar("ansible_connection: winrm"),
    message: 'DIR/hosts.yml:3:79: var ansible_connection: found "winrm", expected "ssh" or "local"',
  },
  {
    name: "a connection of a collection that is not Ansible's own",
    hosts: withVar("ansible_connection: community.docker.docker"),
    message: 'DIR/hosts.yml:3:79: var ansible_connection: found "community.docker.docker", expected "ssh" or "local"',
  },
  {
    name: "a way to become root that we do not have",
    hosts: withVar("ansible_become_method: su"),
    message: 'DIR/hosts.yml:3:82: var ansible_become_method of host "web-1": found "su", expected "sudo" or "doas"',
  },
  {
    name: "a way to become root of a collection",
    hosts: withVar("ansible_become_method: community.general.pfexec"),
    message:
      'DIR/hosts.yml:3:82: var ansible_become_method of host "web-1": found "community.general.pfexec", expected "sudo" or "doas"',
  },
  { name: "an INI inventory of host names only", hosts: "# all\nweb-1\nweb-2 ansible_port=2222\n", message: INI },
  { name: "an INI inventory with hosts first", hosts: "web-1 site_port=80\n\n[web]\nweb-1\n", message: INI },
  { name: "an INI inventory of one range", hosts: "web[01:20].example.com:2222\n", message: INI },
  {
    name: "a quote that is not closed",
    hosts: 'web:\n  vars:\n    user: "admin\n  hosts: { web-1: }\n',
    message: "DIR/hosts.yml:3:11: found a quote that is not closed, expected its end, and nothing behind it",
  },
  {
    name: "a quote that ends in the next value's",
    hosts: 'web:\n  vars:\n    user: "admin\n    key: "id"\n  hosts: { web-1: }\n',
    message: "DIR/hosts.yml:3:11: found a quote that is not closed, expected its end, and nothing behind it",
  },
  {
    name: "a quote whose end is escaped",
    hosts: 'web:\n  vars:\n    user: "admin\\"\n',
    message: "DIR/hosts.yml:3:11: found a quote that is not closed, expected its end, and nothing behind it",
  },
  {
    name: "text behind a quoted text of two lines",
    hosts: "web:\n  vars:\n    user: 'a\n  b' c\n",
    message: "DIR/hosts.yml:3:11: found a quote that is not closed, expected its end, and nothing behind it",
  },
  {
    name: "a mistake behind quoted text that stands to the left",
    hosts: 'web:\n  vars:\n    user: "{{\n  login\n}}"\n    key: !evn KEY\n',
    message:
      'DIR/hosts.yml:6:15: found the unknown tag !evn, expected !env, !file, !age, !unsafe or none; did you mean "!env"?',
  },
  {
    name: "a mistake within brackets that stand to the left",
    hosts: "web:\n  vars:\n    words: [\none, !evn TWO\n]\n",
    message:
      'DIR/hosts.yml:4:11: found the unknown tag !evn, expected !env, !file, !age, !unsafe or none; did you mean "!env"?',
  },
  {
    name: "an anchor that is given twice",
    hosts: "web:\n  vars:\n    user: &x a\n    key: &x b\n",
    message: "DIR/hosts.yml:4:13: found the anchor &x a second time, expected each anchor once",
  },
  {
    name: "a wrong var beside the playbook",
    files: {
      inventory: { "hosts.yml": "web:\n  hosts: { web-1: }\n" },
      group_vars: { "web.yml": "site_port: http\n" },
    },
    args: ["-i", "DIR/inventory/hosts.yml"],
    message:
      'DIR/group_vars/web.yml:1:12: host web-1: var site_port (role site): found "http", expected a whole number',
  },
  {
    name: "broken YAML in host_vars beside the playbook",
    files: { inventory: { "hosts.yml": "web:\n  hosts: { web-1: }\n" }, host_vars: { "web-1": "a: b: c\n" } },
    args: ["-i", "DIR/inventory/hosts.yml"],
    message: 'DIR/host_vars/web-1:1:4: found a second ":" in one line, expected the value in quotes',
  },
  {
    name: "a TypeScript inventory that throws what is no error",
    files: { "hosts.mts": "throw { code: 404 };\n" },
    args: ["-i", "DIR/hosts.mts"],
    message: "DIR/hosts.mts: found a module that fails (it throws a mapping), expected groups",
  },
  {
    name: "a TypeScript inventory that throws nothing",
    files: { "hosts.mts": "export default async () => { throw undefined; };\n" },
    args: ["-i", "DIR/hosts.mts"],
    message: "DIR/hosts.mts: found a module that fails (it throws nothing), expected groups",
  },
  {
    name: "a TypeScript inventory that returns nothing",
    files: { "hosts.mts": "export default async () => {};\n" },
    args: ["-i", "DIR/hosts.mts"],
    message:
      "DIR/hosts.mts: found a function that returns nothing, expected groups, or an async function that returns them",
  },
];

await refusesInputs(t, [...flags, ...extraVars, ...files]);
