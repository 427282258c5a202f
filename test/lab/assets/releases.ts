import { createHash } from "node:crypto";
import { createReadStream, existsSync } from "node:fs";
import { copyFile, mkdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import { run } from "../command.ts";
import type { HostContext } from "../host/hosts.ts";
import { type Log, step } from "../log.ts";
import { type ReleaseAsset, releaseAssets } from "./list.ts";
import { githubAnswers } from "./upstream.ts";

/** What the lab serves under one name, and where it is from. */
export interface Served {
  readonly sha256: string;
  /** For people: "upstream", "LAB_ASSETS", or what it is instead. */
  readonly source: string;
  readonly lacks?: readonly string[];
}

const DOWNLOAD_TIMEOUT_MS = 300_000;

/** Fills the folder with all archives and their checksum files; returns what each of them is. */
export async function gatherReleases(
  context: HostContext,
  folder: string,
  given: string | undefined,
): Promise<Record<string, Served>> {
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true });
  const served: Record<string, Served> = {};
  for (const asset of releaseAssets) {
    const source = await gather(context, asset, join(folder, asset.file), given);
    served[asset.file] = { sha256: await sha256Of(join(folder, asset.file)), source };
  }
  const sums = Object.entries(served).map(([file, { sha256 }]) => `${sha256}  ${file}\n`);
  for (const name of new Set(releaseAssets.map((asset) => asset.sums))) await writeFile(join(folder, name), sums);
  return served;
}

async function gather(context: HostContext, asset: ReleaseAsset, to: string, given?: string): Promise<string> {
  const own = given === undefined ? undefined : join(given, "releases", asset.file);
  if (own !== undefined && existsSync(own)) {
    await copyFile(own, to);
    return "LAB_ASSETS";
  }
  const cached = join(context.lab.cacheDir, "releases", asset.file);
  if (existsSync(cached) || (await download(asset, cached, context.log))) {
    await copyFile(cached, to);
    return "upstream";
  }
  return makeInstead(context, asset, to);
}

/** Whether the archive could be had from its home, with the hash that its home gives for it. */
async function download({ file, url, sums }: ReleaseAsset, to: string, log: Log): Promise<boolean> {
  if (!(await githubAnswers())) return false;
  await mkdir(join(to, ".."), { recursive: true });
  const part = `${to}.part`;
  try {
    await step(log, `downloading ${file}`, async () => {
      const [archive, list] = await Promise.all([get(`${url}/${file}`), get(`${url}/${sums}`)]);
      await writeFile(part, Buffer.from(await archive.arrayBuffer()));
      const sha256 = await sha256Of(part);
      const listed = (await list.text()).split("\n").some((line) => line.startsWith(sha256) && line.endsWith(file));
      if (!listed) throw new Error(`its sha256 ${sha256} is not in ${sums}`);
      await rename(part, to);
    });
    return true;
  } catch (error) {
    log(`${file} cannot be had from ${url}: ${(error as Error).message}`);
    await rm(part, { force: true });
    return false;
  }
}

async function get(url: string): Promise<Response> {
  const response = await fetch(url, { signal: AbortSignal.timeout(DOWNLOAD_TIMEOUT_MS) });
  if (!response.ok) throw new Error(`${url} says ${response.status}`);
  return response;
}

async function makeInstead({ workshop, lab }: HostContext, asset: ReleaseAsset, to: string): Promise<string> {
  const image = await (asset.fallback === "toolkit" ? workshop.toolkit() : workshop.named(asset.fallback));
  const container = `${lab.network}-copy`;
  await run(["docker", "create", "--name", container, "--label", lab.label, image, "none"]);
  try {
    await run(["docker", "cp", `${container}:/out/releases/${asset.file}`, to]);
    if (asset.source !== undefined) return asset.source;
    await run(["docker", "cp", `${container}:/out/releases/${asset.file}.source`, `${to}.source`]);
  } finally {
    await run(["docker", "rm", "--force", container]);
  }
  const source = await readFile(`${to}.source`, "utf8");
  await rm(`${to}.source`);
  return source.trim();
}

async function sha256Of(path: string): Promise<string> {
  const hash = createHash("sha256");
  await pipeline(createReadStream(path), hash);
  return hash.digest("hex");
}
