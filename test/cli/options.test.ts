import t from "tap";
import { HELP, parseOptions } from "../../engine/cli/options.ts";

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
    "--rebuilt=app-2=SHA256:abc=",
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
      ["app-2", "SHA256:abc="],
    ],
  );
});

const wrong = [
  { args: ["--limt", "x"], message: 'unknown option --limt; did you mean "--limit"? (--help lists all)' },
  { args: ["-x"], message: "unknown option -x (--help lists all)" },
  { args: ["site.yml"], message: /Unexpected argument 'site.yml'/ },
  { args: ["-f", "0"], message: '--forks: found "0", expected a whole number of at least 1' },
  { args: ["--timeout", "ten"], message: '--timeout: found "ten", expected a whole number of at least 1' },
  { args: ["-i"], message: /argument missing/ },
  { args: ["--rebuilt", "a=MD5:x"], message: '--rebuilt: found "MD5:x", expected HOST=SHA256:…' },
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
