import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import t from "tap";
import { envFile, spellings } from "../../engine/resource/env-file.ts";
import { apply, plan } from "../support/converges.ts";
import { composeReading, type Reading, shellReading, systemdReading } from "../support/env-readers.ts";
import { shells } from "../support/shells.ts";

/** Lines of real files and worse, of which any may follow any. */
const LINES = [
  ...[
    "A=1",
    "",
    "# it's",
    "; don't",
    "# note \\",
    "KEYS=1",
    "MY_KEY=2",
    'G="x" # don\'t',
    "E=it's",
    'H=a"b',
    "I='a' 'b",
  ],
  ...["export B='x", "y'", "KEY=in'", 'C="a', "KEY=in", 'b\\"', 'c"', "D=x \\", "  -more \\", "F=a\\", "\\", "'", '"'],
  ...[
    "KEY=old",
    "export KEY=old",
    "  KEY = old",
    "KEY='old'",
    'KEY="o',
    "KEY=a b",
    "KEY=old\\",
    "KEY=new",
    "KEY=",
    "KEY=o#d",
  ],
];
const FILES = 60;

for (const shell of shells) {
  t.test(`env-file in ${shell[0]}: every reader finds the entry, and all else as it was`, async (t) => {
    const dir = mkdtempSync(join(tmpdir(), "env-readers-"));
    t.teardown(() => rmSync(dir, { recursive: true, force: true }));
    const random = generator(shells.indexOf(shell) + 1);
    const files = Array.from({ length: FILES }, (_, index) => {
      const path = `${dir}/${index}`;
      writeFileSync(path, content(random));
      return { path, text: readFileSync(path, "utf8"), before: readings(path) };
    });
    const steps = plan(
      shell,
      files.map(({ path }) => envFile({ path, entries: { KEY: "new" } })),
    );
    const refused = new Set(steps.filter(({ refusal }) => refusal).map(({ resource }) => resource.id));
    apply(
      shell,
      steps.filter(({ refusal }) => !refusal),
    );
    const wrong = files.flatMap(({ path, text, before }): readonly object[] => {
      const after = readFileSync(path, "utf8");
      if (refused.has(path)) return after === text ? [] : [{ text, after, refused: true }];
      const exported = after.split("\n").some((line) => /^\s*export KEY=new$/.test(line));
      const found = [...readings(path)].filter(([reader, reading]) =>
        // Shells do not agree on a backslash with nothing behind it.
        reader === "sh" && text.endsWith("\\")
          ? false
          : differs(before.get(reader), reading, exported && reader.startsWith("systemd")),
      );
      return found.map(([reader, reading]) => ({ reader, text, after, was: before.get(reader), is: reading }));
    });
    t.same(wrong.slice(0, 3), []);
    t.ok(refused.size < FILES / 2, `${refused.size} of ${FILES} are refused`);
    const again = plan(
      shell,
      files.filter(({ path }) => !refused.has(path)).map(({ path }) => envFile({ path, entries: { KEY: "new" } })),
    );
    t.same(
      again.map(({ resource }) => readFileSync(resource.id, "utf8")),
      [],
      "a second run changes nothing",
    );
  });
}

t.test("env-file: every spelling of a value is that value to every reader, or the value is refused", async (t) => {
  const dir = t.testdir();
  const random = generator(7);
  const characters = [..."ab \t'\"\\$`#=!~%&;()é✓*{}<>|?@-\u0085"];
  let refused = 0;
  const lines: string[] = [];
  const values: string[] = [];
  for (let n = 0; n < 2000; n++) {
    const value = Array.from({ length: random(8) }, () => characters[random(characters.length)]).join("");
    const all = attempt(() => spellings("KEY", value));
    if (!all) refused++;
    for (const spelling of all ?? []) {
      values.push(value);
      lines.push(`KEY=${spelling}`);
    }
  }
  for (const [index, line] of lines.entries()) {
    const found = [systemdReading(`${line}\n`), systemdReading(`${line}\n`, "old"), composeReading(`${line}\n`)];
    const bad = found.filter((reading) => reading?.get("KEY") !== values[index]);
    if (bad.length > 0) t.fail(`${line} is not ${JSON.stringify(values[index])} to all`);
  }
  writeFileSync(`${dir}/all`, lines.map((line) => `${line}\nprintf '%s\\0' "$KEY"\n`).join(""));
  for (const shell of shells) {
    const { stdout } = run(shell, `${dir}/all`);
    t.same(stdout.split("\0").slice(0, -1), values, shell[0]);
  }
  t.ok(refused > 0 && refused < 1000, `${refused} of 2000 are refused`);
});

function differs(before: Reading, after: Reading, keyIsAnothers: boolean): boolean {
  if (!before) return false;
  if (!after || (!keyIsAnothers && after.get("KEY") !== "new")) return true;
  const others = (reading: Reading & {}) => JSON.stringify([...reading].filter(([key]) => key !== "KEY").sort());
  return others(before) !== others(after);
}

function readings(path: string): ReadonlyMap<string, Reading> {
  const text = readFileSync(path, "utf8");
  return new Map([
    ["sh", shellReading(shells[0] ?? ["sh"], path)],
    ["systemd", systemdReading(text)],
    ["systemd before 254", systemdReading(text, "old")],
    ["compose", composeReading(text)],
  ]);
}

function content(random: (below: number) => number): string {
  const lines = Array.from({ length: 1 + random(6) }, () => LINES[random(LINES.length)] ?? "");
  const end = random(5) === 0 ? "\r\n" : "\n";
  return lines.join(end) + (random(4) === 0 ? "" : end);
}

/** Numbers below a limit that are the same in every run. */
function generator(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

function attempt<T>(make: () => T): T | undefined {
  try {
    return make();
  } catch {
    return undefined;
  }
}

function run([command = "sh", ...args]: readonly string[], path: string) {
  return spawnSync(command, [...args, path], { encoding: "utf8", maxBuffer: 1 << 26 });
}
