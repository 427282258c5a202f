import type { Test } from "tap";
import t from "tap";
import { rehearse, resourcesOf } from "../../engine/cli/rehearsal.ts";
import {
  command,
  defineRole,
  type Facts,
  file,
  optional,
  type Resource,
  runOnce,
  sh,
  string,
  UnsupportedMachine,
  VarError,
} from "../../engine/index.ts";
import { loadInventory } from "../../engine/inventory/load.ts";

const vars = { colour: optional(string("c")), size: optional(string("s")) };

const motd = file({ path: "/etc/motd", content: "hello\n" }, { tags: ["greeting"] });

/** What a play of one role says of one host in a rehearsal; "fine" where that is nothing. */
async function said(
  t: Test,
  resources: (facts: Facts) => readonly Resource[],
  tags: readonly string[] = [],
): Promise<string> {
  const dir = t.testdir({ "hosts.yml": "web:\n  hosts:\n    web-1:\n      size: large\n" });
  const inventory = await loadInventory([`${dir}/hosts.yml`], { env: {} });
  const role = defineRole({ name: "site", vars, resources: (_vars, facts) => resources(facts) });
  const plays = [{ play: { hosts: "web", roles: [role] }, hosts: [...inventory.hosts.values()] }];
  try {
    rehearse(plays, inventory, { tags, skipTags: [] });
    return "fine";
  } catch (error) {
    return error instanceof Error ? error.message.replace(/^\S+\/test\//, "test/") : String(error);
  }
}

function onlyOn(id: string, resources: () => readonly Resource[]) {
  return ({ os }: Facts): readonly Resource[] => {
    if (os.id !== id) throw new UnsupportedMachine(`found ${os.name}, expected ${id}`);
    return resources();
  };
}

function fails(message: string): () => never {
  return () => {
    throw new Error(message);
  };
}

for (const id of ["debian", "ubuntu", "rocky", "alpine"]) {
  t.test(`a role for ${id} only is fine, and what is wrong with it there is said`, async (t) => {
    t.equal(
      await said(
        t,
        onlyOn(id, () => [motd]),
      ),
      "fine",
    );
    t.match(
      await said(t, onlyOn(id, fails("found two leaders, expected one"))),
      /^\S+: found two leaders, expected one/,
    );
  });
}

t.test("a role for machines that nobody assumes is left to the hosts", async (t) => {
  t.equal(
    await said(
      t,
      onlyOn("plan9", () => [motd]),
    ),
    "fine",
  );
  t.equal(await said(t, onlyOn("plan9", fails("x")), ["greting"]), "fine", "and so are tags, which it may have");
});

t.test("a role that throws by what it is told of the machine is not refused", async (t) => {
  const byError = ({ os }: Facts) => {
    if (os.id !== "rocky") throw new Error("this role is for Rocky Linux");
    return [motd];
  };
  t.equal(await said(t, byError), "fine");
  t.equal(
    await said(t, ({ os }) => {
      throw new Error(`found ${os.name}, expected Slackware`);
    }),
    "fine",
  );
});

t.test("what is met on a single machine may have to do with it", async (t) => {
  const narrow = ({ os, cpus }: Facts) => {
    if (os.id !== "debian" || cpus < 8)
      throw new UnsupportedMachine("found a small machine, expected Debian on a large one");
    throw new Error("found 64 cores, expected at most 32");
  };
  t.equal(await said(t, narrow), "fine");
});

t.test("a tag that nothing has is found although some machines are not supported", async (t) => {
  const role = onlyOn("debian", () => [motd]);
  t.equal(await said(t, role, ["greeting"]), "fine");
  t.match(await said(t, role, ["greting"]), /^--tags: found "greting", expected a tag .*; did you mean "greeting"\?$/);
});

t.test("vars that do not go together are said with the place of the one that is there", async (t) => {
  const together = () => {
    throw new VarError(["colour", "size"], { found: "that both are the same", expected: "two" });
  };
  t.match(
    await said(t, onlyOn("debian", together)),
    /hosts.yml:4:13: host web-1: var size: found that both are the same, expected two$/,
  );
});

t.test("a list of tasks is of a machine that the role supports", async (t) => {
  const dir = t.testdir({ "hosts.yml": "web: { hosts: { web-1: } }\n" });
  const inventory = await loadInventory([`${dir}/hosts.yml`], { env: {} });
  const resources = onlyOn("rocky", () => [command({ name: "x", creates: "/x", run: sh`true` })]);
  const role = defineRole({
    name: "site",
    vars,
    resources: (_vars, facts, site) => runOnce(site, () => resources(facts)),
  });
  const [host] = inventory.hosts.values();
  if (!host) return t.fail("no host");
  t.equal(resourcesOf(host, { play: { hosts: "web", roles: [role] }, hosts: [host] }, inventory).length, 1);
});
