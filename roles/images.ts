import { integer, optional, type Site, string, VarError } from "hostwright";
import { tagged } from "./versions.ts";

/**
 * What an image var may be: with a tag, and not one that moves. grafana/grafana-oss gets no images since 12.4, so a
 * team that pins it pins known holes.
 */
export const IMAGE_PATTERN =
  "^(?!.*grafana-oss)(?!.*:latest)([a-z0-9.-]+(:[0-9]+)?/)?[a-z0-9._/-]+:[A-Za-z0-9_][A-Za-z0-9._-]*(@sha256:[0-9a-f]{64})?$";

const LARGEST_MEMORY_MB = 4_194_304;

/** The var of a program's image. */
export function imageVar(name: string, pinned: string) {
  return string(`Image of ${name}, with a tag that does not move: no "latest", no "grafana-oss"`, {
    pattern: IMAGE_PATTERN,
    default: pinned,
  });
}

/** The var of a container's memory. */
export function memoryVar(name: string) {
  return optional(
    integer(`Memory limit of ${name}'s container in MB; it gets no swap. Unset: a share of the host's memory`, {
      minimum: 64,
      maximum: LARGEST_MEMORY_MB,
    }),
  );
}

/** Whoever serves another image under this name (a lab: its lock file says so) has another digest. */
export function imageAt(image: string, { releases }: Site): string {
  const source = releases[tagged(image)]?.source ?? "upstream";
  return source === "upstream" ? image : tagged(image);
}

type Version = readonly [major: number, minor: number, patch: number];

/** The version that the tag of this var's image names. Throws on a tag that names none: configuration depends on the version. */
export function imageVersion(image: string, variable: string): Version {
  const match = /:v?(\d+)\.(\d+)\.(\d+)(?:[-@].*)?$/.exec(image);
  if (!match)
    throw new VarError(variable, { found: `no version in the tag of ${image}`, expected: "one such as 3.4.1" });
  return [Number(match[1]), Number(match[2]), Number(match[3])];
}

export function isBefore(version: Version, other: Version): boolean {
  const index = version.findIndex((number, at) => number !== other[at]);
  return index >= 0 && (version[index] ?? 0) < (other[index] ?? 0);
}
