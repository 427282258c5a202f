import { createHash } from "node:crypto";
import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { attempt, run } from "../command.ts";
import { type Log, step } from "../log.ts";

/** A folder with a Dockerfile, and the build arguments that decide what comes out. */
export interface Recipe {
  readonly name: string;
  readonly folder: string;
  readonly args: Readonly<Record<string, string>>;
}

/** The tag of the image, which is a hash of all that goes into it. Builds only what is not there yet. */
export async function ensureImage(recipe: Recipe, log: Log): Promise<string> {
  const tag = imageTag(recipe);
  if ((await attempt(["docker", "image", "inspect", tag])).exitCode === 0) return tag;
  const args = Object.entries(recipe.args).flatMap(([name, value]) => ["--build-arg", `${name}=${value}`]);
  // The classic builder takes local images of another architecture as a base, and needs no plugin.
  const env = { ...process.env, DOCKER_BUILDKIT: "0" };
  await step(log, `image ${recipe.name}`, () =>
    run(["docker", "build", "--force-rm", ...args, "--tag", tag, recipe.folder], { env }),
  );
  return tag;
}

/** The tag that `ensureImage` would leave. */
export function imageTag({ name, folder, args }: Recipe): string {
  const hash = createHash("sha256").update(JSON.stringify(args)).update(hashFolder(folder));
  return `hostwright-lab/${name}:${hash.digest("hex").slice(0, 12)}`;
}

/** A hash over the names and contents of all files below the folder. */
export function hashFolder(folder: string): string {
  const hash = createHash("sha256");
  for (const path of filesBelow(folder)) hash.update(`\0${path}\0`).update(readFileSync(join(folder, path)));
  return hash.digest("hex");
}

function filesBelow(folder: string): string[] {
  const names = readdirSync(folder, { recursive: true, encoding: "utf8" });
  return names.filter((name) => statSync(join(folder, name)).isFile()).sort();
}
