import t from "tap";
import { acceptsInput, refusesInputs, type WrongInput } from "../support/wrong-input.ts";

/** A playbook whose role makes these resources. */
function making(resources: string): string {
  return `const playbook = [{ hosts: "web", roles: [roleOf((v, facts) => ${resources})] }];`;
}

const commandLines: readonly WrongInput[] = [
  {
    name: "an unknown flag",
    more: ["--limt", "web"],
    message: 'found the unknown option --limt, expected one that --help lists; did you mean "--limit"?',
  },
  { name: "a flag without its value", more: ["--limit"], message: "--limit: found no value, expected one" },
  {
    name: "a flag whose value looks like a flag",
    more: ["--limit", "--check"],
    message: '--limit: found no value, expected one; one that begins with "-" is written --limit=VALUE',
  },
  {
    name: "a value for a flag that takes none",
    more: ["--check=yes"],
    message: "--check: found a value, expected none",
  },
  {
    name: "a word that is no flag",
    more: ["web-1"],
    message: 'found the word "web-1", expected options only (--help lists them)',
  },
  {
    name: "a number that is none",
    more: ["--forks", "many"],
    message: '--forks: found "many", expected a whole number of at least 1',
  },
  {
    name: "a number that is too small",
    more: ["--timeout", "0"],
    message: '--timeout: found "0", expected a time of at least 1 s, such as 90, 90s or 5m',
  },
  {
    name: "a pattern that names nothing",
    more: ["--limit", "wbe"],
    message: 'found "wbe", expected a host or group of DIR/hosts.yml; did you mean "web"?',
  },
  {
    name: "a pattern that matches no host",
    more: ["--limit", "db*"],
    message: "found no host for any play of DIR/site.mts (web) within --limit db*, expected one in DIR/hosts.yml",
  },
  {
    name: "a pattern with a broken regular expression",
    more: ["--limit", "~web("],
    message: 'found the pattern "~web(", expected a regular expression after ~',
  },
  {
    name: "a pattern with an index that no host has",
    more: ["--limit", "web[3]"],
    message: 'found the pattern "web[3]", expected an index within the 1 host of "web"',
  },
  { name: "an empty pattern", more: ["--limit", ""], message: 'found the empty pattern "", expected hosts or groups' },
  {
    name: "a tag that nothing has",
    more: ["--tags", "sit"],
    message: '--tags: found "sit", expected a tag of these plays\' resources; did you mean "site"?',
  },
  {
    name: "-e without an equals sign",
    more: ["-e", "site_port"],
    message: '-e:1:1: found "site_port", expected key=value',
  },
  {
    name: "-e with broken JSON",
    more: ["-e", '{"site_port": '],
    message: "-e:1:15: found broken YAML (Flow map must end with a }), expected YAML",
  },
  { name: "-e with a list", more: ["-e", "[1]"], message: "-e:1:1: found a list, expected a mapping of vars" },
  {
    name: "-e of a file that is not there",
    more: ["-e", "@DIR/vars.yml"],
    message: "-e: found no such file (DIR/vars.yml), expected a file of vars after @",
  },
  {
    name: "-e with a quote that does not end",
    more: ["-e", "site_port='80"],
    message: '-e: found a quote without its end in "site_port=\'80", expected it closed',
  },
  {
    name: "-e that makes a var wrong",
    more: ["-e", "site_port=eighty"],
    message: '-e:1:1: host web-1: var site_port (role site): found "eighty", expected a whole number',
  },
  {
    name: "-e of a mistyped var",
    more: ["-e", "{site_prot: 80}"],
    message:
      '-e:1:2: found the var "site_prot", expected one that a role of this playbook reads; did you mean "site_port"?',
  },
  {
    name: "--rebuilt of a host that is not there",
    more: ["--rebuilt", "web-2"],
    message: '--rebuilt: found "web-2", expected a host of DIR/hosts.yml; did you mean "web-1"?',
  },
  {
    name: "--rebuilt with what is no fingerprint",
    more: ["--rebuilt", "web-1=SHA256:short"],
    message: '--rebuilt: found "SHA256:short", expected HOST=SHA256:… as `ssh-keygen -l` prints it',
  },
  {
    name: "--junit below a file",
    more: ["--junit", "DIR/hosts.yml/junit.xml"],
    message:
      "--junit: found DIR/hosts.yml/junit.xml (EEXIST: file already exists), expected a file that can be written",
  },
  {
    name: "a password that nobody can be asked for",
    more: ["-K"],
    message: "BECOME password: found no terminal on stdin, expected one to ask at",
  },
];

const playbooks: readonly WrongInput[] = [
  {
    name: "a play for hosts that are not there",
    playbook: 'const playbook = [{ hosts: "app", roles: [role] }];',
    message: "found no host for any play of DIR/site.mts (app), expected one in DIR/hosts.yml",
  },
  {
    name: "a handler that the role does not have",
    playbook: making('[file({ path: "/x", content: "" }, { notify: ["restart"] })]'),
    message: 'DIR/site.mts:10: notify: found "restart", expected a handler of role site (host web-1)',
  },
  {
    name: "two resources with one id",
    playbook: making('[file({ path: "/x", content: "" }), file({ path: "/x", content: "y" })]'),
    message: "DIR/site.mts:10: found file /x a second time (first at DIR/site.mts:10), expected it once (host web-1)",
  },
  {
    name: "a mode that is none",
    playbook: making('[file({ path: "/x", content: "", mode: "755" })]'),
    message: 'DIR/site.mts:10: found the mode "755", expected four octal digits, as in "0644" (host web-1)',
  },
  {
    name: "a relative path",
    playbook: making('[file({ path: "x", content: "" })]'),
    message: 'DIR/site.mts:10: found the path "x", expected an absolute one on one line (host web-1)',
  },
  {
    name: "a command without a guard",
    playbook: making('[command({ name: "x", run: sh`true` })]'),
    message:
      'DIR/site.mts:10: command "x": found no guard, expected creates, unless or onlyIf; what has none is a handler (host web-1)',
  },
  {
    name: "a role that throws",
    textOnly: "an Error of a role's own is one text",
    playbook: making('{ throw new Error("found two web servers, expected one"); }'),
    message: "DIR/site.mts:10: found two web servers, expected one (host web-1)",
  },
  {
    name: "onHost of a host that is not there",
    playbook: making('onHost("web-2", [file({ path: "/x", content: "" })])'),
    message:
      'DIR/site.mts:10: onHost: found "web-2", expected a host of DIR/hosts.yml; did you mean "web-1"? (host web-1)',
  },
  {
    name: "a template that is not there",
    playbook: making('[file({ path: "/x", content: template("site/no.hbs", {}) })]'),
    message: "DIR/site/no.hbs: found no such file, expected the template (host web-1)",
  },
  {
    name: "a template that is none",
    files: { "t.yml.hbs": "x\n{{#if}\n" },
    playbook: making('[file({ path: "/x", content: template("t.yml.hbs", { port: 1 }) })]'),
    message: "DIR/t.yml.hbs:2: found broken Handlebars (unexpected INVALID), expected a template (host web-1)",
  },
  {
    name: "a template with an unknown format",
    files: { "t.yml.hbs": "port: {{ymal port}}\n" },
    playbook: making('[file({ path: "/x", content: template("t.yml.hbs", { port: 1 }) })]'),
    message:
      "DIR/t.yml.hbs:1:7: found {{ymal}}, expected a format: {{json …}}, {{yaml …}}, {{go …}}, {{systemd …}}, {{env …}} (host web-1)",
  },
  {
    name: "a template with a value that the role does not give",
    files: { "t.yml.hbs": "port: {{yaml prot}}\n" },
    playbook: making('[file({ path: "/x", content: template("t.yml.hbs", { port: 1 }) })]'),
    message: "DIR/t.yml.hbs:1:7: found {{yaml prot}}, expected a value that the role gives (host web-1)",
  },
  {
    name: "a template that renders to broken YAML",
    files: { "t.yml.hbs": "ports: [{{yaml port}}\n" },
    playbook: making('[file({ path: "/x", content: template("t.yml.hbs", { port: 1 }) })]'),
    message:
      "DIR/t.yml.hbs: found a result that cannot be read (Flow sequence in block collection must be sufficiently indented and end with a ]), expected YAML (host web-1)",
  },
  {
    name: "a release lock that is not JSON",
    files: { "releases.lock.json": "sha256: 1\n" },
    message: 'DIR/releases.lock.json: found what is not JSON, expected {"FILE": {"sha256": "…", "source": "…"}}',
  },
  {
    name: "a release lock that is a list",
    files: { "releases.lock.json": "[]\n" },
    message: 'DIR/releases.lock.json: found no mapping, expected {"FILE": {"sha256": "…", "source": "…"}}',
  },
  {
    name: "a release lock with an entry without a source",
    files: { "releases.lock.json": '{"a.zip": {"sha256": "0"}}\n' },
    message:
      'DIR/releases.lock.json: found the entry "a.zip" without a source, expected {"FILE": {"sha256": "…", "source": "…"}}',
  },
];

await refusesInputs(t, [...commandLines, ...playbooks]);

t.test("an input without a mistake opens a connection", acceptsInput);
