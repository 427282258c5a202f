import { homedir } from "node:os";
import t from "tap";
import { connectionVars } from "../../engine/inventory/connection-vars.ts";
import { loadInventory } from "../../engine/inventory/load.ts";
import { Secret } from "../../engine/shell/secret.ts";
import { refuses } from "./refused.ts";

refuses(t, [
  {
    name: "a template of Ansible",
    text: "app:\n  hosts:\n    a: { ansible_host: '{{ ip }}' }\n",
    message:
      'DIR/hosts.yml:3:24: var ansible_host: found "{{ ip }}", expected plain text: Ansible\'s templates are not evaluated here',
  },
  {
    name: "a mistyped var of Ansible",
    text: "app:\n  hosts:\n    a:\n      ansible_hst: 192.0.2.1\n",
    message:
      'DIR/hosts.yml:4:7: found the unknown var "ansible_hst" of host "a", expected one that Ansible knows; did you mean "ansible_host"?',
  },
  {
    name: "two names that disagree",
    text: "app:\n  hosts:\n    a:\n      user: x\n      ansible_user: y\n",
    message:
      'DIR/hosts.yml:4:13: found "user" and "ansible_user" (DIR/hosts.yml:5:21) with different values for host "a", expected one of them',
  },
  {
    name: "a port out of range",
    text: "app:\n  hosts:\n    a: { port: 70000 }\n",
    message: "DIR/hosts.yml:3:16: var port: found 70000, expected a port, 1 to 65535",
  },
  {
    name: "an address that is a number",
    text: "app:\n  hosts:\n    a: { ansible_host: 10 }\n",
    message: "DIR/hosts.yml:3:24: var ansible_host: found 10, expected text",
  },
  {
    name: "become that is neither",
    text: "app:\n  hosts:\n    a: { ansible_become: root }\n",
    message: 'DIR/hosts.yml:3:26: var ansible_become: found "root", expected true or false',
  },
  {
    name: "an unknown connection",
    text: "app:\n  hosts:\n    a: { ansible_connection: winrm }\n",
    message: 'DIR/hosts.yml:3:30: var ansible_connection: found "winrm", expected "ssh" or "local"',
  },
  {
    name: "a connection of another collection",
    text: "app:\n  hosts:\n    a: { ansible_connection: community.docker.docker }\n",
    message: 'DIR/hosts.yml:3:30: var ansible_connection: found "community.docker.docker", expected "ssh" or "local"',
  },
]);

async function varsOf(dir: string): Promise<ReturnType<typeof connectionVars>> {
  const host = (await loadInventory([`${dir}/hosts.yml`], { env: { PW: "pw" } })).hosts.get("h");
  if (host === undefined) throw new Error("no host h");
  return connectionVars(host);
}

const accepted = [
  ...[
    "ssh",
    "smart",
    "paramiko",
    "paramiko_ssh",
    "ansible.builtin.ssh",
    "ansible.legacy.smart",
    "ansible.builtin.paramiko_ssh",
  ].map((name) => ({ vars: `{ ansible_connection: ${name} }`, found: { connection: "ssh" } })),
  ...["local", "ansible.builtin.local", "ansible.legacy.local"].map((name) => ({
    vars: `{ ansible_connection: ${name} }`,
    found: { connection: "local" },
  })),
  { vars: "{ ansible_become_method: ansible.builtin.sudo }", found: { becomeMethod: "sudo" } },
  { vars: "{ ansible_become_method: community.general.doas }", found: { becomeMethod: "doas" } },
  { vars: "{ ansible_become_method: community.general.sudosu }", found: { becomeMethod: "community.general.sudosu" } },
  { vars: "{}", found: { address: "h", connection: "ssh" } },
  { vars: "{ host: 192.0.2.1, port: 2222, user: x }", found: { address: "192.0.2.1", port: 2222, user: "x" } },
  {
    vars: "{ ansible_host: 192.0.2.1, ansible_port: '22', ansible_user: x }",
    found: { address: "192.0.2.1", port: 22, user: "x" },
  },
  { vars: "{ port: 22, ansible_port: '22' }", found: { port: 22 } },
  { vars: "{ ansible_become: yes, ansible_become_user: app }", found: { become: true, becomeUser: "app" } },
  { vars: "{ ansible_become: 'no' }", found: { become: false } },
  { vars: "{ ansible_connection: local }", found: { connection: "local" } },
  { vars: "{ ansible_password: 1234 }", found: { password: "1234" } },
  { vars: "{ ansible_python_interpreter: /usr/bin/python3, ansible_winrm_scheme: http }", found: { address: "h" } },
  { vars: "{ ansible_ssh_common_args: '-J a', ansible_ssh_extra_args: '-v' }", found: { sshArgs: "-J a -v" } },
  { vars: "{ key: ~/.ssh/id, known_hosts: /etc/kh }", found: { key: `${homedir()}/.ssh/id`, knownHosts: "/etc/kh" } },
];

for (const { vars, found } of accepted) {
  t.test(`the vars ${vars} say how to connect`, async (t) => {
    t.match(await varsOf(t.testdir({ "hosts.yml": `all: { hosts: { h: ${vars} } }\n` })), found);
  });
}

t.test("a relative key is relative to the file that names it", async (t) => {
  const dir = t.testdir({
    "hosts.yml": "all: { hosts: h }\n",
    group_vars: { all: { "ssh.yml": "key: ../../keys/id\nknown_hosts: kh\n" } },
  });
  t.match(await varsOf(dir), { key: `${dir}/keys/id`, knownHosts: `${dir}/group_vars/all/kh` });
});

t.test("a password may be a secret, which is not read yet", async (t) => {
  const text = "all: { hosts: { h: { ansible_become_password: !env PW, ansible_password: !env MISSING } } }\n";
  const { password, becomePassword } = await varsOf(t.testdir({ "hosts.yml": text }));
  t.ok(password instanceof Secret);
  t.equal(becomePassword instanceof Secret && becomePassword.reveal(), "pw");
});
