import {
  architecture,
  type Facts,
  group,
  type HostVars,
  list,
  optional,
  type Resource,
  release,
  type Site,
  string,
  user,
  type WantedRelease,
} from "hostwright";
import { varsOfHost } from "./hosts.ts";
import { GITHUB_FILE_HOSTS, programSupportNotes, provenance, type ReleasePin } from "./versions.ts";

type Architecture = ReturnType<typeof architecture>;

/** A program that its authors publish as one archive an architecture. */
export interface Program {
  readonly name: string;
  readonly pin: ReleasePin;
  readonly version: string;
  readonly checksums: string;
  archive(architecture: Architecture): string;
  /** Where the program is in the archive. */
  inside(architecture: Architecture): string;
}

/** Where hosts get programs from. */
export const programVars = {
  release_mirror: optional(
    string("A URL whose folder has the release archives under their upstream names; unset: GitHub", {
      format: "folder-url",
    }),
  ),
  release_hosts: list(
    "Hosts that release archives and their checksum files may be redirected to, besides GitHub's own for GitHub's",
    string("A host's name", { pattern: "^[a-z0-9][a-z0-9.-]*$" }),
    { default: [] },
  ),
};

/** The host's programs of the architecture that it is of, without a pin. With a mirror nobody but that is asked: it has the checksum files as well. */
export function wantedReleases(
  programs: readonly Program[],
  { machine }: Facts,
  { host }: Site,
): readonly WantedRelease[] {
  const arch = architecture(machine);
  return programs.filter((program) => !pinned(program, arch)).map((program) => wanted(program, arch, host));
}

function wanted(program: Program, arch: Architecture, host: HostVars): WantedRelease {
  const { checksums, version } = program;
  const { release_mirror: mirror } = varsOfHost(programVars, host);
  const hosts = fileHosts(host);
  const [file, upstream] = [program.archive(arch), `${folderOf(program)}/${checksums}`];
  if (mirror === undefined) return { file, checksumsUrl: upstream, hosts };
  // A mirror's folder has one checksum file for all versions: the version is said, so that another one's hash is not taken.
  return { file, checksumsUrl: `${mirror}/${checksums}#${version}`, alsoFrom: [upstream], hosts };
}

/** Where the URL of an archive may lead on to. */
function fileHosts(host: HostVars): readonly string[] {
  const { release_mirror: mirror, release_hosts: own } = varsOfHost(programVars, host);
  return mirror === undefined ? [...GITHUB_FILE_HOSTS, ...own] : own;
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
export function releaseResource(program: Program, { machine }: Facts, site: Site): Resource {
  const arch = architecture(machine);
  const archive = program.archive(arch);
  const { release_mirror: mirror } = varsOfHost(programVars, site.host);
  return release(
    {
      name: program.name,
      version: program.version,
      url: `${mirror ?? folderOf(program)}/${archive}`,
      sha256: hashOf(program, arch, site),
      hosts: fileHosts(site.host),
      files: { [program.inside(arch)]: program.name },
      links: { [binary(program)]: program.name },
    },
    { tags: [program.name] },
  );
}

/** A user of the program's own, in a group of its own, whom nobody logs in as. */
export function account(name: string): readonly Resource[] {
  const tags = [name];
  return [
    group({ name, system: true }, { tags }),
    user({ name, group: name, shell: "/usr/sbin/nologin", system: true }, { tags }),
  ];
}

/** What the recap says of a program: what it really is, and until when it is supported. */
export function programNotes(program: Program, { machine }: Facts, site: Site, today: Date): readonly string[] {
  return [...provenance([program.archive(architecture(machine))], site), ...programSupportNotes(program, today)];
}

/** The folder of the release, without a slash at its end. */
function folderOf({ pin, version }: Program): string {
  return `https://github.com/${pin.repository}/releases/download/v${version}`;
}

/** The lock file wins: whoever wrote a hash there, or had it read there, did so on purpose. */
function hashOf(program: Program, architecture: Architecture, { releases }: Site): string {
  const archive = program.archive(architecture);
  const hash = releases[archive]?.sha256 ?? pinned(program, architecture);
  if (hash) return hash;
  throw new Error(`release ${archive}: found no sha256 in the lock file beside the inventory, and the role has no pin`);
}

function pinned({ pin, version }: Program, architecture: Architecture): string | undefined {
  return pin.sha256[version]?.[architecture];
}
