import t from "tap";
import { refusesInputs, type WrongInput } from "../support/wrong-input.ts";

function withHost(lines: string): string {
  return `web:\n  hosts:\n    web-1:\n      site_port: 80\n      ${lines}\n`;
}

const ADDRESS = "an address or a name, such as 192.0.2.10 or app-1.example.com";

/** What stands for an address, and why it is none. */
const addresses = [
  ["http://127.0.0.1", "this is a URL"],
  ["127.0.0.1/24", "this has a prefix length"],
  ["2001:db8::/32", "this has a prefix length"],
  ["127.0.0.1/ssh", "this has a path"],
  ["127.0.0.1:22", "this has a port"],
  ["web-1.example.com:2222", "this has a port"],
  ["[2001:db8::1]", "this has brackets"],
  ["[2001:db8::1]:22", "this has brackets"],
  ["127.0.0.1-9", "this is a range or a pattern"],
  ["web[1:3]", "this is a range or a pattern"],
  ["*.example.com", "this is a range or a pattern"],
  ["127.0.0.1 127.0.0.2", "this has a space"],
  ["127.0.0.1,", "this has a comma"],
  ["web-1.example.com.", "this ends in a dot"],
  ["ubuntu@127.0.0.1", "this has a user"],
  ["999.1.1.1", "this is no IPv4 address"],
  ["127.0.0", "this is no IPv4 address"],
  ["127.0.0.01", "this is no IPv4 address"],
  ["2001:db8:::1", "this is no name of a host"],
  ["-oProxyCommand=x", "this is no name of a host"],
  ["web..example.com", "this is no name of a host"],
  ["web$1", "this is no name of a host"],
] as const;

const hosts: readonly WrongInput[] = addresses.map(([value, reason], index) => {
  const name = index % 2 === 0 ? "host" : "ansible_host";
  return {
    name: `the address ${value}`,
    hosts: withHost(`${name}: ${JSON.stringify(value)}`),
    message: `DIR/hosts.yml:5:${9 + name.length}: var ${name}: found ${JSON.stringify(value)}, expected ${ADDRESS}: ${reason}`,
  };
});

const others: readonly WrongInput[] = [
  {
    name: "a name that is no address, where nothing else is given",
    hosts: 'web:\n  hosts:\n    "10.0.0.10/24": { site_port: 80 }\n',
    message: `DIR/hosts.yml:3:5: host "10.0.0.10/24": found its name for an address (var host), expected ${ADDRESS}: this has a prefix length`,
  },
  {
    name: "a name that is no address, where it stands first",
    hosts:
      'web:\n  children: { front: { hosts: { "10.0.0.10/24": } } }\n  hosts:\n    "10.0.0.10/24": { site_port: 80 }\n',
    message: `DIR/hosts.yml:2:33: host "10.0.0.10/24": found its name for an address (var host), expected ${ADDRESS}: this has a prefix length`,
  },
  {
    name: "a name that is no address, on the command line",
    playbook: "const playbook = [{ hosts: 'all', roles: [role] }];",
    args: ["-i", "10.0.0.10/24,", "-e", "site_port=80"],
    message: `-i 10.0.0.10/24,: host "10.0.0.10/24": found its name for an address (var host), expected ${ADDRESS}: this has a prefix length`,
  },
  {
    name: "an empty address",
    hosts: withHost('host: ""'),
    message: 'DIR/hosts.yml:5:13: var host: found "", expected text',
  },
  {
    name: "a user that would be an option",
    hosts: withHost("user: -oProxyCommand=x"),
    message: 'DIR/hosts.yml:5:13: var user: found "-oProxyCommand=x", expected the name of a user, such as ubuntu',
  },
  {
    name: "a user of two words",
    hosts: withHost("ansible_user: web admin"),
    message: 'DIR/hosts.yml:5:21: var ansible_user: found "web admin", expected the name of a user, such as ubuntu',
  },
  {
    name: "a template for a password, with what stands beside it",
    hosts: withHost('ansible_password: "s3cret{{ suffix }}"'),
    message:
      "DIR/hosts.yml:5:25: var ansible_password: found a secret, expected plain text: Ansible's templates are not evaluated here",
  },
  {
    name: "a template for a port",
    hosts: withHost('ansible_port: "{{ ssh_port }}"'),
    message:
      'DIR/hosts.yml:5:21: var ansible_port: found "{{ ssh_port }}", expected plain text: Ansible\'s templates are not evaluated here',
  },
  {
    name: "a template within a list",
    hosts: withHost('words: [one, "{{ two }}"]'),
    message:
      'DIR/hosts.yml:5:20: var words[1]: found "{{ two }}", expected plain text: Ansible\'s templates are not evaluated here',
  },
  {
    name: "a statement of a template",
    hosts: withHost('words: ["{% if x %}one{% endif %}"]'),
    message:
      'DIR/hosts.yml:5:15: var words[0]: found "{% if x %}one{% endif %}", expected plain text: Ansible\'s templates are not evaluated here',
  },
  {
    name: "a template for a number",
    hosts: 'web:\n  vars: { site_port: "{{ port }}" }\n  hosts: { web-1: , web-2: }\n',
    message:
      'DIR/hosts.yml:2:22: var site_port: found "{{ port }}", expected plain text: Ansible\'s templates are not evaluated here',
  },
  {
    name: "a template in a secret that can be read",
    hosts: withHost("password: !env WEB_PASSWORD"),
    env: { WEB_PASSWORD: "{{ vault_web_password }}" },
    message:
      "DIR/hosts.yml:5:22: host web-1: var password (role site): found a secret with a template in it, expected plain text: Ansible's templates are not evaluated here",
  },
  {
    name: "a template by -e",
    more: ["-e", "words=['{{ x }}']"],
    message: '-e:1:8: var words[0]: found "{{ x }}", expected plain text: Ansible\'s templates are not evaluated here',
  },
];

await refusesInputs(t, [...hosts, ...others]);
