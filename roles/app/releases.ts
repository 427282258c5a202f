import {
  architecture,
  type Facts,
  type Resource,
  release,
  type Site,
  type VarsOf,
  type WantedRelease,
} from "hostwright";
import { hasMonitoring } from "../endpoints.ts";
import { type ReleasePin, releasePins } from "../versions.ts";
import type { appVars } from "./vars.ts";

type Vars = VarsOf<typeof appVars>;
type Architecture = ReturnType<typeof architecture>;

/** A program that its authors publish as one archive an architecture. */
export interface Program {
  readonly name: "promtail" | "alloy" | "node_exporter";
  readonly version: string;
  /** The folder of the release, without a slash at its end. */
  readonly folder: string;
  readonly checksums: string;
  archive(architecture: Architecture): string;
  /** Where the program is in the archive. */
  inside(architecture: Architecture): string;
}

/** Grafana's log shipper. Its archives exist up to 3.6.11, and are unsigned. */
export function promtail({ promtail_version: version }: Vars): Program {
  return {
    name: "promtail",
    version,
    folder: `https://github.com/grafana/loki/releases/download/v${version}`,
    checksums: "SHA256SUMS",
    archive: (architecture) => `promtail-linux-${architecture}.zip`,
    inside: (architecture) => `promtail-linux-${architecture}`,
  };
}

/** Promtail's successor. */
export function alloy({ alloy_version: version }: Vars): Program {
  return {
    name: "alloy",
    version,
    folder: `https://github.com/grafana/alloy/releases/download/v${version}`,
    checksums: "SHA256SUMS",
    archive: (architecture) => `alloy-linux-${architecture}.zip`,
    inside: (architecture) => `alloy-linux-${architecture}`,
  };
}

/** Prometheus' exporter of a host's own metrics. */
export function nodeExporter({ node_exporter_version: version }: Vars): Program {
  const stem = (architecture: Architecture) => `node_exporter-${version}.linux-${architecture}`;
  return {
    name: "node_exporter",
    version,
    folder: `https://github.com/prometheus/node_exporter/releases/download/v${version}`,
    checksums: "sha256sums.txt",
    archive: (architecture) => `${stem(architecture)}.tar.gz`,
    inside: (architecture) => `${stem(architecture)}/node_exporter`,
  };
}

/** Archives of the host's architecture without a pin. With a mirror nobody but that is asked: it has the checksum files as well. */
export function wantedReleases(vars: Vars, { machine }: Facts, site: Site): readonly WantedRelease[] {
  const arch = architecture(machine);
  const agent = vars.log_agent === "alloy" ? alloy(vars) : promtail(vars);
  return [...(hasMonitoring(site) ? [agent] : []), nodeExporter(vars)]
    .filter((program) => !pinned(program, arch))
    .map((program) => wanted(program, arch, vars));
}

function wanted(program: Program, arch: Architecture, { release_mirror: mirror }: Vars): WantedRelease {
  const { folder, checksums, version } = program;
  const [file, upstream] = [program.archive(arch), `${folder}/${checksums}`];
  if (mirror === undefined) return { file, checksumsUrl: upstream };
  // A mirror's folder has one checksum file for all versions: the version is said, so that another one's hash is not taken.
  return { file, checksumsUrl: `${mirror}/${checksums}#${version}`, alsoFrom: [upstream] };
}

/** The path at which units start the program. */
export function binary({ name }: Pick<Program, "name">): string {
  return `/usr/local/bin/${name}`;
}

/** The program itself, under /opt: a new link to the same file is no reason to restart. */
export function installed({ name, version }: Pick<Program, "name" | "version">): string {
  return `/opt/${name}/${version}/${name}`;
}

/** The program under /opt, linked to `binary`. Throws where nobody knows the archive's hash. */
export function releaseResource(program: Program, vars: Vars, machine: string, site: Site): Resource {
  const arch = architecture(machine);
  const archive = program.archive(arch);
  return release(
    {
      name: program.name,
      version: program.version,
      url: `${vars.release_mirror ?? program.folder}/${archive}`,
      sha256: hashOf(program, arch, site),
      files: { [program.inside(arch)]: program.name },
      links: { [binary(program)]: program.name },
    },
    { tags: [program.name] },
  );
}

/** The archive's own name, for a recap that says what it really is. */
export function archiveName(program: Program, machine: string): string {
  return program.archive(architecture(machine));
}

/** The lock file wins: whoever wrote a hash there, or had it read there, did so on purpose. */
function hashOf(program: Program, architecture: Architecture, { releases }: Site): string {
  const archive = program.archive(architecture);
  const hash = releases[archive]?.sha256 ?? pinned(program, architecture);
  if (hash) return hash;
  throw new Error(`release ${archive}: found no sha256 in the lock file beside the inventory, and the role has no pin`);
}

function pinned({ name, version }: Program, architecture: Architecture): string | undefined {
  const pin: ReleasePin = releasePins[name];
  return pin.sha256[version]?.[architecture];
}
