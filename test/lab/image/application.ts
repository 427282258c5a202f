import { copyFile, mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { attempt } from "../command.ts";
import { type Log, step } from "../log.ts";
import { ensurePrograms } from "../machine/packages.ts";
import { ensureImage, hashFolder } from "./build.ts";

const PROJECT = join(import.meta.dirname, "../spring");
const DOCKERFILE = join(import.meta.dirname, "../images/jar/Dockerfile");
const BUILD_TIMEOUT_MS = 600_000;

const needs = [
  { program: "mvn", packages: ["maven"], why: "builds the lab's Spring Boot application" },
  { program: "javac", packages: ["openjdk-17-jdk-headless"], why: "compiles it" },
];

/**
 * The image that holds the application's jar, made by this machine's own Maven, with its settings, and so its mirror;
 * undefined, with a line that says why, where it cannot be made.
 */
export async function ensureApplication(cacheDir: string, log: Log): Promise<string | undefined> {
  const folder = join(cacheDir, `application-${hashFolder(PROJECT).slice(0, 12)}`);
  const dockerfile = join(folder, "Dockerfile");
  if (!(await isThere(dockerfile))) {
    const problem = await build(folder, log);
    if (problem !== undefined) {
      log(`the Spring Boot application cannot be made: ${problem}`);
      return undefined;
    }
    // Last: with it the folder is complete.
    await copyFile(DOCKERFILE, dockerfile);
  }
  return ensureImage({ name: "application", folder, args: {} }, log);
}

async function isThere(path: string): Promise<boolean> {
  return (await attempt(["test", "-e", path])).exitCode === 0;
}

/** Leaves the jar in the folder; returns why not, else nothing. */
async function build(folder: string, log: Log): Promise<string | undefined> {
  const work = `${folder}.work`;
  try {
    await ensurePrograms(needs, log);
    const output = await step(log, "the Spring Boot application, by Maven", () =>
      attempt(["mvn", "--batch-mode", "--quiet", "-f", join(PROJECT, "pom.xml"), `-Dbuild.folder=${work}`, "package"], {
        timeout: BUILD_TIMEOUT_MS,
      }),
    );
    if (output.exitCode !== 0) return complaint(`${output.stdout}\n${output.stderr}`);
    await mkdir(folder, { recursive: true });
    await copyFile(join(work, "fittoring.jar"), join(folder, "fittoring.jar"));
    return undefined;
  } catch (error) {
    return (error as Error).message;
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

/** What Maven said first of an error, as "Could not transfer artifact … from central". */
export function complaint(said: string): string {
  const errors = [...said.matchAll(/ERROR\S*[ \t]+(?!\[|Some problems)(\S.*)$/gm)].map(([, text = ""]) => text.trim());
  return errors[0] ?? "Maven did not say why; is Maven Central reachable?";
}
