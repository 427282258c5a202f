import t from "tap";
import { type Change, defineResource, type Resource } from "../../engine/resource/resource.ts";
import { groupByKind, mergeResources, planSteps, probeScripts } from "../../engine/run/plan.ts";
import { sh } from "../../engine/shell/sh.ts";

interface Thing {
  readonly name: string;
  readonly found: string | undefined;
  readonly reads?: readonly string[];
}

/** In sync when found as "on"; a thing restarts when what it reads is about to change. */
const thing = defineResource<Thing, string | undefined>({
  name: "thing",
  id: ({ name }) => name,
  probe: (all) => sh`echo ${all.map(({ name }) => name)}`,
  parse: (_, all) => all.map(({ found }) => found),
  diff: (_, current): readonly Change[] => (current === "on" ? [] : [{ field: "state", before: current, after: "on" }]),
  apply: ({ name }, changes) => sh`make ${name} ${changes.map(({ field }) => field)}`,
  follows: {
    ids: ({ reads = [] }) => reads,
    changes: () => [{ field: "process", before: "older", after: "restarted" }],
  },
});

const bag = defineResource<readonly string[], undefined>({
  name: "bag",
  id: (names) => names.join("+"),
  probe: () => sh`:`,
  parse: (_, all) => all.map(() => undefined),
  diff: () => [],
  apply: () => sh`:`,
  merge: (all) => all.flat(),
});

function plan(resources: readonly Resource[]): readonly string[] {
  const groups = groupByKind(resources);
  const steps = planSteps(
    resources,
    groups,
    groups.map(() => ({ status: 0, stdout: "", stderr: "" })),
  );
  return steps.map(({ resource, changes }) => `${resource.id}: ${changes.map(({ field }) => field).join(", ")}`);
}

const cases: readonly { name: string; things: readonly Thing[]; steps: readonly string[] }[] = [
  { name: "what is in sync is no step", things: [{ name: "a", found: "on" }], steps: [] },
  {
    name: "a service follows what it reads, in the same plan",
    things: [
      { name: "config", found: "off" },
      { name: "service", found: "on", reads: ["config"] },
    ],
    steps: ["config: state", "service: process"],
  },
  {
    name: "what differs itself follows as well",
    things: [
      { name: "config", found: "off" },
      { name: "service", found: "off", reads: ["config"] },
    ],
    steps: ["config: state", "service: state, process"],
  },
  {
    name: "what is not there yet has nothing to restart",
    things: [
      { name: "config", found: "off" },
      { name: "service", found: undefined, reads: ["config"] },
    ],
    steps: ["config: state", "service: state"],
  },
  {
    name: "following passes on",
    things: [
      { name: "a", found: "off" },
      { name: "b", found: "on", reads: ["a"] },
      { name: "c", found: "on", reads: ["b"] },
    ],
    steps: ["a: state", "b: process", "c: process"],
  },
];

for (const { name, things, steps } of cases) {
  t.test(name, async (t) => {
    t.same(plan(things.map((one) => thing(one))), steps);
  });
}

t.test("resources of a kind are one probe, however many; another user's are one more", async (t) => {
  const things = ["a", "b", "c"].map((name) => thing({ name, found: "on" }, name === "c" ? { becomeUser: "app" } : {}));
  const scripts = probeScripts(groupByKind([...things, bag(["x"])])).map(({ text }) => text);
  t.equal(scripts.length, 3);
  t.equal(scripts[0], "echo 'a' 'b'");
  t.match(scripts[1], /su -s \/bin\/sh 'app'/);
});

t.test("a kind that merges is one resource at the place of its first", async (t) => {
  const resources = [bag(["a"], { tags: ["one"] }), thing({ name: "x", found: "on" }), bag(["b"], { tags: ["two"] })];
  const merged = mergeResources(resources);
  t.same(
    merged.map(({ id }) => id),
    ["a+b", "x"],
  );
  t.same(merged[0]?.options.tags, ["one", "two"]);
});

t.test("one thing described twice is refused with both places", async (t) => {
  t.throws(() => mergeResources([thing({ name: "x", found: "on" }), thing({ name: "x", found: "off" })]), {
    message: /plan\.test\.ts:\d+: found thing x a second time \(first at test\/run\/plan\.test\.ts:\d+\)/,
  });
});
