import t from "tap";
import { refusesInputs, type WrongInput } from "../support/wrong-input.ts";

/** A key of nobody's, and a secret for another. */
const KEY = "AGE-SECRET-KEY-14FWT7NHF9U3P3NEDMC77D5THW04CS9DP3YS658W5KXA9A8HGQF7S80MPLZ\n";
const BLOCK = `YWdlLWVuY3J5cHRpb24ub3JnL3YxCi0+IFgyNTUxOSA1b1JrMmViZFRwZWlTbDlG
Zm1SbjI1VHZIYWhsUUQ0OW1nTGxWMVBxNWh3Ci9HKzQyQUREVUJ6MDA4ZXI5SlNY
QVdpNmZlaDkxalB1NjNUQURaek9JUTgKLS0tIHQrd2JnSlR3RlE4R0VXbGE0Z01m
RWZmZER2MVZjTUNoODlRVjE5MDk2d3cKr2OL5M6p7AqMxcN1v/6Uehvb4GYLM5Ql
U3spV35nNLFHgrgJ3dXQ`;

function withVar(text: string): string {
  return `web:\n  hosts:\n    web-1: { host: 127.0.0.1, port: PORT, site_port: 80, ${text} }\n`;
}

function withAge(block: string): string {
  const lines = ["-----BEGIN AGE ENCRYPTED FILE-----", ...block.split("\n"), "-----END AGE ENCRYPTED FILE-----"];
  const text = lines.map((line) => `      ${line}\n`).join("");
  return `web:\n  vars:\n    site_port: 80\n    password: !age |\n${text}  hosts: { web-1: }\n`;
}

const vars: readonly WrongInput[] = [
  {
    name: "a var of a wrong type",
    hosts: withVar("words: one"),
    message: 'DIR/hosts.yml:3:66: host web-1: var words (role site): found "one", expected a list',
  },
  {
    name: "a list with a wrong entry",
    hosts: withVar("words: [one, 2]"),
    message: "DIR/hosts.yml:3:72: host web-1: var words[1] (role site): found 2, expected text",
  },
  {
    name: "a number out of range",
    hosts: "web:\n  vars: { site_port: 65536 }\n  hosts: { web-1: }\n",
    message: "DIR/hosts.yml:2:22: host web-1: var site_port (role site): found 65536, expected 65535 or less",
  },
  {
    name: "a mistyped var",
    hosts: withVar("wrods: [one]"),
    message:
      'DIR/hosts.yml:3:59: found the var "wrods", expected one that a role of this playbook reads; did you mean "words"?',
  },
  {
    name: "a required var that nothing sets",
    hosts: "web:\n  hosts: { web-1: }\n",
    message: "host web-1: var site_port (role site): found nothing, expected it to be set (a whole number)",
  },
  {
    name: "a required var with nothing in it",
    hosts: "web:\n  vars:\n    site_port:\n  hosts: { web-1: }\n",
    message: "DIR/hosts.yml:3:15: host web-1: var site_port (role site): found nothing, expected a whole number",
  },
  {
    name: "a mistyped connection var",
    hosts: withVar("ansible_hots: web"),
    message:
      'DIR/hosts.yml:3:59: found the unknown var "ansible_hots" of host "web-1", expected one that Ansible knows; did you mean "ansible_host"?',
  },
  {
    name: "a port of the connection that is none",
    hosts: "web:\n  hosts:\n    web-1: { port: ssh, site_port: 80 }\n",
    message: 'DIR/hosts.yml:3:20: var port: found "ssh", expected a port, 1 to 65535',
  },
  {
    name: "one setting under two names",
    hosts: withVar("ansible_host: 127.0.0.2"),
    message:
      'DIR/hosts.yml:3:20: found "host" and "ansible_host" (DIR/hosts.yml:3:73) with different values for host "web-1", expected one of them',
  },
  {
    name: "a secret where a role wants none",
    hosts: withVar("words: [!env HOME]"),
    message: "DIR/hosts.yml:3:72: host web-1: var words[0] (role site): found a secret, expected text",
  },
  {
    name: "a template of Ansible's",
    hosts: withVar('user: "{{ login }}"'),
    message:
      'DIR/hosts.yml:3:65: var user: found "{{ login }}", expected plain text: Ansible\'s templates are not evaluated here',
  },
  {
    name: "a var of a play with a wrong type",
    playbook: 'const playbook = [{ name: "deploy", hosts: "web", roles: [role], vars: { site_port: "80" } }];',
    message: 'vars of play "deploy": host web-1: var site_port (role site): found "80", expected a whole number',
  },
];

const secrets: readonly WrongInput[] = [
  {
    name: "a password in digits without quotes, and does not show it",
    hosts: withVar("password: 48151623"),
    message: "DIR/hosts.yml:3:69: host web-1: var password (role site): found a secret, expected text",
  },
  {
    name: "a secret that is too short to be hidden",
    hosts: withVar("password: abc"),
    message:
      "DIR/hosts.yml:3:69: host web-1: var password: found a secret of 3 characters, expected 4 or more: a shorter one cannot be hidden in reports",
  },
  {
    name: "a short secret from the environment",
    hosts: withVar("password: !env SHORT"),
    env: { SHORT: "xy" },
    message: /^DIR\/hosts\.yml:3:\d+: host web-1: var password: found a secret of 2 characters, expected 4 or more: /,
  },
  {
    name: "a secret that is the name of a host",
    hosts: withVar("password: web-1"),
    message:
      "DIR/hosts.yml:3:69: host web-1: var password: found a secret that is also the name of host web-1, expected one of its own: hiding it would hide that too",
  },
  {
    name: "a secret that is the name of a group, from a file",
    hosts:
      "webshop:\n  hosts:\n    web-1:\n  vars: { site_port: 80, password: !file one }\nweb:\n  hosts: { web-1: }\n",
    files: { one: "webshop\n" },
    message:
      /^DIR\/hosts\.yml:4:\d+: host web-1: var password: found a secret that is also the name of group webshop, expected one of its own: /,
  },
  {
    name: "a secret that is another var's value",
    hosts: withVar("password: ubuntu, user: ubuntu"),
    message:
      /^DIR\/hosts\.yml:3:69: host web-1: var password: found a secret that is also the var user of host web-1, expected one of its own: /,
  },
  {
    name: "an !file that is empty",
    hosts: withVar("password: !file one"),
    files: { one: "\n" },
    message: /^DIR\/hosts\.yml:3:\d+: found the file DIR\/one empty, expected the secret in it$/m,
  },
  {
    name: "an !env that is empty",
    hosts: withVar("password: !env EMPTY"),
    env: { EMPTY: "" },
    message:
      /^DIR\/hosts\.yml:3:\d+: found the environment variable EMPTY empty, expected the secret in it; export EMPTY=…$/m,
  },
  {
    name: "!env of a variable that is not set",
    hosts: withVar("password: !env HOSTWRIGHT_NO_SUCH"),
    message:
      "DIR/hosts.yml:3:74: found no environment variable HOSTWRIGHT_NO_SUCH, expected the secret in it; export HOSTWRIGHT_NO_SUCH=…",
  },
  {
    name: "!file of a file that is not there",
    hosts: withVar("password: !file no-such.txt"),
    message:
      "DIR/hosts.yml:3:75: found no secret in DIR/no-such.txt (ENOENT: no such file or directory), expected a file that can be read",
  },
  {
    name: "!age without a block",
    hosts: withVar('password: !age ""'),
    message: "DIR/hosts.yml:3:74: found !age without a block, expected what `secret.mts encrypt` prints",
  },
  {
    name: "!age without an identity",
    hosts: withAge(BLOCK),
    message:
      "DIR/hosts.yml:4:20: found an !age block that cannot be decrypted: DIR/age.txt: found no age identity (ENOENT: no such file or directory), expected a file of keys; npx zx playbooks/secret.mts keygen makes one, HOSTWRIGHT_AGE_IDENTITY_FILE names another file",
  },
  {
    name: "!age for somebody else",
    hosts: withAge(BLOCK),
    files: { "age.txt": KEY },
    message:
      "DIR/hosts.yml:4:20: found an !age block for other recipients, expected one that a key in DIR/age.txt decrypts; ask someone who can to add yours to recipients.yml and run `secret.mts rekey`",
  },
  {
    name: "!age that is damaged",
    hosts: withAge(`${BLOCK}x`),
    files: { "age.txt": KEY },
    message:
      "DIR/hosts.yml:4:20: found a damaged !age block (invalid line length), expected it as `secret.mts encrypt` printed it",
  },
  {
    name: "an identity file with a slip",
    hosts: withAge(BLOCK),
    files: { "age.txt": "AGE-SECRET-KEY-1SLIP\n" },
    message:
      "DIR/hosts.yml:4:20: found an !age block that cannot be decrypted: DIR/age.txt:1:1: found a line that is no age identity, expected AGE-SECRET-KEY-1… or a # comment",
  },
];

await refusesInputs(t, [...vars, ...secrets]);
