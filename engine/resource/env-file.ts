import { basename } from "node:path";
import { MASK, Secret, type Text } from "../shell/secret.ts";
import { lines, type Script, sh, splitLines } from "../shell/sh.ts";
import { COMPARE, REPLACE } from "./env-awk.ts";
import { PLAIN, spellings } from "./env-spelling.ts";
import { above, enterFolderOf, folders, here } from "./folder.ts";
import { compare, defineResource, ProbeError, touches } from "./resource.ts";
import { checkMode, checkPath, nameOf, parseStats, type Stat, statPaths } from "./stat.ts";

export { spellings } from "./env-spelling.ts";

export interface EnvFileDesired {
  readonly path: string;
  /** The keys to hold and their values, one line each. Every other line of the file is left as it is. */
  readonly entries: Readonly<Record<string, Text>>;
  /**
   * Keys that others set too: a word that the value has, or has not, among others. An entry that is there without it, or with more
   * than it to lose, is never edited: the file is refused, with the line and what to do.
   */
  readonly words?: Readonly<Record<string, { readonly word: string; readonly state: "present" | "absent" }>>;
  /** Keys to be gone where their value is this; a "*" at its end stands for any rest. With another value it is somebody else's, and stays. */
  readonly absent?: Readonly<Record<string, string>>;
  /** Left alone unless given; a new file belongs to "root". */
  readonly owner?: string;
  /** Four octal digits. Left alone unless given, but for others' rights where an entry is a secret; a new file gets "0600". */
  readonly mode?: string;
}

interface EnvFileCurrent {
  readonly stat: Stat | undefined;
  /** By key, for the keys that differ: the value as the file spells it, MASK for a secret, `undefined` where it is missing. */
  readonly differing: ReadonlyMap<string, string | undefined>;
  /** Why the file as it stands cannot be edited. */
  readonly refusal: string | undefined;
}

interface Answers extends Pick<EnvFileCurrent, "differing" | "refusal"> {}

/** These entries in a dotenv file, edited in place (by rename) and in the file's own style. */
export const envFile = defineResource<EnvFileDesired, EnvFileCurrent>({
  name: "env-file",
  id: check,
  probe: (all) => sh`
    ${statPaths(all.map(({ path }) => path))}
    ${folders}
    ${lines(all.map(probeEntries))}`,
  parse(stdout, all) {
    const { stats, rest } = parseStats(stdout, all.length);
    const answers = parseAnswers(rest);
    return all.map((desired, index) => {
      const differing = new Map(written(desired).map(([key]) => [key, undefined]));
      return { stat: stats[index], ...(answers.get(index) ?? { differing, refusal: undefined }) };
    });
  },
  diff(desired, { stat, differing }) {
    const { owner, mode } = desired;
    const type = stat && stat.type !== "file" ? [{ field: "type", before: stat.type, after: "file" }] : [];
    const values = [...written(desired), ...removed(desired).map((key) => [key, undefined] as const)]
      .filter(([key]) => differing.has(key))
      .map(([key, after]) => ({ field: key, before: differing.get(key), after: after && String(after) }));
    const kept = stat && holdsSecret(desired) ? stat.mode.replace(/.$/, "0") : undefined;
    const wanted = stat ? { mode: mode ?? kept, owner } : { mode: mode ?? "0600", owner: owner ?? "root" };
    return [...type, ...values, ...compare(wanted, { mode: stat?.mode, owner: stat?.owner })];
  },
  refuses: (_, { stat, refusal }) => (stat && stat.type !== "file" ? inTheWay(nameOf(stat)) : refusal),
  makes: (desired, { stat, differing }) => [
    ...(stat === undefined ? [{ what: "blank", name: desired.path } as const] : []),
    ...written(desired)
      .filter(([key]) => differing.has(key) && differing.get(key) === undefined)
      .map(([detail]) => ({ what: "entry", name: desired.path, detail }) as const),
  ],
  keeps: ({ path }) => [path],
  apply: (desired, changes) => {
    const keys = keysOf(desired).filter((key) => touches(changes, key));
    const isNew = changes.some(({ field, before }) => field === "mode" && before === undefined);
    return keys.length > 0 || touches(changes, "type") || isNew ? edit(desired, keys) : adjust(desired);
  },
});

/** Script that removes an entry, whatever its value, and leaves every other line. */
export function withoutEntry(path: string, key: string): Script {
  return edit({ path, entries: {}, absent: { [key]: "*" } }, [key]);
}

function check(desired: EnvFileDesired): string {
  const { path, entries, words = {}, absent = {}, mode = "0600" } = desired;
  checkMode(mode);
  const refuse = (what: string, found: string) => {
    throw new TypeError(`env-file ${path}: ${what}: ${JSON.stringify(found)}`);
  };
  for (const [index, key] of keysOf(desired).entries()) {
    if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(key)) refuse('a key is letters, digits and "_"', key);
    if (keysOf(desired).indexOf(key) !== index) refuse("a key is told once", key);
  }
  // A secret is read late: it may be missing where it is not used.
  for (const [key, text] of Object.entries(entries)) if (!(text instanceof Secret)) spellings(key, text);
  for (const { word } of Object.values(words))
    if (!PLAIN.test(word) || word === "") refuse("a word has no blanks", word);
  for (const text of Object.values(absent))
    if (!PLAIN.test(text.replaceAll(" ", "").replace(/\*$/, "")))
      refuse("a value that goes is one that is written plain", text);
  return checkPath(path);
}

/** The entries that are written where they are missing. */
function written({ entries, words = {} }: EnvFileDesired): readonly (readonly [string, Text])[] {
  const present = Object.entries(words).filter(([, { state }]) => state === "present");
  return [...Object.entries(entries), ...present.map(([key, { word }]) => [key, word] as const)];
}

function removed({ words = {}, absent = {} }: EnvFileDesired): readonly string[] {
  return [...Object.keys(words).filter((key) => words[key]?.state === "absent"), ...Object.keys(absent)];
}

function keysOf(desired: EnvFileDesired): readonly string[] {
  return [...written(desired).map(([key]) => key), ...removed(desired)];
}

function inTheWay(what: string): string {
  return `${what} is in the way and is not a file: name the file that a link points to, or move it away`;
}

function holdsSecret({ entries }: EnvFileDesired): boolean {
  return Object.values(entries).some((text) => text instanceof Secret);
}

/** What awk reads of the wanted values, on stdin: an argument could be seen by everyone on the host. */
function wantedLines(desired: EnvFileDesired, keys: readonly string[]): Script {
  return sh`printf '%s\\n' ${keys.flatMap((key) => wantedOf(desired, key))}`;
}

function wantedOf({ entries, words = {}, absent = {} }: EnvFileDesired, key: string): readonly string[] {
  const { [key]: word } = words;
  if (word?.state === "absent") return [`x${key}=${word.word}`];
  if (absent[key] !== undefined) return [`g${key}=${absent[key]}`];
  const text = word?.word ?? entries[key] ?? "";
  const kind = word ? "w" : text instanceof Secret ? "s" : "p";
  return spellings(key, text).map((spelling) => `${kind}${key}=${spelling}`);
}

function probeEntries(desired: EnvFileDesired, index: number): Script {
  const { path } = desired;
  const keys = keysOf(desired);
  if (keys.length === 0) return sh`echo ${`answers ${index}`}`;
  return sh`
    if [ -f ${path} ] && [ ! -L ${path} ]; then
      answers=$(look ${path} && ${wantedLines(desired, keys)} | awk ${COMPARE} - /proc/self/fd/3)
      echo answers ${index}
      ${splitLines(sh`$answers`)}
      for answer do printf 'answer %s %s\\n' ${index} "$answer"; done
    fi`;
}

function parseAnswers(lines: readonly string[]): ReadonlyMap<number, Answers> {
  const said = new Map<number, string[]>();
  for (const line of lines) {
    const [, word, index, answer] = /^(answers?) (\d+)(?: (.*))?$/.exec(line) ?? [];
    if (!word) throw new ProbeError(`env-file: unexpected line: ${line}`);
    if (word === "answers") said.set(Number(index), []);
    else said.get(Number(index))?.push(answer ?? "");
  }
  return new Map([...said].map(([index, answers]) => [index, readAnswers(answers)]));
}

function readAnswers(answers: readonly string[]): Answers {
  const refusal = answers.find((answer) => answer.startsWith("! "))?.slice("! ".length);
  const differing = answers.filter((answer) => !answer.startsWith("! ")).map(parseAnswer);
  return { differing: new Map(differing), refusal };
}

function parseAnswer(answer: string): [string, string | undefined] {
  const [, key = "", state, value] = /^(\w+) (absent|secret|value)(?: (.*))?$/.exec(answer) ?? [];
  if (!state) throw new ProbeError(`env-file: unexpected answer about ${answer.split(" ")[0]}`);
  return [key, { absent: undefined, secret: MASK, value: value ?? "" }[state]];
}

function edit(desired: EnvFileDesired, keys: readonly string[]): Script {
  const { path } = desired;
  // Nobody else comes to the staged copy, and `cp -p` gives it the owner, mode and access list of the original.
  return sh`
    ${enterFolderOf(path)}
    if [ -L ${here(path)} ] || { [ -e ${here(path)} ] && [ ! -f ${here(path)} ]; }; then
      deny ${inTheWay("what is there")}
    fi
    stage
    if [ -e ${above(path)} ]; then
      hold ${basename(path)}
      cp -p -- held new
      ${rewrite(desired, keys, "held")}
      ${protect(desired, "new")}
    else
      : >new
      ${rewrite(desired, keys, "/dev/null")}
      ${protect({ mode: "0600", owner: "root", ...desired }, "new")}
    fi
    put new ${basename(path)}`;
}

function adjust(desired: EnvFileDesired): Script {
  return sh`
    ${enterFolderOf(desired.path)}
    stage
    hold ${basename(desired.path)}
    ${protect(desired, "held")}`;
}

function rewrite(desired: EnvFileDesired, keys: readonly string[], from: string): Script {
  if (keys.length === 0) return sh``;
  return sh`
    if [ -n "$(tail -c 1 -- ${from})" ]; then ends=no; else ends=yes; fi
    ${wantedLines(desired, keys)} | awk -v ends="$ends" ${REPLACE} - ${from} >new
    left=$(${wantedLines(desired, keys)} | awk ${COMPARE} - new)
    [ -z "$left" ] || deny "its quotes do not let every reader find our entries: correct them by hand, then run again"`;
}

function protect(desired: EnvFileDesired, name: string): Script {
  const { mode, owner } = desired;
  return lines([
    ...(owner === undefined ? [] : [sh`chown -- ${owner} ${name}`]),
    ...(mode === undefined ? [] : [sh`chmod -- ${mode} ${name}`]),
    ...(mode === undefined && holdsSecret(desired) ? [sh`chmod o= ${name}`] : []),
  ]);
}
