import { createHash } from "node:crypto";
import { basename, dirname } from "node:path";
import { MASK, reveal, Secret, type Text } from "../shell/secret.ts";
import { lines, type Script, sh, splitLines } from "../shell/sh.ts";
import { enterFolderOf, folders, here } from "./folder.ts";
import { inARow } from "./in-a-row.ts";
import { madeAt } from "./made.ts";
import { type Change, compare, defineResource, type ResourceType, touches } from "./resource.ts";
import { checkMode, checkPath, keepPaths, parseStats, type Stat, spelledAs, statPaths } from "./stat.ts";

export interface FileDesired {
  readonly path: string;
  /** Whole content. A `Secret` is never shown in a diff. */
  readonly content: Text;
  /** Four octal digits, "0644" unless given. */
  readonly mode?: string;
  /** A name or a number; "root" unless given. */
  readonly owner?: string;
  /** Left as it comes unless given. */
  readonly group?: string;
  /** Script that fails if the staged copy must not go live; its stderr is what the run reports. */
  readonly validate?: (staged: Script) => Script;
}

/** What a file was found to be. */
export interface FileCurrent {
  readonly stat: Stat | undefined;
  readonly sha256: string | undefined;
  /** Asked for only where the content differs, is no secret, and is small. */
  readonly text: string | undefined;
  /** A folder is there, or a link to one: it is never replaced by a file. */
  readonly leadsToFolder: boolean;
}

/** Larger files are reported by hash only. */
const DIFF_LIMIT_BYTES = 65_536;

/** The five functions of `file`, for types that keep a file of their own: a unit, a compose project. */
export const fileType: ResourceType<FileDesired, FileCurrent> = {
  name: "file",
  id({ path, mode = "0644" }) {
    checkMode(mode);
    return checkPath(path);
  },
  probe: (all) => sh`
    ${statPaths(all.map(({ path }) => path))}
    set -- ${all.map(({ path }) => path)}
    ${keepPaths(sh`[ -f "$path" ] && [ ! -L "$path" ]`)}
    hashes=
    [ $# = 0 ] || hashes=$(sha256sum -- "$@")
    printf '%s\n' "$hashes"
    ${folders}
    # False for a file: then the hash was its own.
    show() {
      if [ -d "$3" ]; then printf 'folder %s\n' "$1"; return 0; fi
      [ -f "$3" ] && [ ! -L "$3" ] || return 0
      case "$4" in *"$2 "*) return 1 ;; esac
      [ "$(wc -c <"$3")" -le ${DIFF_LIMIT_BYTES} ] || return 1
      # Of a name that leads elsewhere nothing is shown.
      text=$(look "$3" 2>/dev/null && base64 <&3 | tr -d '\n') || return 1
      printf 'text %s %s\n' "$1" "$text"
      return 1
    }
    ${splitLines(sh`$hashes`)}
    ${lines(all.map(showScript))}`,
  parse(stdout, all) {
    const { stats, rest } = parseStats(stdout, all.length);
    const [texts, others] = partition(rest, (line) => line.startsWith("text "));
    const [folderLines, hashLines] = partition(others, (line) => line.startsWith("folder "));
    const hashes = hashLines.map((line) => line.replace("\\", "").slice(0, 64));
    const byIndex = new Map(texts.map(parseText));
    const inTheWay = new Set(folderLines.map((line) => Number(line.slice("folder ".length))));
    return stats.map((stat, index) => ({
      stat,
      sha256: stat?.type === "file" ? hashes.shift() : undefined,
      text: byIndex.get(index),
      leadsToFolder: inTheWay.has(index),
    }));
  },
  diff(desired, { stat, sha256, text }) {
    const owner = spelledAs(desired.owner, stat?.owner, stat?.uid);
    const group = spelledAs(desired.group, stat?.group, stat?.gid);
    const content = stat === undefined || stat.type === "file" ? sha256 : stat.type;
    const current = { content, mode: stat?.mode, owner, group };
    return compare(wanted(desired), current).map((change) => readable(change, desired, stat ? text : ""));
  },
  refuses: ({ path }, { leadsToFolder }) => (leadsToFolder ? `${path} ${IS_DIRECTORY}` : undefined),
  // A program that judges the copy looks at one, before the next goes live.
  inBulk: { takes: ({ validate }, changes) => !validate && touches(changes, "content"), apply: replaceAll },
  makes: ({ path, content }, { stat, sha256: found }) =>
    found === sha256(content) ? [] : madeAt(path, stat !== undefined),
  keeps: ({ path }) => [path],
  apply: (desired, changes) => sh`
    ${enterFolderOf(desired.path)}
    ${touches(changes, "content") ? replace(desired) : adjust(desired)}`,
};

const IS_DIRECTORY = "is a directory: remove it first, it may hold something of yours";

/** A regular file with this content, mode and owner. Replaced whole, by rename, after `validate` accepted it. */
export const file = defineResource(fileType);

/** The sha256 of a text, in hexadecimal. */
export function sha256(text: Text): string {
  return createHash("sha256").update(reveal(text)).digest("hex");
}

function wanted({ content, mode = "0644", owner = "root", group }: FileDesired): Record<string, string | undefined> {
  return { content: sha256(content), mode, owner, group };
}

function showScript({ content, path }: FileDesired, index: number): Script {
  // Of a secret nothing is shown: every line is one that it wants.
  return sh`show ${index} ${content instanceof Secret ? "" : sha256(content)} ${path} "\${1-}" || shift`;
}

function partition(
  all: readonly string[],
  test: (line: string) => boolean,
): readonly [readonly string[], readonly string[]] {
  return [all.filter(test), all.filter((line) => !test(line))];
}

function parseText(line: string): [number, string] {
  const [, index, base64 = ""] = line.split(" ");
  return [Number(index), Buffer.from(base64, "base64").toString()];
}

function readable(change: Change, { content }: FileDesired, before: string | undefined): Change {
  if (change.field !== "content") return change;
  // A hash is as good as the password to whoever guesses: what is short is found by trying.
  if (content instanceof Secret) return { ...change, before: change.before && MASK, after: MASK };
  const short = { ...change, before: change.before?.slice(0, 12), after: change.after?.slice(0, 12) };
  return before === undefined ? short : { ...short, text: { before, after: content } };
}

function replace(desired: FileDesired): Script {
  const { path, content, validate } = desired;
  // Owner and mode come before the rename: the content is never seen with wrong ones.
  return sh`
    [ ! -d ${here(path)} ] || deny ${`${path} ${IS_DIRECTORY}`}
    stage
    printf %s ${content} >new
    ${setOwnerAndMode(desired, "new")}
    ${validate ? validated(validate) : sh``}
    put new ${basename(path)}`;
}

/** A folder at a time, in order: all copies, then owners and modes, then all to the disk, then the renames, each by one process. */
function replaceAll(all: readonly FileDesired[]): Script {
  const inFolder = inARow(all, (one, other) => dirname(one.path) === dirname(other.path));
  return sh`
    ${folders}
    copy() {
      [ ! -d "../$1" ] || deny "$folder/$1 "${IS_DIRECTORY}
      printf %s "$2" >"./$1"
    }
    ${lines(inFolder.map(replaceIn))}`;
}

function replaceIn(files: readonly FileDesired[]): Script {
  const folder = dirname(files[0]?.path ?? "");
  const names = (some: readonly FileDesired[]) => some.map(({ path }) => `./${basename(path)}`);
  const owners = groupBy(files, ({ owner = "root", group }) => (group === undefined ? owner : `${owner}:${group}`));
  const modes = groupBy(files, ({ mode = "0644" }) => mode);
  // Owner and mode come before the rename here too. ".." is where we came from, whatever its name leads to by now.
  return sh`
    ( folder=${folder}
    enter "$folder"
    stage
    ${lines(files.map(({ path, content }) => sh`copy ${basename(path)} ${content}`))}
    ${lines([...owners].map(([owner, some]) => sh`chown -- ${owner} ${names(some)}`))}
    ${lines([...modes].map(([mode, some]) => sh`chmod -- ${mode} ${names(some)}`))}
    fsync ${names(files)} \${staged_in:+"$staged_in"}
    mv -f -- ${names(files)} ..
    fsync .. )`;
}

function groupBy<T>(all: readonly T[], keyOf: (one: T) => string): ReadonlyMap<string, readonly T[]> {
  const groups = new Map<string, T[]>();
  for (const one of all) {
    const group = groups.get(keyOf(one));
    if (group) group.push(one);
    else groups.set(keyOf(one), [one]);
  }
  return groups;
}

/** Programs that judge the copy want its whole path. */
function validated(validate: (staged: Script) => Script): Script {
  return sh`
    copy=$(readlink /proc/self/cwd)/new
    ${validate(sh`"$copy"`)}`;
}

function adjust(desired: FileDesired): Script {
  return sh`
    stage
    hold ${basename(desired.path)}
    ${setOwnerAndMode(desired, "held")}`;
}

function setOwnerAndMode({ mode = "0644", owner = "root", group }: FileDesired, name: string): Script {
  return sh`
    chown -- ${group === undefined ? owner : `${owner}:${group}`} ${name}
    chmod -- ${mode} ${name}`;
}
