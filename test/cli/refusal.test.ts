import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { DOMParser } from "@xmldom/xmldom";
import t, { type Test } from "tap";
import { failureLine } from "../../engine/report/terminal.ts";
import { notValid } from "../support/events-schema.ts";
import { type Ended, runFile } from "../support/program.ts";

const PLAYBOOK = `
import { defineRole, file, integer, runPlaybook } from "${resolve("engine/index.ts")}";
const resources = ({ site_port }) => {
  const one = file({ path: "/nowhere", content: "x" });
  return site_port === 81 ? [one, file({ path: "/nowhere", content: "y" })] : [one];
};
const role = defineRole({ name: "site", vars: { site_port: integer("p", { maximum: 90 }), words: integer("w") }, resources });
await runPlaybook([{ hosts: "web", roles: [role] }], import.meta.url);
`;

const fine = "web: { hosts: { web-1: { site_port: 80, words: 1 } } }\n";

/** Runs the playbook for an inventory with this text, asked for events and a JUnit file. */
async function refused(
  t: Test,
  hosts: string,
  ...args: readonly string[]
): Promise<Ended & { readonly junit: string }> {
  const dir = t.testdir({ "play.mts": PLAYBOOK, "hosts.yml": hosts, "report.xml": "of an earlier run" });
  const junit = `${dir}/report.xml`;
  const ended = await runFile(`${dir}/play.mts`, ["-i", `${dir}/hosts.yml`, "--json", "--junit", junit, ...args]);
  const plain = (text: string): string => text.replaceAll(dir.slice(process.cwd().length + 1), "DIR");
  return {
    ...ended,
    stdout: plain(ended.stdout),
    stderr: plain(ended.stderr),
    junit: plain(readFileSync(junit, "utf8")),
  };
}

const cases = [
  {
    name: "two vars that are wrong",
    hosts: "web: { hosts: { web-1: { site_port: 99, words: x } } }\n",
    failures: [
      {
        message: "host web-1: var site_port (role site)",
        found: "99",
        expected: "90 or less",
        place: { file: "DIR/hosts.yml", line: 1, column: 37 },
      },
      {
        message: "host web-1: var words (role site)",
        found: '"x"',
        expected: "a whole number",
        place: { file: "DIR/hosts.yml", line: 1, column: 48 },
      },
    ],
  },
  {
    name: "a var that no role reads",
    hosts: "web: { hosts: { web-1: { site_port: 80, words: 1, wrods: 2 } } }\n",
    failures: [
      {
        message: "the inventory cannot be used",
        found: 'the var "wrods"',
        expected: "one that a role of this playbook reads",
        hint: 'did you mean "words"?',
        place: { file: "DIR/hosts.yml", line: 1, column: 51 },
      },
    ],
  },
  {
    name: "an inventory that is no YAML",
    hosts: "web: [\n",
    failures: [
      {
        message: "the inventory cannot be used",
        found: /^broken YAML/,
        expected: "YAML",
        place: { file: "DIR/hosts.yml", line: Number },
      },
    ],
  },
  {
    name: "an empty inventory",
    hosts: "",
    failures: [{ found: "an empty file", expected: 'groups, such as "all:"', place: { file: "DIR/hosts.yml" } }],
  },
  {
    name: "a role that asks for two files of one path",
    hosts: fine.replace("80", "81"),
    failures: [
      {
        message: "the playbook cannot be followed",
        found: /^file \/nowhere a second time/,
        expected: "it once",
        host: "web-1",
        place: { file: "DIR/play.mts", line: 5 },
      },
    ],
  },
  {
    name: "an option that does not exist",
    hosts: fine,
    args: ["--chekc"],
    failures: [
      { found: "the unknown option --chekc", expected: "one that --help lists", hint: 'did you mean "--check"?' },
    ],
  },
];

for (const { name, hosts, args = [], failures } of cases) {
  t.test(`${name}: text on stderr, one event of the same shape on stdout, and the JUnit file says it`, async (t) => {
    const { code, stdout, stderr, junit } = await refused(t, hosts, ...args);
    t.equal(code, 1);
    const lines = stdout.trimEnd().split("\n");
    t.equal(lines.length, 1);
    const event = JSON.parse(lines[0] ?? "");
    t.same(notValid([event]), []);
    t.match(event, { kind: "refused", version: 2, failures: failures.map((one) => ({ kind: "refused", ...one })) });
    t.equal(event.failures.length, failures.length);
    t.equal(stderr.trimEnd().split("\n").length, failures.length);
    const errors = [...new DOMParser().parseFromString(junit, "text/xml").getElementsByTagName("error")];
    t.same(
      errors.map((error) => error.getAttribute("message")),
      event.failures.map(failureLine),
    );
    const files = failures.flatMap((one) => ("place" in one ? [`file="${one.place.file}"`] : []));
    t.same(junit.match(/file="[^"]*"/g) ?? [], files);
  });
}
