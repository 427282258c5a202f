import t from "tap";
import { ASSUMED } from "../../engine/cli/rehearsal.ts";
import type { Facts } from "../../engine/facts/facts.ts";
import { diskOf } from "../../engine/facts/facts.ts";
import type { Host } from "../../engine/inventory/inventory.ts";
import type { RolePlay } from "../../engine/role/playbook.ts";
import { defineRole, type Site } from "../../engine/role/role.ts";
import { workMemory } from "../../engine/run/work-memory.ts";

const host = { name: "a", groups: [], vars: {} } as unknown as Host;
const site: Site = { host, first: true, inventory: [], hosts: () => [], releases: {} };
const learned = new Map<string, unknown>();
const given = { site, facts: ASSUMED, learned };

/** A play whose role counts how often it is asked, and reads of the facts what it is told to. */
function counting(reads: (facts: Facts) => unknown = () => undefined) {
  let count = 0;
  const role = defineRole({
    name: "counting",
    vars: {},
    resources(_vars, facts) {
      count += 1;
      reads(facts);
      return [];
    },
  });
  const play: RolePlay = { hosts: "a", roles: [role] };
  return { play, count: () => count };
}

const fuller: Facts = {
  ...ASSUMED,
  changedBefore: true,
  disks: { "/": { bytes: ASSUMED.disks["/"]?.bytes ?? 0, freeBytes: 1 } },
};

t.test("a role is asked once, as long as it would be given the same", async (t) => {
  const memory = workMemory();
  const { play, count } = counting((facts) => [diskOf(facts, "/").bytes, facts.machine]);
  const first = memory.of(host, play, given);
  t.equal(memory.of(host, play, given), first);
  t.equal(memory.of(host, play, { ...given, facts: fuller }), first, "what it did not read may be another");
  t.equal(count(), 1);
});

const others = {
  "facts of another machine": { ...given, facts: { ...ASSUMED, machine: "x86_64" } },
  "a reboot": { ...given, facts: { ...ASSUMED, bootId: "another" } },
  "not the first of its play": { ...given, site: { ...site, first: false } },
  "a release that is known now": { ...given, site: { ...site, releases: { a: { sha256: "1", source: "here" } } } },
};
for (const [what, other] of Object.entries(others))
  t.test(`it is asked again: ${what}`, async (t) => {
    const memory = workMemory();
    const { play, count } = counting();
    memory.of(host, play, given);
    memory.of(host, play, other);
    t.equal(count(), 2);
  });

t.test("it is asked again: what an inquiry learned since, or learned anew", async (t) => {
  const memory = workMemory();
  const { play, count } = counting();
  const growing = new Map<string, unknown>();
  for (const value of [undefined, "one", "one", "two"]) {
    if (value !== undefined) growing.set("ca", value);
    memory.of(host, play, { ...given, learned: growing });
  }
  t.equal(count(), 3);
});

t.test("it is asked again: another play, another host", async (t) => {
  const memory = workMemory();
  const [one, other] = [counting(), counting()];
  memory.of(host, one.play, given);
  memory.of(host, other.play, given);
  memory.of({ ...host, name: "b" }, one.play, given);
  t.same([one.count(), other.count()], [2, 1]);
});

const moments = {
  "the room on a disk": (facts: Facts) => diskOf(facts, "/").freeBytes,
  "whether a run was here before": (facts: Facts) => facts.changedBefore,
  "all facts at once": (facts: Facts) => JSON.stringify(facts),
};
for (const [what, reads] of Object.entries(moments))
  t.test(`a role that reads what changes from moment to moment is asked each time: ${what}`, async (t) => {
    const memory = workMemory();
    const { play, count } = counting(reads);
    memory.of(host, play, given);
    memory.of(host, play, given);
    t.equal(count(), 2);
  });

t.test("what a role refuses is not remembered", async (t) => {
  const memory = workMemory();
  const { play, count } = counting((facts) => {
    if (facts.machine === "aarch64") throw new Error("not here");
  });
  t.throws(() => memory.of(host, play, given), { message: "not here" });
  t.throws(() => memory.of(host, play, given), { message: "not here" });
  t.doesNotThrow(() => memory.of(host, play, { ...given, facts: { ...ASSUMED, machine: "x86_64" } }));
  t.equal(count(), 3);
});
