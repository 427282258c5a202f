import t from "tap";
import { refusesInputs } from "../support/wrong-input.ts";
import { wrongSite } from "../support/wrong-site.ts";

/** A line of vars of app-1, and the message that it gets. */
const lines = [
  [
    "app_user: Bad User",
    'DIR/hosts.yml:8:17: host app-1: var app_user (role app): found "Bad User", expected the name of a user or a group, such as ubuntu: only letters, digits, _, . and - may be in it, and no - first',
  ],
  [
    'app_user: "-x"',
    'DIR/hosts.yml:8:17: host app-1: var app_user (role app): found "-x", expected the name of a user or a group, such as ubuntu: only letters, digits, _, . and - may be in it, and no - first',
  ],
  [
    "app_group: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
    'DIR/hosts.yml:8:18: host app-1: var app_group (role app): found "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", expected the name of a user or a group, such as ubuntu: this is longer than 32 characters',
  ],
  [
    "app_group: ubuntu:ubuntu",
    'DIR/hosts.yml:8:18: host app-1: var app_group (role app): found "ubuntu:ubuntu", expected the name of a user or a group, such as ubuntu: only letters, digits, _, . and - may be in it, and no - first',
  ],
  [
    "log_first_line: '^(?=[0-9]{4}-)'",
    'DIR/hosts.yml:8:23: host app-1: var log_first_line (role app): found "^(?=[0-9]{4}-)", expected a regular expression that Go reads (RE2): invalid or unsupported Perl syntax: "(?="',
  ],
  [
    "log_first_line: '(?<!x)^[{]'",
    'DIR/hosts.yml:8:23: host app-1: var log_first_line (role app): found "(?<!x)^[{]", expected a regular expression that Go reads (RE2): invalid named capture: "(?<!x)^[{]"',
  ],
  [
    "log_first_line: '^(a)\\1'",
    'DIR/hosts.yml:8:23: host app-1: var log_first_line (role app): found "^(a)\\\\1", expected a regular expression that Go reads (RE2): invalid escape sequence: "\\1"',
  ],
  [
    "log_first_line: '^\\d++'",
    'DIR/hosts.yml:8:23: host app-1: var log_first_line (role app): found "^\\\\d++", expected a regular expression that Go reads (RE2): invalid nested repetition operator: "++"',
  ],
  [
    "log_first_line: '^x{1001}'",
    'DIR/hosts.yml:8:23: host app-1: var log_first_line (role app): found "^x{1001}", expected a regular expression that Go reads (RE2): invalid repeat count: "{1001}"',
  ],
  [
    "log_first_line: '^(unclosed'",
    'DIR/hosts.yml:8:23: host app-1: var log_first_line (role app): found "^(unclosed", expected a regular expression that Go reads (RE2): missing closing ): "^(unclosed"',
  ],
  [
    "log_first_line: '^[unclosed'",
    'DIR/hosts.yml:8:23: host app-1: var log_first_line (role app): found "^[unclosed", expected a regular expression that Go reads (RE2): missing closing ]: "[unclosed"',
  ],
  [
    "log_first_line: '^(?>x)'",
    'DIR/hosts.yml:8:23: host app-1: var log_first_line (role app): found "^(?>x)", expected a regular expression that Go reads (RE2): invalid or unsupported Perl syntax: "(?>"',
  ],
  [
    "log_first_line: '^{{ pattern }}'",
    `DIR/hosts.yml:8:23: var log_first_line: found "^{{ pattern }}", expected plain text: Ansible's templates are not evaluated here`,
  ],
  [
    "app_logs_exclude: '*-[0-9.log'",
    'DIR/hosts.yml:8:25: host app-1: var app_logs_exclude (role app): found "*-[0-9.log", expected a pattern of file names, such as *.log: a [ is not closed, or a backslash stands at the end',
  ],
  [
    "app_logs_exclude: '*.{gz,zip'",
    'DIR/hosts.yml:8:25: host app-1: var app_logs_exclude (role app): found "*.{gz,zip", expected a pattern of file names, such as *.log: a { is not closed',
  ],
  [
    "app_logs_exclude: '*.gz}'",
    'DIR/hosts.yml:8:25: host app-1: var app_logs_exclude (role app): found "*.gz}", expected a pattern of file names, such as *.log: a } has no { before it',
  ],
  [
    "app_logs_exclude: '*[].log'",
    'DIR/hosts.yml:8:25: host app-1: var app_logs_exclude (role app): found "*[].log", expected a pattern of file names, such as *.log: a [ has nothing in it',
  ],
  [
    'app_logs_exclude: "{{ rotated }}"',
    `DIR/hosts.yml:8:25: var app_logs_exclude: found "{{ rotated }}", expected plain text: Ansible's templates are not evaluated here`,
  ],
  [
    "app_logs: '/srv/logs/[ab.log'",
    'DIR/hosts.yml:8:17: host app-1: var app_logs (role app): found "/srv/logs/[ab.log", expected a pattern of file names, such as *.log: a [ is not closed, or a backslash stands at the end',
  ],
  [
    "app_logs: '/srv/logs/*.{log,out}'",
    `DIR/hosts.yml:8:17: host app-1: var app_logs (role app): found "/srv/logs/*.{log,out}", expected text that matches /^(/[A-Za-z0-9._@+-]+)+/[^/{}]+$/ (The application's log files: a folder and one pattern of file names)`,
  ],
  [
    "app_logs: logs/*.log",
    `DIR/hosts.yml:8:17: host app-1: var app_logs (role app): found "logs/*.log", expected text that matches /^(/[A-Za-z0-9._@+-]+)+/[^/{}]+$/ (The application's log files: a folder and one pattern of file names)`,
  ],
  [
    "release_mirror: https://mirror.example.com/",
    'DIR/hosts.yml:8:23: host app-1: var release_mirror (role app): found "https://mirror.example.com/", expected a URL without a slash at its end, such as https://mirror.example.com: this ends in a slash',
  ],
  [
    "release_hosts: [https://files.example.com]",
    'DIR/hosts.yml:8:23: host app-1: var release_hosts[0] (role app): found "https://files.example.com", expected text that matches /^[a-z0-9][a-z0-9.-]*$/ (A host\'s name)',
  ],
  [
    "release_mirror: mirror.example.com",
    'DIR/hosts.yml:8:23: host app-1: var release_mirror (role app): found "mirror.example.com", expected a URL without a slash at its end, such as https://mirror.example.com: this does not begin with http:// or https://',
  ],
  [
    'release_mirror: "https://mirror.example.com/a b"',
    'DIR/hosts.yml:8:23: host app-1: var release_mirror (role app): found "https://mirror.example.com/a b", expected a URL without a slash at its end, such as https://mirror.example.com: this has a space',
  ],
  [
    "release_mirror: https://mirror.example.com?x=1",
    'DIR/hosts.yml:8:23: host app-1: var release_mirror (role app): found "https://mirror.example.com?x=1", expected a URL without a slash at its end, such as https://mirror.example.com: this has a query (?)',
  ],
  [
    "promtail_version: v3.4.1",
    `DIR/hosts.yml:8:25: host app-1: var promtail_version (role app): found "v3.4.1", expected text that matches /^(2[.]9[.][0-9]+|3[.][0-5][.][0-9]+|3[.]6[.]([0-9]|1[01]))$/ (Promtail's version; 3.6.11 is the last that was released, 2.9 the first with structured metadata)`,
  ],
  [
    "alloy_version: '1.8.0'",
    `DIR/hosts.yml:8:22: host app-1: var alloy_version (role app): found "1.8.0", expected text that matches /^(1[.](9|[1-9][0-9])[.][0-9]+|[2-9][.][0-9]+[.][0-9]+)$/ (Alloy's version; its \`validate\` command, which the role uses, came with 1.9)`,
  ],
  [
    "app_metrics_path: '/metrics?format=x'",
    `DIR/hosts.yml:8:25: host app-1: var app_metrics_path (role app): found "/metrics?format=x", expected text that matches /^/[^\\s?#]*$/ (The path of the application's metrics)`,
  ],
  [
    "app_health_path: healthcheck",
    `DIR/hosts.yml:8:24: host app-1: var app_health_path (role app): found "healthcheck", expected text that matches /^(/[^\\s?#]*)?$/ (The path by which the application says that it is well, asked after a restart on the port of its metrics before the next host is restarted. Empty: its unit stays active)`,
  ],
  [
    "app_metrics_path: '/my metrics'",
    `DIR/hosts.yml:8:25: host app-1: var app_metrics_path (role app): found "/my metrics", expected text that matches /^/[^\\s?#]*$/ (The path of the application's metrics)`,
  ],
  [
    "promtail_memory_mb: 99999999",
    "DIR/hosts.yml:8:27: host app-1: var promtail_memory_mb (role app): found 99999999, expected 65536 or less",
  ],
  [
    "node_exporter_port: 8080",
    "DIR/hosts.yml:8:27: host app-1: var node_exporter_port: found that node_exporter_port and app_metrics_port are both 8080, expected two: one host has each port once",
  ],
  [
    "node_exporter_tls: true",
    "DIR/hosts.yml:8:26: host app-1: var node_exporter_tls: found no metrics_password, expected the one that Prometheus asks with",
  ],
  [
    "metrics_password: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
    "DIR/hosts.yml:8:25: host app-1: var metrics_password (role app): found a secret that is none, expected a password of at most 72 bytes, since bcrypt ignores the rest: this is longer",
  ],
  [
    'metrics_password: "{{ vault_metrics_password }}"',
    "DIR/hosts.yml:8:25: host app-1: var metrics_password (role app): found a secret with a template in it, expected plain text: Ansible's templates are not evaluated here",
  ],
  [
    "gateway_password: !env TEMPLATE",
    "DIR/hosts.yml:8:30: host app-1: var gateway_password (role app): found a secret with a template in it, expected plain text: Ansible's templates are not evaluated here",
  ],
  [
    "address: 10.0.0.10/24",
    'DIR/hosts.yml:7:16: host app-1: var address (role app): found "10.0.0.10/24", expected an address or a name, such as 192.0.2.10 or app-1.example.com: this has a prefix length',
  ],
  [
    "address: 10.0.0.1-9",
    'DIR/hosts.yml:7:16: host app-1: var address (role app): found "10.0.0.1-9", expected an address or a name, such as 192.0.2.10 or app-1.example.com: this is a range or a pattern',
  ],
  [
    'address: "web[1:3]"',
    'DIR/hosts.yml:7:16: host app-1: var address (role app): found "web[1:3]", expected an address or a name, such as 192.0.2.10 or app-1.example.com: this is a range or a pattern',
  ],
  [
    'address: "10.0.0.10:9100"',
    'DIR/hosts.yml:7:16: host app-1: var address (role app): found "10.0.0.10:9100", expected an address or a name, such as 192.0.2.10 or app-1.example.com: this has a port',
  ],
  [
    "address: http://10.0.0.10",
    'DIR/hosts.yml:7:16: host app-1: var address (role app): found "http://10.0.0.10", expected an address or a name, such as 192.0.2.10 or app-1.example.com: this is a URL',
  ],
  [
    'address: "10.0.0.10,"',
    'DIR/hosts.yml:7:16: host app-1: var address (role app): found "10.0.0.10,", expected an address or a name, such as 192.0.2.10 or app-1.example.com: this has a comma',
  ],
  [
    "address: app-1.example.com.",
    'DIR/hosts.yml:7:16: host app-1: var address (role app): found "app-1.example.com.", expected an address or a name, such as 192.0.2.10 or app-1.example.com: this ends in a dot',
  ],
  [
    'address: "[2001:db8::1]"',
    'DIR/hosts.yml:7:16: host app-1: var address (role app): found "[2001:db8::1]", expected an address or a name, such as 192.0.2.10 or app-1.example.com: this has brackets',
  ],
  [
    "address: ubuntu@10.0.0.10",
    'DIR/hosts.yml:7:16: host app-1: var address (role app): found "ubuntu@10.0.0.10", expected an address or a name, such as 192.0.2.10 or app-1.example.com: this has a user',
  ],
  ['address: ""', 'DIR/hosts.yml:7:16: host app-1: var address (role app): found "", expected text that is not empty'],
  [
    "address: 10.0.0",
    'DIR/hosts.yml:7:16: host app-1: var address (role app): found "10.0.0", expected an address or a name, such as 192.0.2.10 or app-1.example.com: this is no IPv4 address',
  ],
  [
    'address: "{{ private_ip }}"',
    `DIR/hosts.yml:7:16: var address: found "{{ private_ip }}", expected plain text: Ansible's templates are not evaluated here`,
  ],
  [
    "address: app 1",
    'DIR/hosts.yml:7:16: host app-1: var address (role app): found "app 1", expected an address or a name, such as 192.0.2.10 or app-1.example.com: this has a space',
  ],
  [
    'ansible_become_password: "{{ vault_pw }}"',
    "DIR/hosts.yml:8:32: var ansible_become_password: found a secret, expected plain text: Ansible's templates are not evaluated here",
  ],
  [
    'ansible_port: "{{ ssh_port }}"',
    `DIR/hosts.yml:8:21: var ansible_port: found "{{ ssh_port }}", expected plain text: Ansible's templates are not evaluated here`,
  ],
  [
    "address: localhost",
    'DIR/hosts.yml:7:16: host app-1: var address: found the address localhost, which other hosts cannot reach, expected one that they reach: set its var "address"',
  ],
] as const;

// Each plans with the roles of the product, on as many machines as it takes.
t.setTimeout(5 * 60_000);

await refusesInputs(
  t,
  lines.map(([line, message]) => wrongSite("app-1", line, message)),
);
