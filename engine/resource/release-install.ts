import { basename } from "node:path";
import { lines, type Script, sh } from "../shell/sh.ts";
import { above, enterFolderOf, folders, putLink } from "./folder.ts";
import { fetchArchive } from "./release-fetch.ts";

export interface ReleaseDesired {
  readonly name: string;
  readonly version: string;
  /** Of the archive: .zip, .tar.gz or .tgz. May be http: what arrives is checked against `sha256`. */
  readonly url: string;
  /** Of the archive, in hexadecimal. */
  readonly sha256: string;
  /** Names of hosts that the URL may lead on to, besides its own. */
  readonly hosts?: readonly string[];
  /** What is larger is refused; 1 GiB unless given. */
  readonly maxBytes?: number;
  /** Path inside the archive → name under the version's directory. */
  readonly files: Readonly<Record<string, string>>;
  /** Absolute path of a link → name under the version's directory. */
  readonly links: Readonly<Record<string, string>>;
  /** "/opt" unless given: the release lies in `dir/name/version`. */
  readonly dir?: string;
}

/** Where this version lies. */
export function versionDir({ dir = "/opt", name, version }: ReleaseDesired): string {
  return `${dir}/${name}/${version}`;
}

/** Where its files lie, in order. */
export function filePaths(desired: ReleaseDesired): readonly string[] {
  return Object.values(desired.files).map((name) => `${versionDir(desired)}/${name}`);
}

/**
 * Script that downloads, checks, unpacks and puts the version in place. Whatever fails before the last rename leaves the
 * host as it was. Expects to run in a subshell: it sets a trap.
 */
export function install(desired: ReleaseDesired): Script {
  const { name, version } = desired;
  const target = versionDir(desired);
  return sh`
    refuse() { printf 'release %s %s: %s (nothing was changed)\n' ${name} ${version} "$1" >&2; exit 1; }
    ${findUnzip(desired)}
    ${enterFolderOf(target, "make")}
    stage
    mkdir -- tree new
    if [ -n "\${early-}" ]; then mv -- "$early/archive" archive
    else ${fetchArchive(desired)}
    fi
    ${checkHash(desired)}
    ${unpack(desired)}
    ${lines(Object.entries(desired.files).map(([path, file]) => pick(path.replace(/^(\.?\/)+/, ""), file)))}
    ${seal("new", desired)}
    ${place(desired)}
    # Its folder may be new as well.
    fsync .. ../..`;
}

/** A version that is there already, damaged, gets its programs one by one: at no moment is one of them missing. */
function place(desired: ReleaseDesired): Script {
  const target = versionDir(desired);
  const files = Object.values(desired.files);
  return sh`
    if [ -d ${above(target)} ] && [ ! -L ${above(target)} ]; then
      (
      exec 7<.
      cd -P ..
      down ${basename(target)}
      for file in ${files}; do
        if [ -d "$file" ] && [ ! -L "$file" ]; then refuse "$file is a directory in "${target}": remove it, then run again"; fi
      done
      # The folder that we staged in, whatever its name leads to by now.
      mv -f -- ${files.map((file) => `/proc/self/fd/7/new/${file}`)} .
      ${seal(".", desired)}
      )
    else
      if [ -e ${above(target)} ] || [ -L ${above(target)} ]; then mv -T -- ${above(target)} old; fi
      mv -T -- new ${above(target)}
    fi`;
}

/** Script that gives installed files their owner and mode again, and notes them as they then are. */
export function adopt(desired: ReleaseDesired): Script {
  return sh`
    ${folders}
    enter ${versionDir(desired)}
    ${seal(".", desired)}`;
}

/** Script that makes or turns one link. */
export function turnLink(path: string, target: string): Script {
  return sh`
    ${enterFolderOf(path, "make")}
    ${putLink(path, target)}`;
}

function checkHash({ url, sha256 }: ReleaseDesired): Script {
  return sh`
    found=$(sha256sum <archive)
    found=\${found%% *}
    [ "$found" = ${sha256} ] || {
      size=$(wc -c <archive)
      printf '%s\n' \
        "  downloaded "${url} \
        "  wanted     sha256 "${sha256} \
        "  found      sha256 $found ($((size)) bytes)" \
        '  Was the version changed without its hash, or does a proxy answer in place of the server?' >&2
      refuse 'the archive is not the one that was asked for'
    }`;
}

/** Known before a long download: what unpacks a .zip here. */
function findUnzip({ url }: ReleaseDesired): Script {
  if (!url.endsWith(".zip")) return sh``;
  return sh`
    into=
    if command -v unzip >/dev/null; then unzip='unzip -q'
    elif command -v busybox >/dev/null; then unzip='busybox unzip -q'
    elif command -v python3 >/dev/null; then unzip='python3 -m zipfile -e'; into=.
    else refuse 'nothing here unpacks a .zip: install the package unzip first (apt-get install unzip)'; fi`;
}

function unpack({ url }: ReleaseDesired): Script {
  // "-o": not to the owners that the archive names.
  if (!url.endsWith(".zip")) return sh`tar -xzo -f archive -C tree || refuse 'tar cannot unpack it'`;
  return sh`(cd -- tree && $unzip ../archive $into) || refuse "$unzip cannot unpack it"`;
}

function pick(path: string, file: string): Script {
  return sh`
    [ -f tree/${path} ] && [ ! -L tree/${path} ] || {
      echo "the archive holds:" >&2
      (cd -- tree && find . -type f | head -n 20 | sed 's,^\./,  ,') >&2
      refuse "the archive holds no file "${path}
    }
    mv -- tree/${path} new/${file}`;
}

/**
 * Owner and mode, then the manifest: `sha256sum -c .sha256` reads it. The stamps are taken last, since a change of
 * mode changes the ctime, and a rename of the file; that of the directory does not. All of it is then on the disk.
 */
function seal(dir: string, desired: ReleaseDesired): Script {
  const files = filePaths(desired).map((path) => basename(path));
  return sh`
    chown root:root -- ${dir}
    chmod 0755 -- ${dir}
    (
      cd -P -- ./${dir}
      for file in ${files}; do
        [ -f "$file" ] && [ ! -L "$file" ] || deny "$file is not the file that was installed: remove it, then run again"
      done
      chown root:root -- ${files}
      chmod 0755 -- ${files}
      {
        printf '# archive %s\n' ${desired.sha256}
        sha256sum -- ${files}
        stat -c ${`# stamp %i %s %Y %Z ${versionDir(desired).replaceAll("%", "%%")}/%n`} -- ${files}
      } >.sha256.new
      fsync ${files} .sha256.new
      mv -f -- .sha256.new .sha256
      fsync .
    )`;
}
