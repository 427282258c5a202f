import { execFileSync } from "node:child_process";
import { chmodSync, readdirSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import t from "tap";
import { type EnvFileDesired, envFile, spellings } from "../../engine/resource/env-file.ts";
import { MASK, Secret } from "../../engine/shell/secret.ts";
import { apply, converges, plan } from "../support/converges.ts";
import { runSections, shells } from "../support/shells.ts";

const values = [
  "",
  "plain",
  "a b",
  "it's",
  'say "hi"',
  "$(id) `id` $HOME",
  "-n",
  "é ✓ \u2041",
  "back\\slash\\",
  "a#b",
  " # ",
  "%s=%d&",
  "\t",
];

converges(t, "env-file converges on hostile values, in new files and in old ones", (dir) =>
  values.flatMap((value, index) => {
    const entries = { KEY: value, OTHER: new Secret(value, "test") };
    writeFileSync(`${dir}/${index}`, "# kept\nKEY=other\n");
    return [envFile({ path: `${dir}/${index}`, entries }), envFile({ path: `${dir}/${index}.new`, entries })];
  }),
);

converges(t, "env-file converges on paths with hostile names, and a mode and owner of their own", (dir) =>
  ["it's $HOME", "-n", "é", "$(id)", "a=b", "back\\slash", "[x]*"].map((name) =>
    envFile({ path: `${dir}/${name}`, entries: { KEY: "x" }, mode: "0640", owner: "daemon" }),
  ),
);

converges(t, "env-file converges on a new file without entries", (dir) => envFile({ path: `${dir}/f`, entries: {} }));

converges(t, "env-file converges on words among others' and on keys to be gone", (dir) => {
  const texts = ["A=1\n", "OPTS=-x\nTOKEN='Basic ab'\nTOKEN=theirs\n", 'export OPTS="-x"\n'];
  return texts.flatMap((text, index) => {
    writeFileSync(`${dir}/${index}`, text);
    return [
      envFile({ path: `${dir}/${index}`, entries: {}, words: { NEW: { word: "-n", state: "present" } } }),
      envFile({
        path: `${dir}/./${index}`,
        entries: { B: "2" },
        words: { OPTS: { word: "-x", state: "absent" } },
        absent: { TOKEN: "Basic a*" },
      }),
    ];
  });
});

const edits: readonly {
  name: string;
  before: string;
  after: string;
  entries?: EnvFileDesired["entries"];
  words?: EnvFileDesired["words"];
  absent?: EnvFileDesired["absent"];
}[] = [
  { name: "a key is replaced where it stands", before: "A=1\nKEY=old\nB=2\n", after: "A=1\nKEY=new\nB=2\n" },
  { name: "a missing key comes last", before: "A=1\n", after: "A=1\nKEY=new\n" },
  { name: "a missing final newline is added before a new key", before: "A=1", after: "A=1\nKEY=new\n" },
  { name: "a missing final newline stays missing otherwise", before: "KEY=old\nA=1", after: "KEY=new\nA=1" },
  { name: "a last x is not taken for a newline", before: "KEY=old\nA=x", after: "KEY=new\nA=x" },
  { name: "export and indentation are kept", before: "  export KEY=old\n", after: "  export KEY=new\n" },
  { name: "blanks around = are understood", before: "KEY = old\n", after: "KEY=new\n" },
  {
    name: "comments, blank lines and odd quoting stay",
    before: "\n# KEY=no\n\nA='x'  \n'\n\\\n",
    after: "\n# KEY=no\n\nA='x'  \n'\n\\\nKEY=new\n",
  },
  {
    name: "longer and shorter names are other keys",
    before: "KEYS=1\nMY_KEY=2\nKE=3\n",
    after: "KEYS=1\nMY_KEY=2\nKE=3\nKEY=new\n",
  },
  {
    name: "of several lines of a key the last is kept",
    before: "KEY=1\nA=1\nexport KEY=2\nB=2\n",
    after: "A=1\nexport KEY=new\nB=2\n",
  },
  {
    name: "a line of ours ends in LF, since a shell takes CR for a part of the value; others keep their CR",
    before: "A=1\r\nKEY=old\r\nB=2\r\n",
    after: "A=1\r\nKEY=new\nB=2\r\n",
  },
  { name: "a last line without an end gets no CR", before: "A=1\r\nB=2", after: "A=1\r\nB=2\nKEY=new\n" },
  {
    name: "what stands in the value of another key is left there",
    before: "INIT='set -e\nexport KEY=old\nrun'\nB=2\n",
    after: "INIT='set -e\nexport KEY=old\nrun'\nB=2\nKEY=new\n",
  },
  {
    name: "a value that a backslash takes over to the next line is ended first",
    before: "OPTS=-a \\\n  -b \\\n",
    after: "OPTS=-a \\\n  -b \\\n\nKEY=new\n",
  },
  {
    name: "a comment that systemd before 254 takes over to the next line is ended first",
    before: "# note \\\nKEY=old\nA=1\n# note \\",
    after: "# note \\\nKEY=old\nA=1\n# note \\\n\nKEY=new\n",
  },
  {
    name: "quotes of a word that only shells see do not matter where no shell can read the file",
    before: "NAME=it's\nKEY=old\n",
    after: "NAME=it's\nKEY=new\n",
  },
  {
    name: "a backquote is written in single quotes",
    before: "KEY=\n",
    after: "KEY='a`b'\n",
    entries: { KEY: "a`b" },
  },
  { name: "bytes that are no UTF-8 stay", before: "A=\u0081\u0088ÿ\nKEY=old\n", after: "A=\u0081\u0088ÿ\nKEY=new\n" },
  { name: "an empty file gets its first line", before: "", after: "KEY=new\n" },
  {
    name: "several keys come in the order given",
    before: "B=0\n",
    after: 'B=1\nC="a b"\n',
    entries: { C: "a b", B: "1" },
  },
  {
    name: "an ampersand and a backslash are themselves",
    before: "KEY=\n",
    after: 'KEY="a&\\\\1"\n',
    entries: { KEY: "a&\\1" },
  },
  {
    name: "a word is an entry of its own where there is none",
    before: "A=1\n",
    after: "A=1\nOPTS=-x\n",
    entries: {},
    words: { OPTS: { word: "-x", state: "present" } },
  },
  {
    name: "a word among others stays among them",
    before: "OPTS='-a  -x -b'\nA=1\n",
    after: "OPTS='-a  -x -b'\nA=1\nKEY=new\n",
    words: { OPTS: { word: "-x", state: "present" } },
  },
  {
    name: "a word goes with its entry; others' entries of that name stay",
    before: 'OPTS="-a -xy"\nexport OPTS="-x"\nA=1\n',
    after: 'OPTS="-a -xy"\nA=1\n',
    entries: {},
    words: { OPTS: { word: "-x", state: "absent" } },
  },
  {
    name: "an entry is gone where its value begins as told, however it is spelled, and stays with another",
    before: "T1=\"Basic abcd\"\nT1='Basic ab'\nexport T1=Basic\nT2=/a/b\nT3=/a/b\nB=1",
    after: "export T1=Basic\nT3=/a/b\nB=1",
    entries: {},
    absent: { T1: "Basic ab*", T2: "/a/b", T3: "/a" },
  },
  {
    name: "what only looks like an entry, inside another's quotes, is not taken out",
    before: "INIT='x\nT=1\n'\nT=1\n",
    after: "INIT='x\nT=1\n'\n",
    entries: {},
    absent: { T: "1" },
  },
];

for (const shell of shells) {
  t.test(`env-file in ${shell[0]}`, async (t) => {
    const path = `${t.testdir()}/.env`;
    const plans = (entries: EnvFileDesired["entries"]) => plan(shell, [envFile({ path, entries })]);

    t.test("an edit changes its own lines and no other byte", async (t) => {
      const dir = t.testdir();
      const resources = edits.map(({ name, before, after: _, entries = { KEY: "new" }, ...more }) => {
        writeFileSync(`${dir}/${name}`, before, "latin1");
        return envFile({ path: `${dir}/${name}`, entries, ...more });
      });
      apply(shell, plan(shell, resources));
      for (const { name, after } of edits) t.equal(readFileSync(`${dir}/${name}`, "latin1"), after, name);
      t.same(plan(shell, resources), []);
    });

    t.test("any spelling of the wanted value is left alone", async (t) => {
      for (const line of ["KEY=x", 'KEY="x"', "KEY='x'", " export KEY=x \t", "KEY=1\nKEY=x"]) {
        writeFileSync(path, `${line}\n`);
        t.same(plans({ KEY: "x" }), [], line);
      }
    });

    t.test("what not every reader takes for the wanted value is written anew", async (t) => {
      for (const line of ["KEY=x\r", "KEY = x", "KEY= x", "A=b\\\nKEY=x"]) {
        writeFileSync(path, `${line}\n`);
        t.not(plans({ KEY: "x" }).length, 0, JSON.stringify(line));
        apply(shell, plans({ KEY: "x" }));
        t.same(plans({ KEY: "x" }), []);
      }
    });

    t.test("a file with a secret is closed to others, a new one to the group too", async (t) => {
      const entries = { KEY: new Secret("x", "test") };
      writeFileSync(path, "A=1\n");
      chmodSync(path, 0o664);
      t.match(plans(entries)[0]?.changes, [{ field: "KEY" }, { field: "mode", before: "0664", after: "0660" }]);
      apply(shell, plans(entries));
      t.equal(statSync(path).mode & 0o7777, 0o660);
      chmodSync(path, 0o664);
      apply(shell, plans(entries));
      t.equal(statSync(path).mode & 0o7777, 0o660, "also where the content is right");
      rmSync(path);
      apply(shell, plans(entries));
      t.equal(statSync(path).mode & 0o7777, 0o600);
    });

    t.test("mode and owner of an existing file stay unless they are asked for", async (t) => {
      writeFileSync(path, "A=1\n");
      execFileSync("chown", ["daemon:daemon", path]);
      chmodSync(path, 0o640);
      apply(shell, plans({ KEY: "x" }));
      const { mode, uid } = statSync(path);
      t.same([mode & 0o7777, uid], [0o640, 1]);
      const steps = plan(shell, [envFile({ path, entries: { KEY: "x" }, mode: "0600" })]);
      t.same(steps[0]?.changes, [{ field: "mode", before: "0640", after: "0600" }]);
      const { ino } = statSync(path);
      apply(shell, steps);
      t.same([statSync(path).mode & 0o7777, statSync(path).ino], [0o600, ino]);
    });

    t.test("a plain value is shown, a secret one is not, one that is not ours never leaves the host", async (t) => {
      writeFileSync(path, "THEIRS=hush1\nKEY='old one'\nTOKEN=hush2\n");
      const resource = envFile({ path, entries: { KEY: "new", TOKEN: new Secret("hush3", "test"), MORE: "1" } });
      t.same(plan(shell, [resource])[0]?.changes, [
        { field: "KEY", before: "'old one'", after: "new" },
        { field: "TOKEN", before: MASK, after: MASK },
        { field: "MORE", before: undefined, after: "1" },
      ]);
      const [section] = runSections(shell, [resource.kind.probe([resource])]);
      const sent = `${section?.stdout}${Buffer.from(section?.stdout.split(" ").at(-1) ?? "", "base64")}`;
      t.match(sent, /old one/);
      t.notMatch(sent, /hush/);
    });

    t.test("a file that cannot be edited is refused with the line, and nothing is changed", async (t) => {
      const long = "goes on over several lines";
      const cases = [
        ['KEY="a\nb=c"\n', `line 1: KEY ${long}`],
        ["A=1\nKEY='a\n'\n", `line 2: KEY ${long}`],
        ["KEY=a\\\nb\n", `line 1: KEY ${long}`],
        ["A=1\nB='x\nC=2\n", "line 2 opens a quote that nothing closes"],
      ] as const;
      for (const [text, message] of cases) {
        writeFileSync(path, text);
        t.match(plans({ KEY: "x" })[0]?.refusal, message);
        t.throws(() => apply(shell, plans({ KEY: "x" })), { message: new RegExp(message) });
        t.equal(readFileSync(path, "utf8"), text);
        t.same(readdirSync(dirname(path)), [".env"]);
      }
    });

    t.test("an entry that others share is refused with the line and what to do, and not changed", async (t) => {
      const word = (state: "present" | "absent") => ({ words: { OPTS: { word: "-x", state } } });
      const cases = [
        ["A=1\nOPTS=-a\n", word("present"), "line 2: OPTS is not ours: add -x to its value by hand"],
        ["OPTS=-x\nOPTS=-xy\n", word("present"), "line 2: OPTS is not ours: add -x"],
        ["OPTS='-a -x'\n", word("absent"), "line 1: OPTS is not ours alone: take -x out of its value by hand"],
        ["A=b\\\nT=1\n", { absent: { T: "1" } }, "line 2: not every reader finds T there: remove it by hand"],
      ] as const;
      for (const [text, more, message] of cases) {
        writeFileSync(path, text);
        const steps = () => plan(shell, [envFile({ path, entries: {}, ...more })]);
        t.match(steps()[0]?.refusal, message);
        t.throws(() => apply(shell, steps()), { message: new RegExp(message) });
        t.equal(readFileSync(path, "utf8"), text);
      }
    });

    t.test("what goes is not shown: it may be a password", async (t) => {
      writeFileSync(path, "T='Basic hush'\nOPTS=-x\n");
      const resource = envFile({
        path,
        entries: {},
        words: { OPTS: { word: "-x", state: "absent" } },
        absent: { T: "Basic*" },
      });
      t.same(plan(shell, [resource])[0]?.changes, [
        { field: "OPTS", before: "-x", after: undefined },
        { field: "T", before: MASK, after: undefined },
      ]);
    });

    t.test("a link or a directory in the way is said, and left alone", async (t) => {
      const dir = t.testdir({ real: "A=1\n", directory: {} });
      symlinkSync("real", `${dir}/link`);
      for (const type of ["link", "directory"]) {
        const steps = plan(shell, [envFile({ path: `${dir}/${type}`, entries: { KEY: "x" } })]);
        t.match(steps[0]?.changes[0], { field: "type", before: type });
        t.match(steps[0]?.refusal, `a ${type} is in the way and is not a file`);
        t.throws(() => apply(shell, steps), /in the way/);
      }
      t.equal(readFileSync(`${dir}/real`, "utf8"), "A=1\n");
    });
  });
}

t.test("env-file: a shell that reads the file gets the value", async (t) => {
  for (const value of values) {
    const [written] = spellings("KEY", value);
    t.equal(execFileSync("sh", ["-c", `KEY=${written}\nprintf %s "$KEY"`], { encoding: "utf8" }), value);
  }
});

t.test("env-file refuses values of two lines without showing them, and keys that are none", async (t) => {
  const secret = new Secret("hush\nhush", "test");
  const resource = envFile({ path: "/f", entries: { KEY: secret } });
  t.throws(() => resource.kind.probe([resource]), /value of KEY has more than one line$/);
  t.throws(() => envFile({ path: "/f", entries: { KEY: "a\nb" } }), /more than one line/);
  t.throws(() => envFile({ path: "/f", entries: { KEY: "a\u0001" } }), /value of KEY has a control character/);
  t.throws(() => envFile({ path: "/f", entries: { KEY: "`it's`" } }), /no spelling of it the same/);
  t.throws(() => envFile({ path: "/f", entries: {}, mode: "600" }), /four octal digits/);
  t.throws(() => envFile({ path: "/f", entries: { A: "1" }, absent: { A: "1" } }), /a key is told once: "A"/);
  t.throws(() => envFile({ path: "/f", entries: {}, absent: { A: "`id`" } }), /a value that goes/);
  t.throws(
    () => envFile({ path: "/f", entries: {}, words: { A: { word: "a b", state: "present" } } }),
    /a word has no blanks/,
  );
  for (const key of ["", "1A", "A B", "A=B", "A-B", "$(id)", "é"]) {
    t.throws(() => envFile({ path: "/f", entries: { [key]: "x" } }), /a key is/);
  }
});
