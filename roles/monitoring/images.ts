/**
 * The one place where images are pinned. A tag is moved here, after reading the release notes, and nowhere else.
 * Each is multi-architecture: linux/arm64 and linux/amd64.
 */
export const images = {
  /** Supported until 2027-05-24. The 12.4 line has its data sources in the core; 13 runs each as a process of its own. */
  grafana: "grafana/grafana:12.4.11",
  /** The version of the team that this stack was made for. Its line ended 2025-11-17; 3.7 is the living one. */
  loki: "grafana/loki:3.4.1",
  /** 3.13 is the long-term line, supported until 2027-07-31. */
  prometheus: "prom/prometheus:v3.13.4",
  /** 3.0 is the first whose image can say that it is ready. There is no way back from 3 to 2. */
  tempo: "grafana/tempo:3.0.3",
} as const;

/**
 * What an image var may be: with a tag, and not one that moves. grafana/grafana-oss gets no images since 12.4, so a
 * team that pins it pins known holes.
 */
export const IMAGE_PATTERN =
  "^(?!.*grafana-oss)(?!.*:latest)([a-z0-9.-]+(:[0-9]+)?/)?[a-z0-9._/-]+:[A-Za-z0-9_][A-Za-z0-9._-]*(@sha256:[0-9a-f]{64})?$";

type Version = readonly [major: number, minor: number, patch: number];

/** The version that an image's tag names. Throws on a tag that names none: configuration depends on the version. */
export function imageVersion(image: string): Version {
  const match = /:v?(\d+)\.(\d+)\.(\d+)(?:[-@].*)?$/.exec(image);
  if (!match) throw new Error(`image ${image}: found no version in the tag, expected one such as 3.4.1`);
  return [Number(match[1]), Number(match[2]), Number(match[3])];
}

/** Compose's `test:` of Grafana's health check. */
export function grafanaHealth(): readonly string[] {
  return ["CMD", "wget", "-q", "--spider", "http://127.0.0.1:3000/api/health"];
}

/** Compose's `test:` of Loki's health check: busybox was dropped from the image before `-health` came. */
export function lokiHealth(image: string): readonly string[] {
  const version = imageVersion(image);
  if (isBefore(version, [3, 5, 8])) return ["CMD", "/busybox/wget", "-q", "--spider", "http://127.0.0.1:3100/ready"];
  if (!isBefore(version, [3, 6, 5])) return ["CMD", "/usr/bin/loki", "-health"];
  throw new Error(`loki_image ${image}: cannot be health-checked; use 3.5.7 or older, or 3.6.5 or newer`);
}

/** Compose's `test:` of Prometheus' health check. */
export function prometheusHealth(): readonly string[] {
  return ["CMD", "wget", "-q", "--spider", "http://127.0.0.1:9090/-/ready"];
}

/** Compose's `test:` of Tempo's health check. */
export function tempoHealth(image: string): readonly string[] {
  const [major] = imageVersion(image);
  if (major >= 3) return ["CMD", "/tempo", "-health"];
  throw new Error(`tempo_image ${image}: found major ${major}, expected 3; Tempo 2 has another configuration`);
}

function isBefore(version: Version, other: Version): boolean {
  const index = version.findIndex((number, at) => number !== other[at]);
  return index >= 0 && (version[index] ?? 0) < (other[index] ?? 0);
}
