import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import t, { type Test } from "tap";
import { group } from "../../engine/resource/group.ts";
import { type UserDesired, user } from "../../engine/resource/user.ts";
import { trusted } from "../../engine/shell/sh.ts";
import { apply, converges, plan, retires } from "../support/converges.ts";
import { runSections, shells } from "../support/shells.ts";

const able = process.getuid?.() === 0 && spawnSync("useradd", ["--help"]).error === undefined;

/** A name nobody has, whose user and group are gone after the test. */
function throwAway(test: Pick<Test, "teardown">, dir: string): string {
  const name = nameOf(dir);
  test.teardown(() => [spawnSync("userdel", ["--force", "--", name]), spawnSync("groupdel", ["--", name])]);
  return name;
}

function nameOf(dir: string): string {
  return `hw-test-${dir.slice(-6).toLowerCase()}`;
}

if (able) {
  converges(t, "user converges on a system user by its defaults", (dir) => user({ name: throwAway(t, dir) }));
  converges(t, "user converges on a home with a hostile name, a shell, and groups", (dir) =>
    user({
      name: throwAway(t, dir),
      group: "daemon",
      groups: ["adm", "daemon"],
      home: `${dir}/it's $HOME é`,
      shell: "/bin/false",
    }),
  );
  converges(t, "user converges where its group is there before it", (dir) => {
    const name = throwAway(t, dir);
    spawnSync("groupadd", ["--system", "--", name]);
    return user({ name });
  });
  converges(t, "user converges on a person's account", (dir) =>
    user({ name: throwAway(t, dir), system: false, home: `${dir}/h` }),
  );
  const entryOf = (dir: string) =>
    ["passwd", "group"].map((base) => spawnSync("getent", [base, nameOf(dir)], { encoding: "utf8" }).stdout);
  retires(
    t,
    "a user",
    (dir) => [group({ name: throwAway(t, dir) }), user({ name: nameOf(dir), group: nameOf(dir) })],
    entryOf,
  );
  retires(t, "a user in a group of others", (dir) => user({ name: throwAway(t, dir), groups: ["adm"] }), entryOf);
} else {
  t.test("user converges", { skip: "needs root and useradd" }, async () => {});
}

for (const shell of able ? shells : []) {
  t.test(`user in ${shell[0]}: each field is changed alone, and no group is left`, async (t) => {
    const dir = t.testdir();
    const name = throwAway(t, `${shell[0]}-field`);
    const become = (desired: Omit<UserDesired, "name">) => {
      const steps = plan(shell, [user({ name, ...desired })]);
      apply(shell, steps);
      return steps.flatMap(({ changes }) => changes);
    };
    become({ groups: ["adm"] });
    t.same(become({ groups: ["daemon"] }), [{ field: "groups", before: "adm", after: "adm,daemon" }]);
    t.same(become({ shell: "/bin/sh" }), [{ field: "shell", before: "/usr/sbin/nologin", after: "/bin/sh" }]);
    t.same(
      become({ shell: "/bin/sh", home: `${dir}/later`, group: "daemon" }).map(({ field }) => field),
      ["group", "home"],
    );
    t.notOk(existsSync(`${dir}/later`), "a home that changes later is a directory resource's business");
    t.same(become({ shell: "/bin/sh", groups: ["daemon", "adm"] }), []);
  });
}

for (const shell of shells) {
  t.test(`user in ${shell[0]}: many at once, of whom some are not there`, async (t) => {
    const names = ["root", "hw-nobody", "daemon", "bin"];
    const steps = plan(
      shell,
      names.map((name) => user({ name, shell: "/none" })),
    );
    t.same(
      steps.map(({ resource, changes }) => [resource.id, changes.map(({ field }) => field)]),
      names.map((name) => [name, name === "hw-nobody" ? ["state", "shell"] : ["shell"]]),
    );
  });

  t.test(`user in ${shell[0]}: a host without getent is an error, not absent`, async (t) => {
    const one = user({ name: "daemon" });
    const [section] = runSections(shell, [trusted(`PATH=/nonexistent; ${one.kind.probe([one]).text}`)]);
    t.not(section?.status, 0);
  });
}

// From Debian 12: what is asked of getent passwd daemon hw-nobody; id -Gn -- daemon
const daemon = "entry daemon:/usr/sbin:/usr/sbin/nologin\ndaemon\n";
const cases: readonly { name: string; desired: UserDesired; probed: string; fields: readonly string[] }[] = [
  { name: "in sync", desired: { name: "daemon" }, probed: daemon, fields: [] },
  { name: "no such user", desired: { name: "hw-nobody" }, probed: "", fields: ["state", "shell"] },
  { name: "not in a group", desired: { name: "daemon", groups: ["adm"] }, probed: daemon, fields: ["groups"] },
  { name: "its primary group asked for", desired: { name: "daemon", groups: ["daemon"] }, probed: daemon, fields: [] },
  { name: "another home", desired: { name: "daemon", home: "/h" }, probed: daemon, fields: ["home"] },
];

for (const { name, desired, probed, fields } of cases) {
  t.test(`user diff: ${name}`, async (t) => {
    const resource = user(desired);
    t.same(
      resource.kind.diff(probed, [resource])[0]?.map(({ field }) => field),
      fields,
    );
  });
}

t.test("user refuses names, homes and shells that break passwd's lines", async (t) => {
  t.throws(() => user({ name: "0" }), /user or group name/);
  t.throws(() => user({ name: "a", groups: ["b,c"] }), /user or group name/);
  t.throws(() => user({ name: "a", home: "/a:b" }), /":"/);
  t.throws(() => user({ name: "a", shell: "nologin" }), /absolute/);
});
