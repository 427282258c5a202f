import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { attempt, run } from "../command.ts";
import type { HostContext } from "../host/hosts.ts";
import { machineArchitecture } from "../identity.ts";
import { LabError, step } from "../log.ts";
import { type ImageAsset, imageAssets } from "./list.ts";
import type { Served } from "./releases.ts";
import { hubAnswers } from "./upstream.ts";

const START_TIMEOUT_MS = 20_000;

/** Pushes every image into the mirror under its name on Docker Hub; returns what each of them is. */
export async function fillRegistry(context: HostContext, given: string | undefined): Promise<Record<string, Served>> {
  const loaded = given === undefined ? [] : await loadGiven(join(given, "images"));
  const registry = await registryAddress(context.lab.assets.container);
  const served: Record<string, Served> = {};
  for (const asset of imageAssets) {
    const { image, ...made } = await find(context, asset, loaded);
    // As Docker Hub does: its own images have no folder in their name.
    const pushed = `${registry}/${asset.name.includes("/") ? "" : "library/"}${asset.name}`;
    await run(["docker", "tag", image, pushed]);
    await step(context.log, `mirror: ${asset.name} (${made.source})`, () => run(["docker", "push", "--quiet", pushed]));
    const digests = await run(["docker", "image", "inspect", "--format", '{{join .RepoDigests "\\n"}}', pushed]);
    const own = digests.split("\n").find((digest) => digest.startsWith(registry)) ?? "";
    served[asset.name] = { sha256: own.replace(/^.*@sha256:/, ""), ...made };
    await run(["docker", "rmi", "--no-prune", pushed]);
  }
  return served;
}

/** Loads the archives that `docker save` wrote; returns the names of the images in them. */
async function loadGiven(folder: string): Promise<string[]> {
  const archives = existsSync(folder) ? readdirSync(folder).filter((name) => name.endsWith(".tar")) : [];
  const names: string[] = [];
  for (const archive of archives) {
    const said = await run(["docker", "load", "--input", join(folder, archive)]);
    for (const [, name = ""] of said.matchAll(/^Loaded image: (\S+)$/gm)) names.push(name);
  }
  return names;
}

async function find(
  { workshop, log }: HostContext,
  asset: ImageAsset,
  loaded: readonly string[],
): Promise<{ image: string; source: string; lacks?: readonly string[] }> {
  if (loaded.includes(asset.name)) return { image: asset.name, source: "LAB_ASSETS" };
  if (await hubAnswers()) {
    const pull = ["docker", "pull", "--quiet", "--platform", `linux/${machineArchitecture()}`, asset.name];
    const pulled = await step(log, `pulling ${asset.name}`, () => attempt(pull));
    if (pulled.exitCode === 0) return { image: asset.name, source: "upstream" };
    log(`${asset.name} cannot be pulled: ${pulled.stderr.trim()}`);
  }
  const { fallback, source, lacks } = asset;
  return { image: await workshop.named(fallback), source, ...(lacks ? { lacks } : {}) };
}

/** Where the mirror's registry answers on this machine: the engine pushes to 127.0.0.1 without TLS. */
async function registryAddress(container: string): Promise<string> {
  const address = (await run(["docker", "port", container, "5000/tcp"])).split("\n")[0] ?? "";
  const deadline = Date.now() + START_TIMEOUT_MS;
  for (;;) {
    try {
      if ((await fetch(`http://${address}/v2/`)).ok) return address;
    } catch (cause) {
      if (Date.now() > deadline) throw new LabError(`the registry mirror does not answer at ${address}`, { cause });
    }
    await sleep(200);
  }
}
