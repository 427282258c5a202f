import { join } from "node:path";
import { versions } from "./assets/list.ts";
import { hubAnswers } from "./assets/upstream.ts";
import { type Architecture, isEmulated, type Lab, type LabHost, machineArchitecture } from "./identity.ts";
import { ensureApplication } from "./image/application.ts";
import { type Base, ensureBase } from "./image/base.ts";
import { ensureImage } from "./image/build.ts";
import { exclusively } from "./lock.ts";
import type { Log } from "./log.ts";
import { ensureEmulation } from "./machine/emulation.ts";

/** Makes images, each at most once a run. Every function returns the image's local tag. */
export interface Workshop {
  /** The image of a host. */
  readonly host: (host: Pick<LabHost, "kind" | "architecture" | "application">) => Promise<string>;
  /** Holds /out/ARCHITECTURE/NAME: the lab's application, the stand-ins, the file server. */
  readonly toolkit: () => Promise<string>;
  /** An image by the name of its folder, on Debian 13 of this machine's architecture. */
  readonly named: (name: ImageName) => Promise<string>;
}

/** A folder under images/ that stands on nothing but what `needs` says. */
export type ImageName = keyof typeof needs;

// Only what a Dockerfile uses: anything more would make it anew without a reason.
const needs = {
  assets: ["BASE", "TOOLKIT", "ARCHITECTURE"],
  caddy: ["BASE"],
  exporters: ["BASE", "NODE_EXPORTER_VERSION", "PROCESS_EXPORTER_VERSION"],
  grafana: ["TOOLKIT", "ARCHITECTURE"],
  loki: ["TOOLKIT", "ARCHITECTURE"],
  prometheus: ["BASE"],
  tempo: ["TOOLKIT", "ARCHITECTURE"],
} as const;

/** All of them. */
export const imageNames = Object.keys(needs) as readonly ImageName[];

const SPRING = "spring";
const imagesDir = join(import.meta.dirname, "images");

/** Whether a host's image has the Spring Boot application, and not the program in its place. */
export function hasSpring(image: string): boolean {
  return image.startsWith(`hostwright-lab/${SPRING}-`);
}

/** A workshop that works for this run only. */
export function openWorkshop({ cacheDir, locksDir }: Lab, log: Log): Workshop {
  const native = machineArchitecture();
  // Two labs may want the same image at the same time; each image has a lock of its own.
  const once = memoize((name, work) => exclusively(join(locksDir, name.replaceAll(" ", "-")), log, work));

  const base = (wanted: Base) =>
    once(`base ${wanted.suite} ${wanted.architecture}`, async () => {
      if (isEmulated(wanted)) await ensureEmulation(log);
      return ensureBase(wanted, { hubAnswers, cacheDir, log });
    });

  const toolkit = () =>
    once("toolkit", async () => {
      const { NODE_EXPORTER_VERSION: _, PROCESS_EXPORTER_VERSION: __, ...own } = versions;
      const args = { BASE: await base({ suite: "trixie", architecture: native }), ...own };
      return ensureImage({ name: "toolkit", folder: join(import.meta.dirname, "stand-ins"), args }, log);
    });

  const machine = (suite: Base["suite"], architecture: Architecture) =>
    once(`machine ${suite} ${architecture}`, async () => {
      const args = { BASE: await base({ suite, architecture }) };
      return ensureImage({ name: `machine-${suite}-${architecture}`, folder: join(imagesDir, "machine"), args }, log);
    });

  const app = (architecture: Architecture) =>
    once(`app ${architecture}`, async () => {
      const [MACHINE, TOOLKIT] = await Promise.all([machine("bookworm", architecture), toolkit()]);
      const args = { MACHINE, TOOLKIT, ARCHITECTURE: architecture };
      return ensureImage({ name: `app-${architecture}`, folder: join(imagesDir, "app"), args }, log);
    });

  const spring = (architecture: Architecture) =>
    once(`${SPRING} ${architecture}`, async () => {
      const JAR = await ensureApplication(cacheDir, log);
      if (JAR === undefined) return app(architecture);
      const args = { MACHINE: await machine("bookworm", architecture), JAR };
      return ensureImage({ name: `${SPRING}-${architecture}`, folder: join(imagesDir, SPRING), args }, log);
    });

  const named = (name: ImageName) =>
    once(name, async () => {
      const args: Record<string, string> = {};
      for (const need of needs[name]) {
        if (need === "BASE") args.BASE = await base({ suite: "trixie", architecture: native });
        else if (need === "TOOLKIT") args.TOOLKIT = await toolkit();
        else args[need] = need === "ARCHITECTURE" ? native : versions[need];
      }
      return ensureImage({ name, folder: join(imagesDir, name), args }, log);
    });

  return {
    toolkit,
    named,
    host({ kind, architecture, application }) {
      if (kind === "mon") return machine("trixie", architecture);
      return application === "spring" ? spring(architecture) : app(architecture);
    },
  };
}

function memoize(wrap: (key: string, work: () => Promise<string>) => Promise<string>) {
  const running = new Map<string, Promise<string>>();
  return (key: string, work: () => Promise<string>): Promise<string> => {
    const known = running.get(key) ?? wrap(key, work);
    running.set(key, known);
    return known;
  };
}
