import { spawnSync } from "node:child_process";
import t from "tap";
import { group } from "../../engine/resource/group.ts";
import { trusted } from "../../engine/shell/sh.ts";
import { converges, plan } from "../support/converges.ts";
import { runSections, shells } from "../support/shells.ts";

const able = process.getuid?.() === 0 && spawnSync("groupadd", ["--help"]).error === undefined;

if (able) {
  converges(t, "group converges on two new groups among known ones", (dir) => {
    const names = [1, 2].map((number) => `hw-test-${dir.slice(-6)}-${number}`);
    t.teardown(() => names.map((name) => spawnSync("groupdel", ["--", name])));
    return [...names, "daemon"].map((name) => group({ name }));
  });
} else {
  t.test("group converges", { skip: "needs root and groupadd" }, async () => {});
}

for (const shell of shells) {
  t.test(`group in ${shell[0]}: one that exists needs nothing, one that does not is absent`, async (t) => {
    t.same(plan(shell, [group({ name: "daemon" })]), []);
    t.match(plan(shell, [group({ name: "daemon" }), group({ name: "hw-nobody" })]), [
      { resource: { id: "hw-nobody" }, changes: [{ field: "state", before: "absent", after: "present" }] },
    ]);
  });

  t.test(`group in ${shell[0]}: a host without getent is an error, not absent`, async (t) => {
    const { probe } = group({ name: "daemon" }).kind;
    const [section] = runSections(shell, [trusted(`PATH=/nonexistent; ${probe([group({ name: "daemon" })]).text}`)]);
    t.not(section?.status, 0);
    t.match(section?.stderr, /getent/);
  });
}

t.test("group refuses names that getent or groupadd would take for something else", async (t) => {
  for (const name of ["", "0", "-r", "a b", "a:b", "$(id)", "é", "a\nb", "a,b"]) {
    t.throws(() => group({ name }), /user or group name/, JSON.stringify(name));
  }
});
