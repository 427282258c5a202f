import t from "tap";
import { ConnectionError } from "../../engine/connection/connection.ts";
import { connectLocal } from "../../engine/connection/local.ts";
import type { Announcement, RunSummary } from "../../engine/role/announcement.ts";
import { defineRole } from "../../engine/role/role.ts";
import { string } from "../../engine/role/schema.ts";
import { sh } from "../../engine/shell/sh.ts";
import { mark, stage } from "../support/play-run.ts";

const app = defineRole({
  name: "app",
  vars: { dir: string("the host's folder") },
  resources: ({ dir }, _facts, site) => [mark(dir, site.host.name)],
});

/** Hears of runs; asks host "a" what it is told to. */
function hearing(heard: RunSummary[], asks = sh`echo heard`): Announcement {
  return {
    otherwise: "nobody heard of this run",
    hosts: "a",
    async announce(run, { sites, ask }) {
      heard.push(run);
      const [said] = await ask(sites[0]?.host.name ?? "", [asks]);
      if (said?.status !== 0) throw new Error(`it said ${said?.status}`);
    },
  };
}

t.test("a run that is over is told: who, how long, what was changed, and why a host was left", async (t) => {
  const heard: RunSummary[] = [];
  const connect = async ({ name }: { readonly name: string }) => {
    if (name === "b") throw new ConnectionError("auth", "b", "b: no key");
    return connectLocal(name);
  };
  const { run } = await stage(t, ["a", "b"], { connect, announcement: hearing(heard) });
  await run.play({ hosts: "web", roles: [app] });
  t.same(heard, [], "not before it is over");
  const [a] = await run.finish();
  t.match(heard, [
    {
      ...{ run: "r1", operator: "tester", playbook: "test", commit: "", durationMs: Number },
      hosts: [
        { name: "a", changed: ["command mark a"], failure: undefined },
        { name: "b", changed: [], failure: { kind: "unreachable", message: "no key" } },
      ],
    },
  ]);
  t.same(a?.notes, []);
});

t.test("a host outside of the limit is told too, and nothing else happens there", async (t) => {
  const heard: RunSummary[] = [];
  const { run, marks } = await stage(t, ["a", "b"], { limit: "b", announcement: hearing(heard) });
  await run.play({ hosts: "web", roles: [app] });
  const results = await run.finish();
  t.equal(heard.length, 1);
  t.same(marks(), ["b"]);
  t.same(
    results.map(({ host, notes }) => [host, notes]),
    [["b", []]],
  );
});

t.test("where nobody could be told, the recap says so and no host has failed", async (t) => {
  const { run } = await stage(t, ["a"], { announcement: hearing([], sh`exit 3`) });
  await run.play({ hosts: "web", roles: [app] });
  const [a] = await run.finish();
  t.match(a, { failure: undefined, notes: ["nobody heard of this run: it said 3"] });
});

t.test("nobody is told in check mode, of a run that was interrupted, or of one without a host", async (t) => {
  const heard: RunSummary[] = [];
  const announcement = hearing(heard);
  const check = await stage(t, ["a"], { check: true, announcement });
  await check.run.play({ hosts: "web", roles: [app] });
  await check.run.finish();
  const interrupted = await stage(t, ["b"], { signal: AbortSignal.abort(), announcement });
  await interrupted.run.play({ hosts: "web", roles: [app] });
  await interrupted.run.finish().catch(() => undefined);
  const empty = await stage(t, ["c"], { announcement });
  await empty.run.finish();
  t.same(heard, []);
});
