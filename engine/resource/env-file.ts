import { dirname } from "node:path";
import { MASK, reveal, Secret, type Text } from "../shell/secret.ts";
import { lines, type Script, sh } from "../shell/sh.ts";
import { compare, defineResource, ProbeError, touches } from "./resource.ts";
import { checkMode, checkPath, parseStats, type Stat, statPaths } from "./stat.ts";

export interface EnvFileDesired {
  readonly path: string;
  /** The keys to hold and their values, one line each. Every other line of the file is left as it is. */
  readonly entries: Readonly<Record<string, Text>>;
  /** Left alone unless given; a new file belongs to "root". */
  readonly owner?: string;
  /** Four octal digits. Left alone unless given; a new file gets "0600". */
  readonly mode?: string;
}

interface EnvFileCurrent {
  readonly stat: Stat | undefined;
  /** By key, for the keys that differ: the value as the file spells it, MASK for a secret, `undefined` where it is missing. */
  readonly differing: ReadonlyMap<string, string | undefined>;
}

/** These entries in a dotenv file, edited in place (by rename) and in the file's own style. */
export const envFile = defineResource<EnvFileDesired, EnvFileCurrent>({
  name: "env-file",
  id: check,
  probe: (all) => sh`
    ${statPaths(all.map(({ path }) => path))}
    ${lines(all.map(probeEntries))}`,
  parse(stdout, all) {
    const { stats, rest } = parseStats(stdout, all.length);
    const answers = new Map(rest.map(parseAnswers));
    return all.map(({ entries }, index) => {
      const missing = new Map(Object.keys(entries).map((key) => [key, undefined]));
      return { stat: stats[index], differing: answers.get(index) ?? missing };
    });
  },
  diff({ entries, owner, mode }, { stat, differing }) {
    const type = stat && stat.type !== "file" ? [{ field: "type", before: stat.type, after: "file" }] : [];
    const values = Object.entries(entries)
      .filter(([key]) => differing.has(key))
      .map(([key, after]) => ({ field: key, before: differing.get(key), after: String(after) }));
    const wanted = stat ? { mode, owner } : { mode: mode ?? "0600", owner: owner ?? "root" };
    return [...type, ...values, ...compare(wanted, { mode: stat?.mode, owner: stat?.owner })];
  },
  apply: (desired, changes) => {
    const keys = Object.keys(desired.entries).filter((key) => touches(changes, key));
    const isNew = changes.some(({ field, before }) => field === "mode" && before === undefined);
    return keys.length > 0 || touches(changes, "type") || isNew ? edit(desired, keys) : protect(desired, desired.path);
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

/**
 * All spellings of a value that are left alone, the one to write first: plain where no reader could misread it, else
 * in double quotes with `\`, `"`, `$` and a backquote escaped, as systemd, compose and a shell read them.
 */
export function spellings(key: string, text: Text): readonly string[] {
  const value = reveal(text);
  // The value itself is not shown: it may be a secret.
  if (/[\n\r\0]/.test(value)) throw new TypeError(`env-file: the value of ${key} has more than one line`);
  const quoted = `"${value.replaceAll(/[\\"$`]/g, "\\$&")}"`;
  return [
    ...(/^[A-Za-z0-9_.,:/@%+=-]*$/.test(value) ? [value] : []),
    quoted,
    ...(value.includes("'") ? [] : [`'${value}'`]),
  ];
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
      answers=$(${wantedLines(entries, keys)} | awk ${READ + COMPARE} - ${path})
      printf 'answers %s ' ${index}; printf %s "$answers" | base64 | tr -d '\\n'; echo
    fi`;
}

function parseAnswers(line: string): [number, ReadonlyMap<string, string | undefined>] {
  const [word, index, base64 = ""] = line.split(" ");
  if (word !== "answers") throw new ProbeError(`env-file: unexpected line: ${line}`);
  const answers = Buffer.from(base64, "base64").toString().split("\n").filter(Boolean);
  return [
    Number(index),
    new Map(
      answers.map((answer) => {
        const [, key = "", state, value] = /^(\w+) (absent|secret|value)(?: (.*))?$/.exec(answer) ?? [];
        if (!state) throw new ProbeError(`env-file: unexpected answer about ${answer.split(" ")[0]}`);
        return [key, { absent: undefined, secret: MASK, value: value ?? "" }[state]];
      }),
    ),
  ];
}

function edit(desired: EnvFileDesired, keys: readonly string[]): Script {
  const { path } = desired;
  // `cp -p` gives the staged copy the owner and mode of the original before there is anything of it to read.
  return sh`
    if [ -L ${path} ] || { [ -e ${path} ] && [ ! -f ${path} ]; }; then
      echo "is in the way and is not a file: name the file that a link points to, or move it away" >&2
      exit 1
    fi
    umask 077
    staged=$(mktemp ${`${dirname(path)}/.staged.XXXXXX`})
    trap 'rm -f -- "$staged"' EXIT
    if [ -f ${path} ]; then
      cp -p -- ${path} "$staged"
      ${rewrite(desired, keys, path)}
      ${protect(desired, sh`"$staged"`)}
    else
      ${rewrite(desired, keys, "/dev/null")}
      ${protect({ mode: "0600", owner: "root", ...desired }, sh`"$staged"`)}
    fi
    mv -f -- "$staged" ${path}`;
}

function rewrite({ entries }: EnvFileDesired, keys: readonly string[], from: string): Script {
  if (keys.length === 0) return sh``;
  return sh`
    if [ -n "$(tail -c 1 -- ${from})" ]; then ends=no; else ends=yes; fi
    ${wantedLines(entries, keys)} | awk -v ends="$ends" ${READ + REPLACE} - ${from} >"$staged"`;
}

function protect({ mode, owner }: Pick<EnvFileDesired, "mode" | "owner">, path: string | Script): Script {
  return lines([
    ...(owner === undefined ? [] : [sh`chown -- ${owner} ${path}`]),
    ...(mode === undefined ? [] : [sh`chmod -- ${mode} ${path}`]),
  ]);
}

/** awk, in what mawk, gawk and busybox share. Reads the wanted lines; splits a line of the file in prefix, key, value. */
const READ = String.raw`
  function read_line(line) {
    carriage = sub(/\r$/, "", line) ? "\r" : ""
    key = prefix = value = ""
    if (!match(line, /^[ \t]*(export[ \t]+)?[A-Za-z_][A-Za-z0-9_]*[ \t]*=/)) return
    key = substr(line, 1, RLENGTH - 1)
    value = substr(line, RLENGTH + 1)
    gsub(/^[ \t]+|[ \t]+$/, "", value)
    match(key, /^[ \t]*(export[ \t]+)?/)
    prefix = substr(key, 1, RLENGTH)
    key = substr(key, RLENGTH + 1)
    sub(/[ \t]+$/, "", key)
  }
  FILENAME == "-" || FILENAME == "" {
    at = index($0, "=")
    key = substr($0, 2, at - 2)
    if (!(key in wanted)) { wanted[key] = substr($0, at + 1); keys[++count] = key }
    secret[key] = substr($0, 1, 1) == "s"
    accepted[key, substr($0, at + 1)] = 1
    next
  }
`;

/** The last line of a key counts, as in every reader of such files. */
const COMPARE = `
  { read_line($0); if (key in wanted) current[key] = value }
  END {
    for (i = 1; i <= count; i++) {
      key = keys[i]
      if (!(key in current)) print key " absent"
      else if (!((key, current[key]) in accepted)) print key (secret[key] ? " secret" : " value " current[key])
    }
  }`;

/** Keeps one line a wanted key, at the place of the last; what is missing comes at the end. */
const REPLACE = String.raw`
  function put(line) { printf "%s%s", separator, line; separator = "\n" }
  function refuse_long() {
    if (value ~ /^"/ ? value ~ /^"([^"\\]|\\.)*"/ : value ~ /^'/ ? value ~ /^'[^']*'/ : value !~ /\\$/) return
    print key " goes on over several lines: remove it by hand, then run again" | "cat >&2"
    failed = 1
    exit 1
  }
  {
    text[++size] = $0
    read_line($0)
    if (size == 1) style = carriage
    if (key in wanted) { refuse_long(); last[key] = size }
  }
  END {
    if (failed) exit 1
    for (n = 1; n <= size; n++) {
      read_line(text[n])
      if (!(key in wanted)) put(text[n])
      else if (last[key] == n) put(prefix key "=" wanted[key] carriage)
    }
    if (ends == "no") separator = style separator
    for (i = 1; i <= count; i++) {
      if (!(keys[i] in last)) { put(keys[i] "=" wanted[keys[i]] style); ends = "yes" }
    }
    if (ends == "yes") printf "\n"
  }`;
