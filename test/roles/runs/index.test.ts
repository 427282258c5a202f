import { spawnSync } from "node:child_process";
import type { RunSummary, Said, Script, Site } from "hostwright";
import t from "tap";
import { runMark } from "../../../roles/runs/index.ts";

const changed: RunSummary = {
  ...{ run: "1a2b3c4d", operator: 'k"im', playbook: "playbooks/site.mts", commit: "", durationMs: 1000 },
  hosts: [{ name: "app", changed: ["file /it's\\here"], failure: undefined }],
};
const inSync: RunSummary = { ...changed, hosts: [{ name: "mon", changed: [], failure: undefined }] };
const failedThere: RunSummary = {
  ...changed,
  hosts: [{ name: "mon", changed: [], failure: { kind: "failed", message: "compose" } }],
};
const unreachable = { name: "app", changed: [], failure: { kind: "unreachable", message: "refused" } };

const taken: Said = { status: 0, stdout: "\n204", stderr: "" };

/** Announces a run where the monitoring host answers like this; returns the scripts that it was asked. */
async function announce(run: RunSummary, vars: object = {}, answer: Said | Error = taken): Promise<readonly Script[]> {
  const asked: Script[] = [];
  await runMark.announce(run, {
    sites: [{ host: { name: "mon", vars: { publish_address: "127.0.0.1", ...vars } } } as unknown as Site],
    async ask(_host, scripts) {
      if (answer instanceof Error) throw answer;
      asked.push(...scripts);
      return [answer];
    },
  });
  return asked;
}

for (const shell of ["dash", "bash", "busybox sh"]) {
  t.test(`the monitoring host sends one entry to its own Loki, by its own clock (${shell})`, async (t) => {
    const [script] = await announce(changed);
    const [program = "", ...args] = shell.split(" ");
    const { stdout } = spawnSync(program, [...args, "-c", `curl() { printf '%s\\n' "$*"; cat; }; ${script?.text}`], {
      encoding: "utf8",
    });
    const [call = "", ...body] = stdout.split("\n");
    t.match(call, /--data-binary @- -- http:\/\/127\.0\.0\.1:8080\/loki\/api\/v1\/push$/);
    const { streams } = JSON.parse(body.join("\n"));
    t.same(streams[0].stream, { job: "hostwright", playbook: "playbooks/site.mts", outcome: "changed" });
    const [[time, line, metadata]] = streams[0].values;
    t.match(time, /^\d{10}0{9}$/);
    t.equal(line, "playbooks/site.mts by k\"im: changed, 1.0 s, run 1a2b3c4d\napp: 1 changed: file /it's\\here");
    t.match(metadata, { operator: 'k"im', changes: "1" });
  });
}

t.test("run_marks decides whether a run is told at all", async (t) => {
  const count = async (...args: Parameters<typeof announce>) => (await announce(...args)).length;
  t.same([await count(changed), await count(inSync)], [1, 0], "changes");
  t.same([await count(changed, { run_marks: "all" }), await count(inSync, { run_marks: "all" })], [1, 1]);
  t.same([await count(changed, { run_marks: "none" }), await count(inSync, { run_marks: "none" })], [0, 0]);
});

t.test("what Loki refuses is said; where the monitoring host failed itself, that is said already", async (t) => {
  const refusal: Said = { status: 0, stdout: "too many streams\n429", stderr: "" };
  await t.rejects(announce(changed, {}, refusal), { message: "Loki on mon does not take it: too many streams" });
  const none: Said = { status: 7, stdout: "\n000", stderr: "curl: (7) refused" };
  await t.rejects(announce(changed, {}, none), { message: "Loki on mon does not take it: (7) refused" });
  await t.rejects(announce(changed, {}, new Error("gone")), { message: "gone" });
  t.same(await announce(failedThere, {}, new Error("gone")), []);
  t.same((await announce(failedThere, {}, refusal)).length, 1, "Loki may run all the same");
});

t.test("a run that reached no host is not told", async (t) => {
  t.same(await announce({ ...changed, hosts: [unreachable] }), []);
  t.same((await announce({ ...changed, hosts: [unreachable, ...changed.hosts] })).length, 1);
});

t.test("an inventory without a monitoring host has nobody to tell", async (t) => {
  await t.resolves(runMark.announce(changed, { sites: [], ask: () => Promise.reject(new Error("asked")) }));
});
