import { lines, type Script, sh, splitLines } from "../shell/sh.ts";
import { type Made, madeAt } from "./made.ts";
import { fetchEarly } from "./release-fetch.ts";
import { adopt, filePaths, install, type ReleaseDesired, turnLink, versionDir } from "./release-install.ts";
import { type Change, compare, defineResource, ProbeError, touches } from "./resource.ts";
import { checkPath, parseStats, type Stat, statPaths } from "./stat.ts";
import { UnsupportedMachine } from "./unsupported.ts";

export type { ReleaseDesired } from "./release-install.ts";

interface ReleaseCurrent {
  /** The sha256 of the archive that this version was installed from, where its manifest says so. */
  readonly archive: string | undefined;
  readonly files: readonly { readonly name: string; readonly stat: Stat | undefined; readonly intact: boolean }[];
  /** What each link leads to; "(a file)" and the like where there is no link, `undefined` where nothing is. */
  readonly links: readonly (string | undefined)[];
}

/**
 * Hashing a binary of 90 MB takes longer than all other probes together. So a file whose inode, size and both times are
 * those that were noted when it was installed counts as the same; any other is hashed, and a mere `touch` forgiven.
 */
const hashChanged = sh`
  ${splitLines(sh`$stamps`)}
  for stamp do
    path=/\${stamp#*/}
    case "$manifests" in
      *"# stamp $stamp$newline"*) printf 'same %s\n' "$path" ;;
      *) hash=$(sha256sum <"$path"); printf 'hash %s %s\n' "\${hash%% *}" "$path" ;;
    esac
  done`;

/**
 * Programs from an archive, in a directory of their version, and links to them. The links turn last, once all else is on the
 * disk. Other versions stay where they are, for a way back. The id is the first link, so that a unit that names the link in its `config` follows the release.
 */
export const release = defineResource<ReleaseDesired, ReleaseCurrent>({
  name: "release",
  id(desired) {
    check(desired);
    return Object.keys(desired.links)[0] ?? versionDir(desired);
  },
  probe: (all) => sh`
    ${statPaths(all.flatMap(filePaths))}
    manifest() {
      [ -f "$2" ] || return 0
      while IFS= read -r line; do manifests="\${manifests}manifest $1 $line$newline"; done <"$2"
    }
    manifests=
    ${lines(all.map((desired, index) => sh`manifest ${index} ${`${versionDir(desired)}/.sha256`}`))}
    printf %s "$manifests"
    set -- ${all.flatMap(filePaths)}
    for path in "$@"; do
      shift
      if [ -f "$path" ] && [ ! -L "$path" ]; then set -- "$@" "$path"; fi
    done
    stamps=
    [ $# = 0 ] || stamps=$(stat -c '%i %s %Y %Z %n' -- "$@")
    ${hashChanged}
    link() {
      if [ -L "$1" ] && [ "$1" -ef "$2" ]; then echo 'link right'
      elif [ -L "$1" ]; then printf 'link to '; readlink -- "$1" | base64 | tr -d '\n'; echo
      elif [ -d "$1" ]; then echo 'link directory'
      elif [ -e "$1" ]; then echo 'link file'
      else echo 'link absent'; fi
    }
    ${lines(all.flatMap(linkPairs).map(([path, target]) => sh`link ${path} ${target}`))}`,
  parse: parseReleases,
  diff,
  refuses: (desired, { links }) =>
    linkPairs(desired)
      .filter((_, index) => links[index]?.startsWith("(a "))
      .map(
        ([path]) => `${path} is in the way and is not a link: move it away first, it may hold something of yours`,
      )[0],
  makes(desired, { files, links }) {
    const isNew = files.every(({ stat }) => stat === undefined);
    const turned = linkPairs(desired).flatMap(([path, target], index): readonly Made[] => {
      const before = links[index];
      // One that leads to another version of ours was noted when it was made.
      return before === target || versionOf(before, desired) !== undefined ? [] : madeAt(path, before !== undefined);
    });
    return [...(isNew ? [{ what: "tree", name: versionDir(desired) } as const] : []), ...turned];
  },
  keeps: ({ links }) => Object.keys(links),
  early: (desired, changes) => (touches(changes, "files") ? fetchEarly(desired) : undefined),
  apply,
});

/** The word for a machine, as `uname -m` names it, in the names of most archives. Throws on any but two. */
export function architecture(machine: string): "arm64" | "amd64" {
  if (machine === "aarch64" || machine === "arm64") return "arm64";
  if (machine === "x86_64" || machine === "amd64") return "amd64";
  throw new UnsupportedMachine(`no release is known for a machine of type "${machine}": aarch64 and x86_64 are known`);
}

function linkPairs(desired: ReleaseDesired): readonly (readonly [string, string])[] {
  return Object.entries(desired.links).map(([path, name]) => [path, `${versionDir(desired)}/${name}`]);
}

function check(desired: ReleaseDesired): void {
  const { name, version, url, sha256, files, links, dir = "/opt", hosts = [], maxBytes = 1 } = desired;
  const wrong = (problem: string) => new TypeError(`release ${name} ${version}: ${problem}`);
  const names = [name, version, ...Object.values(files)];
  const odd = names.find((word) => !/^[A-Za-z0-9_][A-Za-z0-9._+~-]*$/.test(word));
  if (odd !== undefined) throw wrong(`${JSON.stringify(odd)} is not a plain file name`);
  if (!/^[0-9a-f]{64}$/.test(sha256))
    throw wrong(`sha256 must be 64 hexadecimal digits, not ${JSON.stringify(sha256)}`);
  if (!/^https?:\/\/\S+\.(zip|tar\.gz|tgz)$/.test(url)) throw wrong(`not the URL of a .zip, .tar.gz or .tgz: ${url}`);
  const noHost = hosts.find((host) => !/^[a-z0-9.-]+$|^\[[0-9a-f:]+\]$/.test(host));
  if (noHost !== undefined) throw wrong(`not the name of a host, in lower case: ${JSON.stringify(noHost)}`);
  if (!Number.isSafeInteger(maxBytes) || maxBytes < 1)
    throw wrong(`maxBytes must be a whole number above 0, not ${maxBytes}`);
  if (Object.keys(files).length === 0) throw wrong("takes no file from the archive");
  const stray = Object.values(links).find((target) => !Object.values(files).includes(target));
  if (stray !== undefined) throw wrong(`a link leads to ${stray}, which is none of its files`);
  for (const path of [dir, ...Object.keys(links)]) checkPath(path);
}

function parseReleases(stdout: string, all: readonly ReleaseDesired[]): readonly ReleaseCurrent[] {
  const { stats, rest } = parseStats(stdout, all.flatMap(filePaths).length);
  const after = (word: string) =>
    rest.filter((line) => line.startsWith(`${word} `)).map((line) => line.slice(word.length + 1));
  const same = new Set(after("same"));
  const hashes = new Map(after("hash").map((line) => [line.slice(65), line.slice(0, 64)]));
  const links = after("link");
  const regular = stats.filter((stat) => stat?.type === "file").length;
  if (links.length !== all.flatMap(linkPairs).length || same.size + hashes.size !== regular)
    throw new ProbeError(`release: unexpected output: ${stdout.slice(0, 400)}`);
  const [nextStat, nextLink] = [stats.values(), links.values()];
  return all.map((desired, index) => {
    const manifest = after(`manifest ${index}`);
    const noted = new Map(manifest.map((line) => [line.slice(66), line.slice(0, 64)]));
    return {
      archive: /^# archive ([0-9a-f]{64})$/.exec(manifest[0] ?? "")?.[1],
      files: Object.values(desired.files).map((name) => {
        const path = `${versionDir(desired)}/${name}`;
        const hash = hashes.get(path);
        return { name, stat: nextStat.next().value, intact: same.has(path) || (!!hash && noted.get(name) === hash) };
      }),
      links: linkPairs(desired).map(([, target]) => parseLink(nextLink.next().value ?? "", target)),
    };
  });
}

/** What a link leads to; what else is there in parentheses; `undefined` where nothing is. */
function parseLink(line: string, target: string): string | undefined {
  const [word, base64 = ""] = line.split(" ");
  if (word === "right") return target;
  if (word === "to") return Buffer.from(base64, "base64").toString().replace(/\n$/, "");
  if (word === "absent") return undefined;
  if (word === "file" || word === "directory") return `(a ${word})`;
  throw new ProbeError(`release: unexpected line: link ${line}`);
}

function diff(desired: ReleaseDesired, { archive, files, links }: ReleaseCurrent): readonly Change[] {
  const damage = damageOf(desired, archive, files);
  const linkChanges = linkPairs(desired).flatMap(([path, target], index) => {
    const before = links[index];
    return before === target ? [] : [{ field: `link ${path}`, before, after: target }];
  });
  const linked = links.map((to) => versionOf(to, desired)).find((version) => version !== undefined);
  const found = linked ?? (damage === "absent" ? undefined : desired.version);
  const version = compare({ version: desired.version }, { version: found }).map(
    (change): Change => ({ ...change, isVersion: true }),
  );
  if (damage) return [...version, { field: "files", before: damage, after: "installed" }, ...linkChanges];
  const modes = files.map(({ stat }) => stat?.mode).filter((mode) => mode !== "0755");
  const owners = files.map(({ stat }) => `${stat?.owner}:${stat?.group}`).filter((owner) => owner !== "root:root");
  const rights = [
    ...modes.slice(0, 1).map((before) => ({ field: "mode", before, after: "0755" })),
    ...owners.slice(0, 1).map((before) => ({ field: "owner", before, after: "root:root" })),
  ];
  return [...version, ...rights, ...linkChanges];
}

/** What keeps the files from being those of the archive, if anything. */
function damageOf(
  { sha256 }: ReleaseDesired,
  archive: string | undefined,
  files: ReleaseCurrent["files"],
): string | undefined {
  if (files.every(({ stat }) => stat === undefined)) return "absent";
  if (archive !== sha256) return archive ? `from the archive ${archive.slice(0, 12)}` : "of unknown origin";
  const [bad] = files.filter(({ intact }) => !intact);
  return bad && `${bad.name} ${bad.stat ? "damaged" : "absent"}`;
}

/** The version that a link of ours leads to. */
function versionOf(target: string | undefined, desired: ReleaseDesired): string | undefined {
  const parent = versionDir({ ...desired, version: "" });
  return target?.startsWith(parent) ? target.slice(parent.length).split("/")[0] : undefined;
}

function apply(desired: ReleaseDesired, changes: readonly Change[]): Script {
  const files = touches(changes, "files") ? [install(desired)] : [];
  const rights = touches(changes, "mode", "owner") ? [adopt(desired)] : [];
  const links = linkPairs(desired)
    .filter(([path]) => touches(changes, `link ${path}`))
    .map(([path, target]) => turnLink(path, target));
  // A subshell each: every one cleans up after itself by a trap.
  return lines([...files, ...rights, ...links].map((script) => sh`( ${script}\n)`));
}
