import { VarError } from "hostwright";
import { imagePins, reference } from "../versions.ts";

/** The images that the role uses unless vars say otherwise. */
export const images = {
  grafana: reference(imagePins.grafana),
  loki: reference(imagePins.loki),
  prometheus: reference(imagePins.prometheus),
  tempo: reference(imagePins.tempo),
} as const;

/**
 * What an image var may be: with a tag, and not one that moves. grafana/grafana-oss gets no images since 12.4, so a
 * team that pins it pins known holes.
 */
export const IMAGE_PATTERN =
  "^(?!.*grafana-oss)(?!.*:latest)([a-z0-9.-]+(:[0-9]+)?/)?[a-z0-9._/-]+:[A-Za-z0-9_][A-Za-z0-9._-]*(@sha256:[0-9a-f]{64})?$";

type Version = readonly [major: number, minor: number, patch: number];

/** The version that the tag of this var's image names. Throws on a tag that names none: configuration depends on the version. */
export function imageVersion(image: string, variable: string): Version {
  const match = /:v?(\d+)\.(\d+)\.(\d+)(?:[-@].*)?$/.exec(image);
  if (!match) throw new VarError(variable, `found no version in the tag of ${image}, expected one such as 3.4.1`);
  return [Number(match[1]), Number(match[2]), Number(match[3])];
}

/** Compose's `test:` of Grafana's health check. */
export function grafanaHealth(): readonly string[] {
  return ["CMD", "wget", "-q", "--spider", "http://127.0.0.1:3000/api/health"];
}

/** Compose's `test:` of Loki's health check: busybox was dropped from the image before `-health` came. */
export function lokiHealth(image: string): readonly string[] {
  const version = imageVersion(image, "loki_image");
  if (isBefore(version, [3, 5, 8])) return ["CMD", "/busybox/wget", "-q", "--spider", "http://127.0.0.1:3100/ready"];
  if (!isBefore(version, [3, 6, 5])) return ["CMD", "/usr/bin/loki", "-health"];
  throw new VarError(
    "loki_image",
    `found ${image}, which cannot be health-checked, expected 3.5.7 or older, or 3.6.5 or newer`,
  );
}

/** Compose's `test:` of the gateway's health check. */
export function gatewayHealth(): readonly string[] {
  return ["CMD", "wget", "-q", "--spider", "http://127.0.0.1:2020/"];
}

/** Compose's `test:` of Prometheus' health check. */
export function prometheusHealth(): readonly string[] {
  return ["CMD", "wget", "-q", "--spider", "http://127.0.0.1:9090/-/ready"];
}

/** Compose's `test:` of Tempo's health check; nothing for Tempo 2, whose image has no shell and no flag for it. */
export function tempoHealth(image: string): readonly string[] {
  return tempoMajor(image) === 3 ? ["CMD", "/tempo", "-health"] : [];
}

/** Which of the two configurations Tempo reads. Throws on a major that there is none for. */
export function tempoMajor(image: string): 2 | 3 {
  const [major] = imageVersion(image, "tempo_image");
  if (major === 2 || major === 3) return major;
  throw new VarError("tempo_image", `found major ${major}, expected 2 or 3: each has a configuration of its own`);
}

function isBefore(version: Version, other: Version): boolean {
  const index = version.findIndex((number, at) => number !== other[at]);
  return index >= 0 && (version[index] ?? 0) < (other[index] ?? 0);
}
