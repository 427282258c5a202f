import { readFileSync, writeFileSync } from "node:fs";
import { userInfo } from "node:os";
import { join } from "node:path";
import type { Test } from "tap";
import type { Connection } from "../../engine/connection/connection.ts";
import { connectLocal } from "../../engine/connection/local.ts";
import type { FactsMemory } from "../../engine/facts/memory.ts";
import { parseExtraVars } from "../../engine/inventory/extra-vars.ts";
import type { Host } from "../../engine/inventory/inventory.ts";
import { loadInventory } from "../../engine/inventory/load.ts";
import { command } from "../../engine/resource/command.ts";
import { file } from "../../engine/resource/file.ts";
import type { Resource, ResourceOptions } from "../../engine/resource/resource.ts";
import type { RunOptions } from "../../engine/run/context.ts";
import type { RunEvent } from "../../engine/run/event.ts";
import { type Run, startRun } from "../../engine/run/play.ts";
import { sh } from "../../engine/shell/sh.ts";
import { statePaths } from "./local-run.ts";

/** Hosts that are this machine, each with a folder of its own in its var `dir`. */
export interface Stage {
  readonly dir: string;
  readonly events: RunEvent[];
  readonly run: Run;
  /** What hosts did, in order: `mark` writes here. */
  marks(): readonly string[];
}

/** Starts a run on these hosts; all are in the group `web`. */
export async function stage(
  t: Test,
  names: readonly string[],
  settings: Partial<RunOptions> & {
    signal?: AbortSignal;
    connect?: (host: Host) => Promise<Connection>;
    facts?: FactsMemory<Host>;
    extraVars?: readonly string[];
  } = {},
): Promise<Stage> {
  const dir = t.testdir(Object.fromEntries([...names.map((name) => [name, {}]), ["marks", ""]]));
  const hosts = Object.fromEntries(names.map((name) => [name, { dir: join(dir, name), ansible_become: false }]));
  writeFileSync(join(dir, "hosts.json"), JSON.stringify({ web: { hosts } }));
  const extraVars = parseExtraVars(settings.extraVars ?? [], {});
  const inventory = await loadInventory([join(dir, "hosts.json")], { env: {}, extraVars });
  const events: RunEvent[] = [];
  const { connect = async (host: Host) => connectLocal(host.name) } = settings;
  const run = startRun(
    inventory,
    {
      tags: [],
      skipTags: [],
      check: false,
      limit: undefined,
      // All hosts are one machine with one lock: one after the other, unless a test wants otherwise.
      forks: 1,
      lockWaitSeconds: 20,
      reconnectSeconds: 20,
      operation: { run: "r1", operator: "tester", playbook: "test", commit: "" },
      releases: async () => ({}),
      paths: statePaths(dir),
      ...settings,
    },
    { connect, emit: (event) => events.push(event), signal: settings.signal, facts: settings.facts },
  );
  t.teardown(() => run.finish());
  return { dir, events, run, marks: () => linesOf(join(dir, "marks")) };
}

/** A file of the host, in its own folder. */
export function hostFile(
  vars: { readonly dir: string },
  name: string,
  content = "x",
  options?: ResourceOptions,
): Resource {
  return file({ path: join(vars.dir, name), content, owner: userInfo().username }, options);
}

/** A resource that leaves a mark in the stage's order of events when it is changed; it wants to be once a run. */
export function mark(dir: string, word: string, options?: ResourceOptions): Resource {
  const marks = join(dir, "..", "marks");
  return command(
    { name: `mark ${word}`, run: sh`echo ${word} >>${marks}`, unless: sh`grep -qx -- ${word} ${marks}` },
    options,
  );
}

function linesOf(path: string): readonly string[] {
  return readFileSync(path, "utf8")
    .split("\n")
    .filter((line) => line !== "");
}
