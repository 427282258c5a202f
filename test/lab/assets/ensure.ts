import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { mkdir, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { attempt, run } from "../command.ts";
import { containerStates } from "../host/container.ts";
import type { HostContext } from "../host/hosts.ts";
import type { Lab } from "../identity.ts";
import { hashFolder } from "../image/build.ts";
import { LabError, step } from "../log.ts";
import { hasSpring, imageNames } from "../workshop.ts";
import { imageAssets, releaseAssets } from "./list.ts";
import { fillRegistry } from "./registry.ts";
import { gatherReleases, type Served } from "./releases.ts";

/** What the mirror really serves, by file name and by image name. */
export type AssetLock = Readonly<Record<string, Served>>;

/** How the lock calls the application of a host: not one file serves all of them. */
const APPLICATION = ": fittoring.service";

/** Leaves a mirror that serves all assets. Quick if it does already. */
export async function ensureAssets(context: HostContext): Promise<void> {
  const { lab } = context;
  const given = process.env.LAB_ASSETS === "" ? undefined : process.env.LAB_ASSETS;
  if (given !== undefined && !existsSync(given)) throw new LabError(`LAB_ASSETS: there is no folder ${given}`);
  const key = fingerprint(given);
  const known = readLock(lab);
  const [state] = await containerStates([lab.assets.container]);
  if (known !== undefined && readKey(lab) === key && state?.status !== "absent") {
    if (state?.status !== "running") await run(["docker", "start", lab.assets.container]);
    return;
  }
  const releases = await gatherReleases(context, releasesDir(lab), given);
  await createMirror(context);
  await writeLock(lab, { ...releases, ...(await fillRegistry(context, given)) });
  await writeFile(keyPath(lab), key);
}

/** Writes into the lock which app hosts run a program in the place of the application, as their containers say. */
export async function recordApplications(lab: Lab): Promise<void> {
  const hosts = lab.hosts.filter(({ kind }) => kind === "app");
  const states = await containerStates(hosts.map(({ container }) => container));
  const standIns = hosts.filter((_host, index) => !hasSpring(states[index]?.image ?? ""));
  const entries = standIns.map(
    ({ name }) =>
      [`${name}${APPLICATION}`, { sha256: "", source: "lab: stand-in", lacks: ["application traces"] }] as const,
  );
  const others = Object.entries(readLock(lab) ?? {}).filter(([name]) => !name.endsWith(APPLICATION));
  await writeLock(lab, Object.fromEntries([...others, ...entries]));
}

/** What `up` wrote of the mirror last; undefined if there is none. */
export function readLock(lab: Lab): AssetLock | undefined {
  return existsSync(lockPath(lab)) ? (JSON.parse(readFileSync(lockPath(lab), "utf8")) as AssetLock) : undefined;
}

/** Removes the mirror and what it serves. */
export async function removeAssets(lab: Lab): Promise<void> {
  await attempt(["docker", "rm", "--force", "--volumes", lab.assets.container]);
}

/** One line on each asset that is not known to be the real thing from upstream. */
export function notes(served: AssetLock): string[] {
  const others = Object.entries(served).filter(([, { source }]) => source !== "upstream");
  return others.map(([name, { source }]) => `not from upstream: ${name} (${source})`);
}

async function createMirror({ lab, workshop, log }: HostContext): Promise<void> {
  const image = await workshop.named("assets");
  await removeAssets(lab);
  await step(log, "starting the mirror", () =>
    run([
      ...["docker", "run", "--detach", "--name", lab.assets.container, "--hostname", "assets"],
      ...["--label", lab.label, "--restart", "no", "--network", lab.network, "--ip", lab.assets.address],
      ...["--publish", "127.0.0.1::5000", "--volume", `${releasesDir(lab)}:/srv/releases:ro`, image],
    ]),
  );
}

/** Changes when another set of assets is to be served, or when what is served instead has changed. */
function fingerprint(given: string | undefined): string {
  const folders = ["stand-ins", ...imageNames.map((name) => join("images", name))];
  const sources = folders.map((folder) => hashFolder(join(import.meta.dirname, "..", folder)));
  const hash = createHash("sha256").update(JSON.stringify([imageAssets, releaseAssets, given, sources]));
  for (const folder of given === undefined ? [] : [join(given, "releases"), join(given, "images")]) {
    for (const name of existsSync(folder) ? readdirSync(folder).sort() : []) {
      const { size, mtimeMs } = statSync(join(folder, name));
      hash.update(`${name} ${size} ${mtimeMs}\n`);
    }
  }
  return hash.digest("hex");
}

function releasesDir(lab: Lab): string {
  return join(lab.stateDir, "releases");
}

function lockPath(lab: Lab): string {
  return join(lab.stateDir, "releases.lock.json");
}

function keyPath(lab: Lab): string {
  return join(lab.stateDir, "releases.key");
}

function readKey(lab: Lab): string | undefined {
  return existsSync(keyPath(lab)) ? readFileSync(keyPath(lab), "utf8") : undefined;
}

async function writeLock(lab: Lab, served: AssetLock): Promise<void> {
  await mkdir(lab.stateDir, { recursive: true });
  const staged = `${lockPath(lab)}.new`;
  await writeFile(staged, `${JSON.stringify(served, null, 2)}\n`);
  await rename(staged, lockPath(lab));
}
