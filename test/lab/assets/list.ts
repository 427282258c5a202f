import { imagePins, releasePins } from "../../../roles/versions.ts";

/** Versions of what the stand-ins stand in for; build arguments of their Dockerfile. */
export const versions = {
  GRAFANA_VERSION: imagePins.grafana.tag,
  LOKI_VERSION: imagePins.loki.tag,
  NODE_EXPORTER_VERSION: releasePins.node_exporter.version,
  PROCESS_EXPORTER_VERSION: releasePins.process_exporter.version,
  PROMTAIL_VERSION: releasePins.promtail.version,
  TEMPO_VERSION: imagePins.tempo.tag,
} as const;

/** A container image that the roles pull, by its name on Docker Hub. */
export interface ImageAsset {
  readonly name: string;
  /** The folder under images/ that makes it where Docker Hub does not answer. */
  readonly fallback: "caddy" | "grafana" | "loki" | "prometheus" | "tempo";
  readonly source: string;
  /** Proofs of `playbooks/verify.mts` that cannot hold with it. */
  readonly lacks?: readonly string[];
}

/** A release archive that the roles fetch. */
export interface ReleaseAsset {
  readonly file: string;
  readonly url: string;
  /** The checksum file that upstream puts beside it. */
  readonly sums: string;
  /** The image whose /out/releases has it where GitHub does not answer. */
  readonly fallback: "exporters" | "toolkit";
  /** What that one is. Without it, the image says so itself, in a file beside the archive. */
  readonly source?: string;
}

/** All images that the registry mirror must have. */
export const imageAssets: readonly ImageAsset[] = [
  { name: `grafana/grafana:${versions.GRAFANA_VERSION}`, fallback: "grafana", source: "lab: stand-in", lacks: [] },
  { name: `grafana/loki:${versions.LOKI_VERSION}`, fallback: "loki", source: "lab: stand-in", lacks: [] },
  {
    name: `grafana/tempo:${versions.TEMPO_VERSION}`,
    fallback: "tempo",
    source: "lab: stand-in",
    // It speaks no gRPC, which is all that applications speak, and draws no graph.
    lacks: ["traces by gRPC", "service graph", "application traces"],
  },
  { name: `caddy:${imagePins.gateway.tag}`, fallback: "caddy", source: "lab: Debian 13 package" },
  { name: `prom/prometheus:${imagePins.prometheus.tag}`, fallback: "prometheus", source: "lab: Debian 13 package" },
];

const promtailUrl = `https://github.com/grafana/loki/releases/download/v${versions.PROMTAIL_VERSION}`;
const exporterUrl = `https://github.com/prometheus/node_exporter/releases/download/v${versions.NODE_EXPORTER_VERSION}`;
const processExporterUrl = `https://github.com/ncabatoff/process-exporter/releases/download/v${versions.PROCESS_EXPORTER_VERSION}`;

/** All archives that the file server must have. */
export const releaseAssets: readonly ReleaseAsset[] = ["amd64", "arm64"].flatMap((architecture): ReleaseAsset[] => [
  {
    file: `promtail-linux-${architecture}.zip`,
    url: promtailUrl,
    sums: "SHA256SUMS",
    fallback: "toolkit",
    source: "lab: stand-in",
  },
  {
    file: `node_exporter-${versions.NODE_EXPORTER_VERSION}.linux-${architecture}.tar.gz`,
    url: exporterUrl,
    sums: "sha256sums.txt",
    fallback: "exporters",
  },
  {
    file: `process-exporter-${versions.PROCESS_EXPORTER_VERSION}.linux-${architecture}.tar.gz`,
    url: processExporterUrl,
    sums: "checksums.txt",
    fallback: "exporters",
  },
]);
