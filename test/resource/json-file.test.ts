import { execFileSync } from "node:child_process";
import { mkdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import t, { type Test } from "tap";
import { type JsonFileDesired, jsonFile } from "../../engine/resource/json-file.ts";
import { sh } from "../../engine/shell/sh.ts";
import { apply, converges, plan } from "../support/converges.ts";
import { shells } from "../support/shells.ts";

const asRoot = process.getuid?.() === 0 ? false : "only root may give files to root";
const entries = { driver: "json-file", opts: { size: "10m", "it's $(id)": "é" }, mirrors: ["a"], live: true };

if (!asRoot) {
  converges(t, "json-file makes the file", (dir) => jsonFile({ path: `${dir}/it's new.json`, entries }));
  converges(t, "json-file converges beside others' entries", (dir) => {
    writeFileSync(`${dir}/a.json`, '{"data-root": "/data", "opts": {"labels": "x", "size": "1m"}}');
    writeFileSync(`${dir}/empty.json`, " \n");
    return ["a", "empty"].map((name) =>
      jsonFile({ path: `${dir}/${name}.json`, entries, mode: "0640", owner: "daemon" }),
    );
  });
}

function inEachShell(title: string, run: (t: Test, shell: readonly string[], path: string) => void): void {
  for (const shell of shells)
    t.test(`json-file: ${title} (${shell[0]})`, { skip: asRoot }, async (t) =>
      run(t, shell, `${t.testdir()}/it's.json`),
    );
}

const converge = (shell: readonly string[], desired: JsonFileDesired) => apply(shell, plan(shell, [jsonFile(desired)]));

inEachShell("what others wrote stays, with its owner, mode, order and indent", (t, shell, path) => {
  writeFileSync(path, '{\n    "z": 1,\n    "opts": { "labels": "x", "size": "1m" },\n    "mirrors": ["b", "c"]\n}');
  execFileSync("chown", ["daemon:daemon", path]);
  execFileSync("chmod", ["0600", path]);
  converge(shell, { path, entries: { live: true, opts: { size: "10m" }, mirrors: [] } });
  const wanted = { z: 1, opts: { labels: "x", size: "10m" }, mirrors: [], live: true };
  t.equal(readFileSync(path, "utf8"), `${JSON.stringify(wanted, undefined, 4)}\n`);
  t.same([statSync(path).uid, statSync(path).mode & 0o777], [1, 0o600]);
});

inEachShell("a file that says the same in another spelling is left alone", (t, shell, path) => {
  writeFileSync(path, '{"live":true,\n"opts":{"b":1,"a":2}}');
  t.same(plan(shell, [jsonFile({ path, entries: { opts: { a: 2, b: 1 }, live: true } })]), []);
});

inEachShell("a broken file is refused with its place, and stays", (t, shell, path) => {
  for (const [text, message] of [
    [
      '{\n  "a": 1,\n}\n',
      /it's\.json is no JSON that can be edited: line 3, column 1: expected a name in double quotes/,
    ],
    ["[]", /line 1, column 1: expected an object/],
    ['{"a": 1, "a": 2}', /expected the name "a" once/],
    [Buffer.from([0x22, 0xe9, 0x22]), /holds what is no UTF-8/],
    [`{"a": "${"x".repeat(65_536)}"}`, /more than 65536 bytes/],
  ] as const) {
    writeFileSync(path, text);
    const steps = plan(shell, [jsonFile({ path, entries })]);
    t.match(steps[0]?.refusal, message);
    t.throws(() => apply(shell, steps), message);
    t.same(readFileSync(path), Buffer.from(text));
  }
});

inEachShell("what changed since it was looked at is not overwritten", (t, shell, path) => {
  const other = `${path}.other`;
  const changes: [before: string | undefined, change: () => void][] = [
    ['{"a": 1}', () => writeFileSync(path, '{"a": 2}')],
    ['{"a": 1}', () => execFileSync("ln", ["-sfn", other, path])],
    ['{"a": 1}', () => execFileSync("rm", [path])],
    [undefined, () => writeFileSync(path, '{"a": 2}')],
  ];
  for (const [before, change] of changes) {
    execFileSync("rm", ["-f", path]);
    writeFileSync(other, "{}");
    if (before !== undefined) writeFileSync(path, before);
    const steps = plan(shell, [jsonFile({ path, entries })]);
    change();
    const found = execFileSync("sh", ["-c", 'ls -l "$1"; cat "$1"; :', "sh", path], {
      stdio: ["ignore", "pipe", "ignore"],
    });
    t.throws(() => apply(shell, steps), /was changed while this run went on: run again/);
    const left = execFileSync("sh", ["-c", 'ls -l "$1"; cat "$1"; :', "sh", path], {
      stdio: ["ignore", "pipe", "ignore"],
    });
    t.equal(String(left), String(found));
    t.equal(readFileSync(other, "utf8"), "{}");
  }
});

inEachShell("a folder or a link in the way is refused", (t, shell, path) => {
  mkdirSync(path);
  t.match(plan(shell, [jsonFile({ path, entries })])[0]?.refusal, /a directory is in the way/);
  symlinkSync(path, `${path}.link`);
  const steps = plan(shell, [jsonFile({ path: `${path}.link`, entries })]);
  t.match(steps[0]?.refusal, /a link is in the way/);
  t.throws(() => apply(shell, steps), /is in the way/);
});

inEachShell("what its program refuses does not go live", (t, shell, path) => {
  writeFileSync(path, '{"a": 1}');
  const validate = (staged: ReturnType<typeof sh>) =>
    sh`grep -q '"a": 1' ${staged} && { echo "not this" >&2; exit 1; }`;
  t.throws(() => converge(shell, { path, entries, validate }), /not this/);
  t.equal(readFileSync(path, "utf8"), '{"a": 1}');
});

inEachShell("a mode alone is changed without touching the text", (t, shell, path) => {
  writeFileSync(path, '{"a":1}', { mode: 0o600 });
  converge(shell, { path, entries: { a: 1 }, mode: "0644" });
  t.same([readFileSync(path, "utf8"), statSync(path).mode & 0o777], ['{"a":1}', 0o644]);
});

t.test("json-file reads other text as a failed probe, never as absent", async (t) => {
  const resource = jsonFile({ path: "/tmp/a.json", entries });
  for (const text of ["", "present\n", "absent\ntext x\n", "absent\nmore\n"])
    t.throws(() => resource.kind.diff(text, [resource]), /unexpected/);
});
