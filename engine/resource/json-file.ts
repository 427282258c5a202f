import { basename } from "node:path";
import { isDeepStrictEqual } from "node:util";
import { jsonProblem } from "../format/json.ts";
import { lines, type Script, sh } from "../shell/sh.ts";
import { sha256 } from "./file.ts";
import { enterFolderOf, folders, here } from "./folder.ts";
import { addedTo, isObject, type Json, type MemberPlace, placeWord, withoutMembers } from "./json-members.ts";
import { type Change, compare, defineResource, ProbeError, touches } from "./resource.ts";
import { checkMode, checkPath, nameOf, parseStats, type Stat, spelledAs, statPaths } from "./stat.ts";

export type { Json } from "./json-members.ts";

export interface JsonFileDesired {
  readonly path: string;
  /** What the file's object is to have, by name: objects are merged, all else is replaced. Every other entry stays as it is. */
  readonly entries: Readonly<Record<string, Json>>;
  /** Left alone unless given; a new file belongs to "root". */
  readonly owner?: string;
  /** Four octal digits. Left alone unless given; a new file gets "0644". */
  readonly mode?: string;
  /** Script that fails if the staged copy must not go live; its stderr is what the run reports. */
  readonly validate?: (staged: Script) => Script;
}

interface JsonFileCurrent {
  readonly stat: Stat | undefined;
  /** What a file holds; `undefined` where there is none, or one that is too large to be a configuration. */
  readonly text: string | undefined;
}

const LIMIT_BYTES = 65_536;

/** These entries in a JSON file that others write to as well, which is replaced whole, by rename, unless it changed since it was looked at. */
export const jsonFile = defineResource<JsonFileDesired, JsonFileCurrent>({
  name: "json-file",
  id({ path, mode = "0644" }) {
    checkMode(mode);
    return checkPath(path);
  },
  probe: (all) => sh`
    ${statPaths(all.map(({ path }) => path))}
    ${folders}
    ${lines(all.map(({ path }, index) => probeText(path, index)))}`,
  parse(stdout, all) {
    const { stats, rest } = parseStats(stdout, all.length);
    const texts = new Map(rest.map(parseText));
    return all.map((_, index) => ({ stat: stats[index], text: texts.get(index) }));
  },
  diff(desired, { stat, text }) {
    const { owner, mode } = desired;
    const type = stat && stat.type !== "file" ? [{ field: "type", before: stat.type, after: "file" }] : [];
    const content = type.length > 0 ? [] : contentChange(desired, stat && (text ?? TOO_LARGE));
    const wanted = stat ? { mode, owner } : { mode: mode ?? "0644", owner: owner ?? "root" };
    return [
      ...type,
      ...content,
      ...compare(wanted, { mode: stat?.mode, owner: spelledAs(owner, stat?.owner, stat?.uid) }),
    ];
  },
  refuses({ path }, { stat, text = TOO_LARGE }) {
    if (stat && stat.type !== "file") return `${nameOf(stat)} is in the way and is not a file: move it away`;
    return stat && refusalOf(path, text);
  },
  makes({ path, entries }, { stat, text }) {
    const blank = stat === undefined ? [{ what: "blank", name: path } as const] : [];
    if (stat && refusalOf(path, text ?? TOO_LARGE) !== undefined) return [];
    const found = (text ?? "").trim() === "" ? {} : JSON.parse(text ?? "");
    const added = addedTo(found, entries).map(
      (place) => ({ what: "member", name: path, detail: placeWord(place) }) as const,
    );
    return [...blank, ...added];
  },
  keeps: ({ path }) => [path],
  apply: (desired, changes) => sh`
    ${enterFolderOf(desired.path)}
    ${touches(changes, "type", "content") ? edit(desired, changes) : adjust(desired)}`,
});

/** What is said in the place of a text that was not read. */
const TOO_LARGE = "\0";

function probeText(path: string, index: number): Script {
  return sh`
    if [ -f ${path} ] && [ ! -L ${path} ] && [ "$(wc -c <${path})" -le ${LIMIT_BYTES} ]; then
      text=$(look ${path} && base64 <&3 | tr -d '\n')
      printf 'text %s %s\n' ${index} "$text"
    fi`;
}

function parseText(line: string): readonly [number, string] {
  const [, index, base64 = ""] = /^text (\d+) ([\w+/=]*)$/.exec(line) ?? [];
  if (index === undefined) throw new ProbeError(`json-file: unexpected line: ${line}`);
  return [Number(index), Buffer.from(base64, "base64").toString()];
}

/** Why a file with this text is not edited, if anything. */
function refusalOf(path: string, text: string): string | undefined {
  if (text === TOO_LARGE)
    return `${path} has more than ${LIMIT_BYTES} bytes: it is none of the kind that is edited here`;
  if (text.trim() === "") return undefined;
  if (text.includes("\ufffd")) return `${path} holds what is no UTF-8: correct it by hand, then run again`;
  const problem = jsonProblem(text) ?? (/^\s*\{/.test(text) ? undefined : "line 1, column 1: expected an object");
  return problem && `${path} is no JSON that can be edited: ${problem}: correct it by hand, then run again`;
}

function contentChange({ path, entries }: JsonFileDesired, before: string | undefined): readonly Change[] {
  const absent = before === undefined;
  const refusal = absent ? undefined : refusalOf(path, before);
  if (refusal !== undefined) return [{ field: "content", before: refusal, after: "JSON" }];
  const found = (before ?? "").trim() === "" ? {} : JSON.parse(before ?? "");
  const wanted = merged(found, entries);
  if (!absent && isDeepStrictEqual(found, wanted)) return [];
  return [contentChangeTo(before, wanted)];
}

function contentChangeTo(before: string | undefined, wanted: Json): Change {
  const indent = /^[ \t]+(?=")/m.exec(before ?? "")?.[0] ?? "  ";
  const after = `${JSON.stringify(wanted, undefined, indent)}\n`;
  const hashes = {
    before: before === undefined ? undefined : sha256(before).slice(0, 12),
    after: sha256(after).slice(0, 12),
  };
  return { field: "content", ...hashes, text: { before: before ?? "", after } };
}

function merged(found: Json | undefined, wanted: Json): Json {
  if (!isObject(found) || !isObject(wanted)) return wanted;
  const kept = Object.entries(found).map(([name, value]) => {
    const own = Object.hasOwn(wanted, name) ? wanted[name] : undefined;
    return [name, own === undefined ? value : merged(value, own)] as const;
  });
  const added = Object.entries(wanted).filter(([name]) => !Object.hasOwn(found, name));
  return Object.fromEntries([...kept, ...added]);
}

/** Script that leaves these members out of a file with this text; undefined where it has none of them. Refuses a file that changed since. */
export function removeMembers(path: string, text: string, places: readonly MemberPlace[]): Script | undefined {
  if (refusalOf(path, text) !== undefined || text.trim() === "") return undefined;
  const found: Json = JSON.parse(text);
  const left = withoutMembers(found, places);
  if (isDeepStrictEqual(found, left)) return undefined;
  const change = contentChangeTo(text, left);
  return sh`
    ${enterFolderOf(path)}
    ${edit({ path, entries: {} }, [change])}`;
}

/** Nobody else comes to the staged copy, and `cp -p` gives it the owner, mode and access list of the original. */
function edit(desired: JsonFileDesired, changes: readonly Change[]): Script {
  const { path, validate, mode = "0644", owner = "root" } = desired;
  const content = changes.find(({ field }) => field === "content");
  const text = content?.text;
  if (!text) return sh`deny ${content?.before ?? `what is at ${path} is in the way and is not a file: move it away`}`;
  const name = here(path);
  const changed = `${path} was changed while this run went on: run again`;
  const place = sh`
    printf %s ${text.after} >new
    ${validate ? sh`copy=$(readlink /proc/self/cwd)/new; ${validate(sh`"$copy"`)}` : sh``}`;
  if (content.before === undefined)
    return sh`
      [ ! -e ${name} ] && [ ! -L ${name} ] || deny ${changed}
      stage
      : >new
      ${protect({ mode, owner }, "new")}
      ${place}
      put new ${basename(path)}`;
  return sh`
    [ -f ${name} ] && [ ! -L ${name} ] || deny ${changed}
    stage
    hold ${basename(path)}
    found=$(sha256sum <held)
    [ "\${found%% *}" = ${sha256(text.before)} ] || deny ${changed}
    cp -p -- held new
    ${protect(desired, "new")}
    ${place}
    put new ${basename(path)}`;
}

function adjust(desired: JsonFileDesired): Script {
  return sh`
    stage
    hold ${basename(desired.path)}
    ${protect(desired, "held")}`;
}

function protect({ mode, owner }: Pick<JsonFileDesired, "mode" | "owner">, name: string): Script {
  return lines([
    ...(owner === undefined ? [] : [sh`chown -- ${owner} ${name}`]),
    ...(mode === undefined ? [] : [sh`chmod -- ${mode} ${name}`]),
  ]);
}
