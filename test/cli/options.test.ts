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
  {
    args: ["--timeout", "ten"],
    message: '--timeout: found "ten", expected a time of at least 1 s, such as 90, 90s or 5m',
  },
  {
    args: ["--lock-wait", "5d"],
    message: '--lock-wait: found "5d", expected a time of at least 0 s, such as 90, 90s or 5m',
  },
  { args: ["--reconnect", "-1s"], message: "--reconnect: found no value, expected one" },
  {
    args: ["-l", "a", "--limit", "b"],
    message: '--limit: found "a" and "b", expected one value: several are written with a comma, --limit a,b',
  },
  { args: ["-u", "a", "-u", "b"], message: '--user: found "a" and "b", expected one value' },
  { args: ["-f", "1", "--forks=2"], message: '--forks: found "1" and "2", expected one value' },
  { args: ["--junit", "a", "--junit", "b"], message: '--junit: found "a" and "b", expected one value' },
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

t.test("an option that is given the same value twice has it", async (t) => {
  t.match(parseOptions(["-l", "a", "-l", "a", "-v", "-v", "-C", "-C"]), { limit: "a", verbose: true, check: true });
});

t.test("--limit @FILE is the patterns in it, one a line", async (t) => {
  const dir = t.testdir({ "site.retry": "app-1\r\n\n# down since Monday\n  app-2  \ndb:!db-3\nweb[1:3]" });
  t.equal(parseOptions(["-l", `@${dir}/site.retry`]).limit, "app-1,app-2,db,!db-3,web[1:3]");
  t.equal(parseOptions(["-l", `lone, @${dir}/site.retry`]).limit, "lone,app-1,app-2,db,!db-3,web[1:3]");
  t.equal(parseOptions(["-l", "app:!a@b"]).limit, "app:!a@b");
});
