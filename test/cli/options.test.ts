import t from "tap";
import { HELP, parseOptions } from "../../engine/cli/options.ts";

const FINGERPRINT = `SHA256:${"a".repeat(43)}`;

t.test("Ansible's words mean what they mean there", async (t) => {
  const options = parseOptions([
    "-i",
    "a.yml",
    "-i",
    "b.yml",
    "-l",
    "app",
    "-CD",
    "-t",
    "x,y",
    "-e",
    "a=1",
    "-f",
    "5",
    "-vv",
    "--rebuilt",
    "app-1",
    `--rebuilt=app-2=${FINGERPRINT}`,
  ]);
  t.match(options, {
    inventory: ["a.yml", "b.yml"],
    limit: "app",
    check: true,
    diff: true,
    tags: ["x", "y"],
    extraVars: ["a=1"],
    forks: 5,
    verbose: true,
  });
  t.same(
    [...options.rebuilt],
    [
      ["app-1", true],
      ["app-2", FINGERPRINT],
    ],
  );
});

const wrong = [
  {
    args: ["--limt", "x"],
    message: 'found the unknown option --limt, expected one that --help lists; did you mean "--limit"?',
  },
  { args: ["-x"], message: "found the unknown option -x, expected one that --help lists" },
  { args: ["site.yml"], message: 'found the word "site.yml", expected options only (--help lists them)' },
  { args: ["-f", "0"], message: '--forks: found "0", expected a whole number of at least 1' },
  { args: ["--timeout", "ten"], message: '--timeout: found "ten", expected a whole number of at least 1' },
  { args: ["-i"], message: "--inventory: found no value, expected one" },
  { args: ["--rebuilt", "a=MD5:x"], message: /^--rebuilt: found "MD5:x", expected HOST=SHA256:… / },
];

for (const { args, message } of wrong) {
  t.test(`${args.join(" ")} is refused`, async (t) => {
    t.throws(() => parseOptions(args), { message });
  });
}

t.test("--help fits a screen", async (t) => {
  const lines = HELP.split("\n");
  t.ok(lines.length <= 30 && lines.every((line) => line.length <= 120));
});
