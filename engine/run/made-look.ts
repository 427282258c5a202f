import { type Script, sh } from "../shell/sh.ts";
import { appliedPath } from "./applied.ts";
import type { StatePaths } from "./host-state.ts";
import { parseRecord, type Recorded, recordPath } from "./record.ts";

/** A thing of the record as it is now. */
export interface Found {
  readonly thing: Recorded;
  /** It is there still. */
  readonly isThere: boolean;
  /** What is in a folder. */
  readonly holds: readonly string[];
  /** Folders in which a unit keeps what it knows, and names of a project's volumes. */
  readonly data: readonly string[];
  /** Of a JSON file. */
  readonly text?: string | undefined;
}

/** What is known of a host's made things. */
export interface MadeLook {
  readonly found: readonly Found[];
  /** Who wants which resource: words of scopes by key. */
  readonly wanted: ReadonlyMap<string, readonly string[]>;
  /** What was applied, and for whom, as it is noted. */
  readonly applied: readonly string[];
  /** By package of the record: what would go with it, as apt says. Empty where all can go at once. */
  readonly goesWith: ReadonlyMap<string, readonly string[]>;
  /** Packages that somebody asked for by name. */
  readonly manual: ReadonlySet<string>;
}

/** Larger files are none of the kind that is edited. */
const LIMIT_BYTES = 65_536;
/** Of a folder with more names than that, some are surely others'. */
const MOST_NAMES = 1000;

/** Prints `there` for a thing that is there, and what else has to be known of it. */
const FOUND = sh`
  at() { [ -e "$1" ] || [ -L "$1" ]; }
  docker_says() { command -v docker >/dev/null && docker "$@" 2>/dev/null; }
  found() {
    case $1 in
      file | blank | kept | tree | entry) if at "$3"; then echo there; fi ;;
      folder)
        if [ -d "$3" ] && [ ! -L "$3" ]; then
          printf 'there\\nholds '; ls -A -- "$3" | head -n ${MOST_NAMES} | base64 | tr -d '\\n'; echo
        fi ;;
      member)
        if [ -f "$3" ] && [ ! -L "$3" ] && [ "$(wc -c <"$3")" -le ${LIMIT_BYTES} ]; then
          printf 'there\\ntext '; base64 <"$3" | tr -d '\\n'; echo
        fi ;;
      user | group) if getent "$(case $1 in user) echo passwd ;; *) echo group ;; esac)" "$3" >/dev/null; then echo there; fi ;;
      membership) case " $(id -Gn -- "$3" 2>/dev/null) " in *" $2 "*) echo there ;; esac ;;
      package)
        case $(dpkg-query -W -f='\${db:Status-Status}\\n' -- "$3" 2>/dev/null) in
          '' | not-installed | config-files) ;;
          *) echo there; packages="$packages $3" ;;
        esac ;;
      unit) found_unit "$3" ;;
      unit-state) if [ -d /run/systemd/system ]; then echo there; fi ;;
      project)
        label=label=com.docker.compose.project=$3
        if [ -n "$(docker_says ps --all --quiet --filter "$label"; docker_says network ls --quiet --filter "$label")" ]; then echo there; fi
        docker_says volume ls --quiet --filter "$label" | sed 's/^/data /' ;;
      image) if docker_says image inspect -- "$3" >/dev/null; then echo there; fi ;;
      undo) echo there ;;
    esac
  }
  found_unit() {
    [ -d /run/systemd/system ] && at "/etc/systemd/system/$1" || return 0
    echo there
    systemctl show -p StateDirectory,CacheDirectory,LogsDirectory -- "$1" | while IFS='=' read -r property names; do
      case $property in StateDirectory) above=/var/lib ;; CacheDirectory) above=/var/cache ;; *) above=/var/log ;; esac
      for name in $names; do [ ! -d "$above/$name" ] || printf 'data %s\\n' "$above/$name"; done
    done
  }`;

/** Prints what apt would remove with these packages: of each alone where it would be more than them. */
const PACKAGES = sh`
  purge() { apt-get purge -s -- "$@" 2>/dev/null | sed -n -e 's/^Purg \\([^ ]*\\) .*/\\1/p' -e 's/^Remv \\([^ ]*\\) .*/\\1/p' -e 's/^Inst \\([^ ]*\\) .*/\\1/p'; }
  if [ -n "$packages" ] && command -v apt-get >/dev/null; then
    set -- $packages
    apt-mark showmanual -- "$@" | sed 's/^/manual /'
    others=
    for name in $(purge "$@"); do case "$packages " in *" $name "*) ;; *) others=$name ;; esac; done
    [ -z "$others" ] || for name do printf 'purge %s %s\\n' "$name" "$(purge "$name" | tr '\\n' ' ')"; done
  fi`;

/** Section that prints the record, and how each thing in it is now: of these resources, or of all. It only looks. */
export function madeProbe(paths: StatePaths, keys?: readonly string[]): Script {
  const record = recordPath(paths);
  const some = keys === undefined ? " " : ` ${keys.join(" ")} `;
  return sh`
    ${FOUND}
    packages=
    [ ! -r ${record} ] || while read -r who key what detail name; do
      case ${some} in ' ' | *" $key "*) ;; *) continue ;; esac
      printf 'made %s %s %s %s %s\\n' "$who" "$key" "$what" "$detail" "$name"
      found "$what" "$detail" "$name" </dev/null
    done <${record}
    ${keys === undefined ? PACKAGES : sh``}
    [ ! -r ${appliedPath(paths)} ] || sed 's/^/wants /' ${appliedPath(paths)}`;
}

/** Reads what `madeProbe` printed. Things are in the order in which they were noted, each once. */
export function parseMade(stdout: string): MadeLook {
  const all = new Map<string, Found>();
  const wanted = new Map<string, readonly string[]>();
  const goesWith = new Map<string, readonly string[]>();
  const manual = new Set<string>();
  const applied: string[] = [];
  let line = "";
  for (const text of stdout.split("\n")) {
    const [, word = "", rest = ""] = /^(\S+) ?(.*)$/.exec(text) ?? [];
    const known = all.get(line);
    if (word === "made") {
      line = rest;
      const [thing] = parseRecord(rest);
      all.delete(line);
      if (thing) all.set(line, { thing, isThere: false, holds: [], data: [] });
    } else if (word === "manual") manual.add(rest);
    else if (word === "purge") goesWith.set(...namesIn(rest));
    else if (word === "wants") {
      applied.push(rest);
      const [, key, who] = /^([0-9a-f]{8}) [0-9a-f]{8} ([0-9a-f.]{17})\+?$/.exec(rest) ?? [];
      if (key !== undefined && who !== undefined) wanted.set(key, [...(wanted.get(key) ?? []), who]);
    } else if (known) all.set(line, withAnswer(known, word, rest));
  }
  return { found: [...all.values()], wanted, applied, goesWith, manual };
}

function withAnswer(found: Found, word: string, rest: string): Found {
  const text = (): string => Buffer.from(rest, "base64").toString();
  if (word === "there") return { ...found, isThere: true };
  if (word === "holds") return { ...found, holds: text().split("\n").filter(Boolean) };
  if (word === "data") return { ...found, data: [...found.data, rest] };
  return word === "text" ? { ...found, text: text() } : found;
}

function namesIn(text: string): [string, readonly string[]] {
  const [name = "", ...others] = text.trim().split(/\s+/);
  return [name, others];
}
