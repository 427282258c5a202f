import { mkdirSync, writeFileSync } from "node:fs";
import t from "tap";
import { absent } from "../../engine/resource/absent.ts";
import { directory } from "../../engine/resource/directory.ts";
import { envFile } from "../../engine/resource/env-file.ts";
import { file } from "../../engine/resource/file.ts";
import { group } from "../../engine/resource/group.ts";
import { pkg } from "../../engine/resource/package.ts";
import type { Resource } from "../../engine/resource/resource.ts";
import { unit } from "../../engine/resource/unit.ts";
import { user } from "../../engine/resource/user.ts";
import { groupByKind, mergeResources, probeScripts } from "../../engine/run/plan.ts";
import { frame } from "../../engine/shell/frame.ts";
import { shells } from "../support/shells.ts";
import { canTrace, processesOf } from "../support/trace.ts";

const ACCOUNTS = ["root", "daemon", "bin", "sys", "mail", "news", "www-data", "backup"];

/** So many of each kind, on a host where all of it is there. */
function made(dir: string, count: number): readonly Resource[] {
  const all = Array.from({ length: count }, (_, index) => index);
  for (const index of all) {
    mkdirSync(`${dir}/d${index}`);
    writeFileSync(`${dir}/f${index}`, `${index}`);
  }
  writeFileSync(`${dir}/.env`, "A=b\n", { mode: 0o600 });
  return mergeResources([
    ...all.flatMap((index) => [
      directory({ path: `${dir}/d${index}` }),
      file({ path: `${dir}/f${index}`, content: `${index}` }),
      absent({ path: `${dir}/none${index}` }),
      unit({ name: `hw-${index}`, content: `[Service]\nExecStart=/bin/${index}` }),
    ]),
    ...ACCOUNTS.slice(0, count).flatMap((name) => [user({ name, shell: "/none" }), group({ name })]),
    pkg({ name: all.map((index) => `hw-${index}`) }),
    envFile({ path: `${dir}/.env`, entries: { A: "b" } }),
  ]);
}

for (const shell of shells)
  t.test(
    `a look at many takes no more processes than at few (${shell[0]})`,
    { skip: !canTrace && "no strace" },
    async (t) => {
      const taken = [2, 8, 100].map((count) => {
        const scripts = probeScripts(groupByKind(made(t.testdir(), count)));
        return processesOf(t.testdirName, shell, frame(scripts, "nonce", { together: true }));
      });
      // busybox has an "id" that takes one name, and so asks for each.
      const [few = 0, more = 0, many = 0] = taken;
      t.equal(many, more);
      if (shell[0] !== "busybox") t.equal(more, few);
      t.ok(few <= 24, `${few} processes for eight kinds`);
    },
  );
