import { existsSync, readFileSync, writeFileSync } from "node:fs";
import t from "tap";
import { type CommandDesired, command } from "../../engine/resource/command.ts";
import { sh } from "../../engine/shell/sh.ts";
import { apply, converges, plan } from "../support/converges.ts";
import { shells } from "../support/shells.ts";

for (const hostile of ["it's $HOME", "-n", "é", "$(id)", "a b", "back\\slash", "[x]*"]) {
  converges(t, `command converges on creating a file named ${hostile}`, (dir) =>
    command({ name: hostile, run: sh`echo x >${`${dir}/${hostile}`}`, creates: `${dir}/${hostile}` }),
  );
}

converges(t, "command converges for several with guards of each kind", (dir) => [
  command({ name: "unless", run: sh`echo ready >${dir}/a`, unless: sh`grep -q ready ${dir}/a` }),
  command({ name: "onlyIf", run: sh`touch ${dir}/b`, onlyIf: sh`[ ! -e ${dir}/b ]` }),
  command({ name: "missing tool", run: sh`touch ${dir}/c`, unless: sh`[ -e ${dir}/c ] || no-such-tool` }),
]);

for (const shell of shells) {
  t.test(`command in ${shell[0]}`, async (t) => {
    const path = `${t.testdir()}/f`;
    const changes = (guards: Partial<CommandDesired>) =>
      plan(shell, [command({ name: "it", run: sh`touch ${path}`, ...guards })]).flatMap(({ changes }) => changes);

    t.test("the guards of many are asked at once, and none speaks into another's answer", async (t) => {
      const wait = sh`until [ -e ${`${path}-go`} ]; do sleep 0.1; done`;
      const many = Array.from({ length: 60 }, (_, at) =>
        command({ name: `number ${at}`, run: sh`:`, ...(at % 2 ? { unless: sh`exit 1` } : { creates: "/nowhere" }) }),
      );
      const first = command({ name: "waits", run: sh`:`, unless: wait });
      const last = command({ name: "lets it go", run: sh`:`, unless: sh`: >${`${path}-go`}` });
      t.same(
        plan(shell, [first, ...many, last]).map(({ resource }) => resource.id),
        many.map(({ id }) => id),
      );
    });

    t.test("one guard that says no is enough", async (t) => {
      t.same(changes({ creates: path, unless: sh`true` }), []);
      t.same(changes({ creates: path, onlyIf: sh`exit 3` }), []);
      t.same(changes({ creates: path, unless: sh`exit 2`, onlyIf: sh`true` }), [
        { field: "creates", before: "absent", after: path },
        { field: "unless", before: "exit 2", after: "exit 0" },
        { field: "onlyIf", before: "exit 0", after: "exit other than 0" },
      ]);
    });

    t.test("a missing tool is needed for unless, and not for onlyIf", async (t) => {
      t.match(changes({ unless: sh`no-such-tool` }), [{ before: "exit 127" }]);
      t.same(changes({ onlyIf: sh`no-such-tool` }), []);
    });

    t.test("a guard stops at its first failure, and its output is not taken for an answer", async (t) => {
      t.match(changes({ unless: sh`echo "0 unless 0"; echo noise >&2; false; true` }), [{ before: "exit 1" }]);
    });

    t.test("a guard that is killed is an error", async (t) => {
      t.throws(() => changes({ unless: sh`sh -c 'kill -9 $$'` }), /unless was killed by signal 9/);
    });

    t.test("a command that fails says so in its own words", async (t) => {
      const failing = command({ name: "it", run: sh`echo "no disk" >&2; false; touch ${path}`, creates: path });
      t.throws(() => apply(shell, plan(shell, [failing])), /exit 1: no disk/);
      t.notOk(existsSync(path));
    });

    t.test("a value in a command reaches it whole", async (t) => {
      writeFileSync(path, "");
      apply(
        shell,
        plan(shell, [command({ name: "it", run: sh`printf %s ${"a'b"} >${path}`, unless: sh`[ -s ${path} ]` })]),
      );
      t.equal(readFileSync(path, "utf8"), "a'b");
    });
  });
}

t.test("command without a guard is refused: that is a handler", async (t) => {
  t.throws(() => command({ name: "it", run: sh`true` }), /handler/);
  t.throws(() => command({ name: "", run: sh`true`, creates: "/x" }), /name/);
});

t.test("a command that is needed after a path's change follows that change, whatever its guards say", async (t) => {
  const reload = command({ name: "reload", unless: sh`true`, run: sh`true`, after: ["/etc/a", "/etc/b"] });
  t.same(reload.kind.followed(reload, new Set(["/etc/c"])), []);
  t.same(reload.kind.followed(reload, new Set(["/etc/c", "/etc/b"])), [{ field: "after", after: "/etc/b" }]);
});
