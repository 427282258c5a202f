/**
 * The one place where versions are pinned: images by tag and, where several public repositories agree on it, by digest;
 * release archives by the sha256 of each architecture, under the version that they are of. A digest or hash that nobody
 * could confirm is left out, never guessed. A version is moved here, after reading its release notes, and nowhere else.
 *
 * Renovate reads this file with the regular expressions in renovate.json: keep `image`, `tag`, `digest` and `repository`,
 * `version` on lines of their own, in this order.
 */
import type { Site } from "hostwright";

/** A container image. Each is multi-architecture: linux/arm64 and linux/amd64. */
export interface ImagePin {
  readonly image: string;
  readonly tag: string;
  readonly digest?: string;
  /** Why this one. */
  readonly reason: string;
  /** The day on which support of a line ("12.4") ends, as far as its authors have said. */
  readonly ends: Readonly<Record<string, string>>;
}

/** A program that is released as one archive an architecture. */
export interface ReleasePin {
  readonly repository: string;
  readonly version: string;
  readonly reason: string;
  /** By version: a new version starts without hashes, and gets them from its own checksum file and the lock file. */
  readonly sha256: Readonly<Record<string, Readonly<Record<"arm64" | "amd64", string>>>>;
  /** As of an image. "*" is every line. */
  readonly ends: Readonly<Record<string, string>>;
}

export const imagePins = {
  grafana: {
    image: "grafana/grafana",
    tag: "12.4.11",
    reason: "12.4 has its data sources in the core; 13 runs each as a process of its own, which a 2 GB host feels",
    ends: {
      "12.3": "2026-08-19",
      "12.4": "2027-05-24",
      "13.0": "2027-01-09",
      "13.1": "2027-03-20",
      "13.2": "2027-05-18",
    },
  },
  loki: {
    image: "grafana/loki",
    tag: "3.4.1",
    digest: "sha256:1d0c5ddc7644b88956aa0bd775ad796d9635180258a225d6ab3552751d5e2a66",
    reason:
      "the version of the team that this stack was made for, and the one that was measured; 3.7 is the living line",
    ends: { "3.4": "2025-11-17", "3.5": "2026-03-26" },
  },
  prometheus: {
    image: "prom/prometheus",
    tag: "v3.13.4",
    digest: "sha256:87861b8cf91579109319ebc300f3f1060e6da9c05d6ae8ad15a20c879e84e32e",
    reason: "3.13 is the long-term line",
    ends: { "3.5": "2026-07-31", "3.13": "2027-07-31" },
  },
  tempo: {
    image: "grafana/tempo",
    tag: "3.0.3",
    digest: "sha256:0296560ac66f8a3600d7fb3014a52c189d4d9c3549ad6ff441bf2409855d68d5",
    reason: "3.0 is the first whose image can say that it is ready; there is no way back from 3 to 2",
    ends: {},
  },
  gateway: {
    image: "caddy",
    tag: "2.11.7",
    reason: "the living line of Caddy 2; the configuration is also that of 2.6, which Debian has",
    ends: {},
  },
} as const satisfies Readonly<Record<string, ImagePin>>;

export const releasePins = {
  promtail: {
    repository: "grafana/loki",
    version: "3.4.1",
    reason: "the version of the team that this stack was made for; 3.6.11 was the last with archives of Promtail",
    // No two repositories agree on a hash of these archives.
    sha256: {},
    ends: { "*": "2026-03-02" },
  },
  alloy: {
    repository: "grafana/alloy",
    version: "1.20.1",
    reason: "the newest that was known when this was written, as Promtail's successor; not run here",
    // Of no archive do two repositories agree on a hash.
    sha256: {},
    ends: {},
  },
  node_exporter: {
    repository: "prometheus/node_exporter",
    version: "1.9.1",
    reason: "the version of the team that this stack was made for; flags and metrics are the same up to 1.12.1",
    sha256: {
      "1.9.1": {
        arm64: "848f139986f63232ced83babe3cad1679efdbb26c694737edc1f4fbd27b96203",
        amd64: "becb950ee80daa8ae7331d77966d94a611af79ad0d3307380907e0ec08f5b4e8",
      },
      "1.12.1": {
        arm64: "ad35b605f9954b9f1ffddf5ba054bdc5a98d790b9eae5291e1eeb83f1ecbd0e7",
        amd64: "b51d8a76aa2a9156a55d501aca6276fae09e262259a5e4e831d2c2222f084e63",
      },
    },
    ends: {},
  },
  process_exporter: {
    repository: "ncabatoff/process-exporter",
    version: "0.8.7",
    reason: "the newest that was known when this was written",
    // Of no archive do two repositories agree on a hash.
    sha256: {},
    ends: {},
  },
} as const satisfies Readonly<Record<string, ReleasePin>>;

/** Where GitHub's release pages lead on to for the files themselves: the second is of before 2025, and some archives are still there. */
export const GITHUB_FILE_HOSTS = ["release-assets.githubusercontent.com", "objects.githubusercontent.com"] as const;

/** Images of a major that is not the default, and that the role has a configuration for too. */
export const otherMajors = {
  tempo2: {
    image: "grafana/tempo",
    tag: "2.10.8",
    reason: "the last line before 3, for those who cannot move yet; its image has no way to say that it is ready",
    ends: {},
  },
} as const satisfies Readonly<Record<string, ImagePin>>;

/** `image:tag@digest`, or `image:tag` where no digest is known. */
export function reference({ image, tag, digest }: ImagePin): string {
  return digest === undefined ? `${image}:${tag}` : `${image}:${tag}@${digest}`;
}

/** The same without its digest: what a mirror calls it that serves images of its own. */
export function tagged(reference: string): string {
  return reference.replace(/@sha256:[0-9a-f]{64}$/, "");
}

/** How long before the end of support a run begins to say so. */
const NOTICE_DAYS = 60;
const DAY_MS = 86_400_000;

/** A line for each image in use whose line's support has ended on that day, or ends within 60 days. */
export function imageSupportNotes(images: readonly string[], today: Date): readonly string[] {
  return images.flatMap((used) => {
    const [, repository = "", line = ""] = /^(.+):v?(\d+\.\d+)[^/]*$/.exec(tagged(used)) ?? [];
    const pins: readonly ImagePin[] = Object.values(imagePins);
    const pin = pins.find(({ image }) => repository === image || repository.endsWith(`/${image}`));
    return pin ? supportNote(tagged(used), pin, line, today) : [];
  });
}

/** The same for a program of which this version is in use. */
export function programSupportNotes(
  { name, pin, version }: { readonly name: string; readonly pin: ReleasePin; readonly version: string },
  today: Date,
): readonly string[] {
  return supportNote(`${name} ${version}`, pin, version.replace(/\.\d+$/, ""), today);
}

/** A line for each of these images or archives that is not what upstream published under that name: a lab's stand-in. */
export function provenance(names: readonly string[], { releases }: Site): readonly string[] {
  return names.flatMap((name) => {
    const source = releases[name]?.source ?? "upstream";
    return source === "upstream" || source.startsWith("https://") ? [] : [`${name} is ${source}`];
  });
}

function supportNote(
  what: string,
  { ends, reason }: Pick<ImagePin, "ends" | "reason">,
  line: string,
  today: Date,
): readonly string[] {
  const end = ends[line] ?? ends["*"];
  if (end === undefined || Date.parse(end) - today.getTime() > NOTICE_DAYS * DAY_MS) return [];
  const verb = Date.parse(end) <= today.getTime() ? "ended" : "ends";
  return [`${what}: its support ${verb} on ${end} (${reason})`];
}
