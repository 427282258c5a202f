import { spawnSync } from "node:child_process";
import t from "tap";
import { frame, remark, remarks, unframe } from "../../engine/shell/frame.ts";
import { beside, lines, quoteWord, type Script, sh, trusted } from "../../engine/shell/sh.ts";
import { runSections, shells } from "../support/shells.ts";

for (const shell of shells) {
  t.test(`frame in ${shell[0]}`, async (t) => {
    const run = (...scripts: string[]) => runSections(shell, scripts.map(trusted));

    t.test("gives each section its own status, stdout and stderr", async (t) => {
      t.same(
        run("echo a; echo b >&2", "exit 3", "printf c").map(({ durationMs: _, ...said }) => said),
        [
          { status: 0, stdout: "a\n", stderr: "b" },
          { status: 3, stdout: "", stderr: "" },
          { status: 0, stdout: "c", stderr: "" },
        ],
      );
    });

    t.test("tells how long each took, but for those that run together", async (t) => {
      const [short, long] = run(":", "sleep 0.3");
      t.ok((short?.durationMs ?? 1000) < 200);
      t.ok((long?.durationMs ?? 0) >= 280);
      const [look] = runSections(shell, [trusted(":")], { together: true });
      t.equal(look?.durationMs, undefined);
    });

    t.test("a failing command ends its section, an unset variable too", async (t) => {
      t.match(run("false; echo no", 'echo "$nothing"; echo no', "echo yes"), [
        { status: /[1-9]/, stdout: "" },
        { status: /[1-9]/, stdout: "" },
        { status: 0, stdout: "yes\n" },
      ]);
    });

    t.test("a section that reads stdin does not eat the rest", async (t) => {
      t.same(
        run("cat", "echo after").map(({ stdout }) => stdout),
        ["", "after\n"],
      );
    });

    t.test("with stopAtFailure the sections after a failed one do not run", async (t) => {
      const sections = ["echo 1", "exit 2", "echo 3"].map(trusted);
      t.same(
        runSections(shell, sections, { stopAtFailure: true }).map(({ status }) => status),
        [0, 2],
      );
    });

    t.test("together with those that run beside them, each has its answer, and none waits for another", async (t) => {
      const look = (...scripts: Script[]) =>
        runSections(shell, scripts, { together: true }).map(({ status, stdout }) => [status === 0, stdout]);
      const dir = t.testdir();
      // Each goes on once the next one is there: one after the other, the first would wait for ever.
      const meets = (own: string, other: string) =>
        trusted(`: >${dir}/${own}; until [ -e ${dir}/${other} ]; do sleep 0.1; done; echo ${own}; cat; echo x >&2`);
      const long = `awk 'BEGIN { for (i = 0; i < 30000; i++) print "line" i }'`;
      t.same(
        look(beside(meets("a", "b")), meets("b", "c"), beside(meets("c", "a")), beside(trusted(`${long} | tail -n 1`))),
        [
          [true, "a\n"],
          [true, "b\n"],
          [true, "c\n"],
          [true, "line29999\n"],
        ],
      );
      t.equal(
        String(look(beside(trusted(long)), trusted("sleep 0.3"))[0]?.[1]).length,
        288_890,
        "more than a pipe holds",
      );
      for (const end of ["false", "exit 3", "kill -9 $(sh -c 'echo $PPID')"])
        for (const [one, other] of [
          [beside, (script: Script) => script],
          [(script: Script) => script, beside],
          [beside, beside],
        ] as const)
          t.same(
            look(one(trusted(`echo begins; ${end}; echo no`)), other(trusted("echo b")), trusted("echo c")),
            [
              [false, "begins\n"],
              [true, "b\n"],
              [true, "c\n"],
            ],
            end,
          );
    });

    t.test("together they share a shell, and still each has its own answer", async (t) => {
      const look = (...scripts: string[]) => runSections(shell, scripts.map(trusted), { together: true });
      t.same(look("echo a; echo b >&2; set -- x y", "", 'printf "$#"; [ -t 0 ] || printf c'), [
        { status: 0, stdout: "a\n", stderr: "b" },
        { status: 0, stdout: "", stderr: "" },
        { status: 0, stdout: "0c", stderr: "" },
      ]);
      for (const end of [
        "false",
        "exit 3",
        'echo "$nothing"',
        "cd /nowhere 2>/dev/null",
        "kill -9 $(sh -c 'echo $PPID')",
      ])
        t.match(
          look("echo a", `echo begins; ${end}; echo no`, "echo c; echo d >&2").map(({ status, stdout, stderr }) => [
            status === 0,
            stdout,
            stderr,
          ]),
          [
            [true, "a\n", ""],
            [false, "begins\n", String],
            [true, "c\n", "d"],
          ],
          end,
        );
      t.same(
        look("echo a", "echo b; exit 0; echo no", "echo c").map(({ status, stdout }) => [status, stdout]),
        [
          [0, "a\n"],
          [0, "b\n"],
          [0, "c\n"],
        ],
      );
      t.match(
        look("echo a", "exit 93", "echo c"),
        [{ stdout: "a\n" }, { status: 93 }, { stdout: "c\n" }],
        "whatever its status",
      );
    });

    t.test("what a login shell prints around it is ignored", async (t) => {
      const script = `echo motd; echo motd >&2\n${frame([sh`echo x`], "n1").text}`;
      const [command = "sh", ...args] = shell;
      const { stdout, stderr } = spawnSync(command, [...args, "-s"], { input: script, encoding: "utf8" });
      t.match(unframe({ stdout, stderr }, "n1"), [{ stdout: "x\n" }]);
    });

    t.test("a script that arrives cut off runs nothing", async (t) => {
      const whole = frame([sh`echo ran`, sh`echo ran too`], "n1").text;
      const [command = "sh", ...args] = shell;
      for (let length = 20; length < whole.length - 40; length += 15) {
        const { stdout, stderr } = spawnSync(command, [...args, "-s"], {
          input: whole.slice(0, length),
          encoding: "utf8",
        });
        t.notMatch(stdout, /ran/, `cut at ${length}`);
        t.throws(() => unframe({ stdout, stderr }, "n1"), { message: "the script did not run to its end" });
      }
    });

    t.test("a remark carries free text through", async (t) => {
      const script = frame([], "n1", { prelude: remark("n1", "locked", sh`printf %s ${"kim's\nhost é"}`) }).text;
      const [command = "sh", ...args] = shell;
      const { stdout } = spawnSync(command, [...args, "-s"], { input: script, encoding: "utf8" });
      t.same([...remarks(stdout, "n1")], [["locked", "kim's\nhost é"]]);
    });

    t.test("every word arrives as it was written", async (t) => {
      const words = ["", "'", "''", "$(id)", "`id`", "a\nb", "-n", "é", "*", "\\n", "~", "a b", '"'];
      const script = lines(words.map((word) => sh`printf '%s|' ${word}`));
      t.equal(runSections(shell, [script])[0]?.stdout, words.map((word) => `${word}|`).join(""));
    });
  });
}

t.test("a list is spread, a script is inserted as it is, indentation goes", async (t) => {
  const inner = sh`echo ${"x"}`;
  t.equal(
    sh`
    set -- ${["a", "b c"]}
      ${inner}`.text,
    "set -- 'a' 'b c'\n  echo 'x'",
  );
  t.throws(() => quoteWord("a\0b"), /NUL/);
});

t.test("what only looks like a script is refused, never run", async (t) => {
  const fromJson = JSON.parse('{"text":"touch /tmp/taken"}');
  for (const value of [fromJson, [fromJson], { text: "id", "#made": true }, null, undefined, true])
    t.throws(() => sh`echo ${value as never}`, TypeError, JSON.stringify(value));
  t.equal(sh`echo ${trusted("$(id)")} ${sh`x`}`.text, "echo $(id) x");
});
