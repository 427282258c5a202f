import { createHash } from "node:crypto";
import { mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { attempt, run } from "../command.ts";
import type { Architecture } from "../identity.ts";
import { LabError, type Log, step } from "../log.ts";
import { ensurePrograms, isRoot } from "../machine/packages.ts";
import { findMirror, type Mirror } from "./mirror.ts";

/** A Debian release for one architecture, on which all images of the lab are built. */
export interface Base {
  readonly suite: "bookworm" | "trixie";
  readonly architecture: Architecture;
}

/** Where bases come from, and where they may be put while they are made. */
export interface BaseSource {
  readonly hubAnswers: () => Promise<boolean>;
  readonly cacheDir: string;
  readonly log: Log;
}

const HUB_TAGS = { bookworm: "debian:12", trixie: "debian:13" };
// What all images need is put in at once: each run of apt costs half a minute under emulation.
const PACKAGES = "ca-certificates,dbus,iproute2,openssh-server,procps,sudo,systemd,systemd-sysv";
const DPKG_OPTIONS = [
  "force-unsafe-io",
  ...["doc", "man", "locale", "info"].map((folder) => `path-exclude=/usr/share/${folder}/*`),
];

/** The local tag of the base, pulled from Docker Hub or made from Debian's packages. */
export async function ensureBase(base: Base, source: BaseSource): Promise<string> {
  const tag = baseTag(base);
  if ((await attempt(["docker", "image", "inspect", tag])).exitCode === 0) return tag;
  if ((await source.hubAnswers()) && (await pull(base, tag, source.log))) return tag;
  const title = `base ${base.suite} ${base.architecture} from Debian's packages`;
  await step(source.log, title, () => bootstrap(base, tag, source));
  return tag;
}

function baseTag({ suite, architecture }: Base): string {
  const recipe = createHash("sha256")
    .update(JSON.stringify([PACKAGES, DPKG_OPTIONS]))
    .digest("hex")
    .slice(0, 12);
  return `hostwright-lab/base-${suite}-${architecture}:${recipe}`;
}

/** Whether Docker Hub gave it. */
async function pull({ suite, architecture }: Base, tag: string, log: Log): Promise<boolean> {
  const name = HUB_TAGS[suite];
  const pulled = await step(log, `base ${name} ${architecture} from Docker Hub`, () =>
    attempt(["docker", "pull", "--quiet", "--platform", `linux/${architecture}`, name]),
  );
  if (pulled.exitCode === 0) await run(["docker", "tag", name, tag]);
  else log(`${name} cannot be pulled: ${pulled.stderr.trim()}`);
  return pulled.exitCode === 0;
}

async function bootstrap(base: Base, tag: string, { cacheDir, log }: BaseSource): Promise<void> {
  if (!isRoot()) throw new LabError("Docker Hub does not answer, and only root may make a base image with mmdebstrap");
  const packages = ["mmdebstrap", "arch-test", "debian-archive-keyring"];
  await ensurePrograms([{ program: "mmdebstrap", packages, why: "makes a base image without Docker Hub" }], log);
  await mkdir(cacheDir, { recursive: true });
  const tar = join(cacheDir, `base-${base.suite}-${base.architecture}-${process.pid}.tar`);
  try {
    await run(mmdebstrap(base, tar, await findMirror()));
    await run(["docker", "import", "--platform", `linux/${base.architecture}`, tar, tag]);
  } finally {
    await rm(tar, { force: true });
  }
}

function mmdebstrap({ suite, architecture }: Base, tar: string, { main, security, proxy }: Mirror): string[] {
  return [
    // One process at a time, under emulation: a lab waits for it beside whatever else there is to do.
    ...["nice", "-n", "-10"],
    "mmdebstrap",
    "--variant=minbase",
    `--architectures=${architecture}`,
    `--include=${PACKAGES}`,
    "--keyring=/usr/share/keyrings/debian-archive-keyring.gpg",
    // The lists stay: reading them again inside an emulated container is slow.
    "--skip=cleanup/apt/lists",
    ...DPKG_OPTIONS.map((option) => `--dpkgopt=${option}`),
    ...(proxy === "" ? [] : [`--aptopt=Acquire::http::Proxy "${proxy}"`]),
    suite,
    tar,
    `deb ${main} ${suite} main`,
    `deb ${main} ${suite}-updates main`,
    `deb ${security} ${suite}-security main`,
  ];
}
