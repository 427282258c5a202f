import { basename } from "node:path";
import { MASK, reveal, Secret, type Text } from "../shell/secret.ts";
import { lines, type Script, sh } from "../shell/sh.ts";
import { COMPARE, REPLACE } from "./env-awk.ts";
import { above, enterFolderOf, folders, here } from "./folder.ts";
import { compare, defineResource, ProbeError, touches } from "./resource.ts";
import { checkMode, checkPath, nameOf, parseStats, type Stat, statPaths } from "./stat.ts";

export interface EnvFileDesired {
  readonly path: string;
  /** The keys to hold and their values, one line each. Every other line of the file is left as it is. */
  readonly entries: Readonly<Record<string, Text>>;
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
    const answers = new Map(rest.map(parseAnswers));
    return all.map(({ entries }, index) => {
      const differing = new Map(Object.keys(entries).map((key) => [key, undefined]));
      return { stat: stats[index], ...(answers.get(index) ?? { differing, refusal: undefined }) };
    });
  },
  diff(desired, { stat, differing }) {
    const { entries, owner, mode } = desired;
    const type = stat && stat.type !== "file" ? [{ field: "type", before: stat.type, after: "file" }] : [];
    const values = Object.entries(entries)
      .filter(([key]) => differing.has(key))
      .map(([key, after]) => ({ field: key, before: differing.get(key), after: String(after) }));
    const kept = stat && holdsSecret(desired) ? stat.mode.replace(/.$/, "0") : undefined;
    const wanted = stat ? { mode: mode ?? kept, owner } : { mode: mode ?? "0600", owner: owner ?? "root" };
    return [...type, ...values, ...compare(wanted, { mode: stat?.mode, owner: stat?.owner })];
  },
  refuses: (_, { stat, refusal }) => (stat && stat.type !== "file" ? inTheWay(nameOf(stat)) : refusal),
  keeps: ({ path }) => [path],
  apply: (desired, changes) => {
    const keys = Object.keys(desired.entries).filter((key) => touches(changes, key));
    const isNew = changes.some(({ field, before }) => field === "mode" && before === undefined);
    return keys.length > 0 || touches(changes, "type") || isNew ? edit(desired, keys) : adjust(desired);
  },
});

function check({ path, entries, mode = "0600" }: EnvFileDesired): string {
  checkMode(mode);
  for (const [key, text] of Object.entries(entries)) {
    if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(key))
      throw new TypeError(`env-file ${path}: a key is letters, digits and "_": ${JSON.stringify(key)}`);
    // A secret is read late: it may be missing where it is not used.
    if (!(text instanceof Secret)) spellings(key, text);
  }
  return checkPath(path);
}

function inTheWay(what: string): string {
  return `${what} is in the way and is not a file: name the file that a link points to, or move it away`;
}

function holdsSecret({ entries }: EnvFileDesired): boolean {
  return Object.values(entries).some((text) => text instanceof Secret);
}

/**
 * All spellings of a value that a shell, systemd and compose read the same, the one to write first: plain where no reader
 * could misread it, else in double or single quotes. Compose knows no `\\`` in double quotes and takes `\'` for a quote.
 */
export function spellings(key: string, text: Text): readonly string[] {
  const value = reveal(text);
  // The value itself is not shown: it may be a secret.
  const refuse = (what: string) => new TypeError(`env-file: the value of ${key} has ${what}`);
  if (/[\n\r]/.test(value)) throw refuse("more than one line");
  if (/[\p{Control}\p{Surrogate}\p{Noncharacter_Code_Point}]/u.test(value.replaceAll("\t", "")))
    throw refuse("a control character or one that is none, which systemd does not take");
  const spelled = [
    ...(/^[A-Za-z0-9_.,:/@%+=-]*$/.test(value) ? [value] : []),
    ...(value.includes("`") ? [] : [`"${value.replaceAll(/[\\"$]/g, "\\$&")}"`]),
    ...(value.includes("'") || /(?<!\\)(\\\\)*\\$/.test(value) ? [] : [`'${value}'`]),
  ];
  if (spelled.length === 0)
    throw refuse(
      "a backquote, and a single quote or a backslash at its end: shells, systemd and compose read no spelling of it the same",
    );
  return spelled;
}

/** What awk reads of the wanted values, on stdin: an argument could be seen by everyone on the host. */
function wantedLines(entries: EnvFileDesired["entries"], keys: readonly string[]): Script {
  const records = keys.flatMap((key) => {
    const text = entries[key] ?? "";
    return spellings(key, text).map((spelling) => `${text instanceof Secret ? "s" : "p"}${key}=${spelling}`);
  });
  return sh`printf '%s\\n' ${records}`;
}

function probeEntries({ path, entries }: EnvFileDesired, index: number): Script {
  const keys = Object.keys(entries);
  if (keys.length === 0) return sh`echo ${`answers ${index}`}`;
  return sh`
    if [ -f ${path} ] && [ ! -L ${path} ]; then
      answers=$(look ${path} && ${wantedLines(entries, keys)} | awk ${COMPARE} - /proc/self/fd/3)
      printf 'answers %s ' ${index}; printf %s "$answers" | base64 | tr -d '\\n'; echo
    fi`;
}

function parseAnswers(line: string): [number, Answers] {
  const [word, index, base64 = ""] = line.split(" ");
  if (word !== "answers") throw new ProbeError(`env-file: unexpected line: ${line}`);
  const answers = Buffer.from(base64, "base64").toString().split("\n").filter(Boolean);
  const refusal = answers.find((answer) => answer.startsWith("! "))?.slice("! ".length);
  const differing = answers.filter((answer) => !answer.startsWith("! ")).map(parseAnswer);
  return [Number(index), { differing: new Map(differing), refusal }];
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
    mv -f -T -- new ${above(path)}`;
}

function adjust(desired: EnvFileDesired): Script {
  return sh`
    ${enterFolderOf(desired.path)}
    stage
    hold ${basename(desired.path)}
    ${protect(desired, "held")}`;
}

function rewrite({ entries }: EnvFileDesired, keys: readonly string[], from: string): Script {
  if (keys.length === 0) return sh``;
  return sh`
    if [ -n "$(tail -c 1 -- ${from})" ]; then ends=no; else ends=yes; fi
    ${wantedLines(entries, keys)} | awk -v ends="$ends" ${REPLACE} - ${from} >new
    left=$(${wantedLines(entries, keys)} | awk ${COMPARE} - new)
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
