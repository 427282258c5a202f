import { createHash } from "node:crypto";
import type { Resource } from "../resource/resource.ts";
import { Secret } from "../shell/secret.ts";
import { type Script, sh } from "../shell/sh.ts";
import type { StatePaths } from "./host-state.ts";

/** What a host was proven to be last: by resource a hash of what was wanted of it. */
export type Applied = ReadonlyMap<string, string>;

/** Why a resource differs: somebody edited the host, or the repository wants something else than was applied last. */
export type Cause = "edited" | "intended";

/** So many digits tell the states of one resource apart, and say nothing of a secret in them. */
const DIGITS = 8;

/**
 * The file with a line a resource and who wants it, `KEY STATE SCOPE`, and behind that "+" where a run of theirs made something of it.
 * What was noted last of a resource is the first of its lines.
 */
export const appliedPath = ({ state }: StatePaths): string => `${state}/applied`;

/** Script that prints what was applied last, a line each behind "=", or behind "+" where this scope made something of it; no process. */
export function appliedProbe(paths: StatePaths, scope: string): Script {
  const file = appliedPath(paths);
  return sh`
    [ ! -r ${file} ] || while read -r key state who; do
      case $who in ${`${scope}+`}) who='+' ;; *) who='=' ;; esac
      printf '%s%s %s\\n' "$who" "$key" "$state"
    done <${file}`;
}

/** Reads what `appliedProbe` printed; a line that a broken disk left is none. */
export function parseApplied(lines: readonly string[]): Applied {
  // The last one of a key is kept by a map, and the first counts.
  return new Map(
    linesOf(lines)
      .map(({ key, state }) => [key, state] as const)
      .reverse(),
  );
}

/** The keys of resources of which this scope made something, in what `appliedProbe` printed. */
export function parseMadeKeys(lines: readonly string[]): readonly string[] {
  return linesOf(lines).flatMap(({ mark, key }) => (mark === "+" ? [key] : []));
}

function linesOf(lines: readonly string[]) {
  return lines.flatMap((line) => {
    const [, mark, key, state] = /^([=+])([0-9a-f]{8}) ([0-9a-f]{8})$/.exec(line) ?? [];
    return key === undefined || state === undefined ? [] : [{ mark, key, state }];
  });
}

/** The words by which a host notes these resources: `KEY STATE` one after the other. */
export function appliedWords(resources: readonly Resource[]): readonly string[] {
  return resources.filter(({ kind }) => !kind.isCondition).flatMap((one) => [nameOf(one), stateOf(one)]);
}

/** Why a resource differs; `undefined` where nothing was noted on the host yet. What was never applied is new in the repository. */
export function causeOf(resource: Resource, applied: Applied): Cause | undefined {
  if (applied.size === 0) return undefined;
  return applied.get(nameOf(resource)) === stateOf(resource) ? "edited" : "intended";
}

/** Function `note_applied KEY STATE…`: what was noted of other resources stays, and what others want of these. */
export function noteApplied(paths: StatePaths, scope: string, record: string): Script {
  const file = appliedPath(paths);
  return sh`
    note_applied() {
      [ $# -gt 1 ] || return 0
      keys=' ' ours=' '
      [ ! -r ${record} ] || while read -r who key _; do
        case "$who $ours" in ${scope}*" $key "*) ;; ${scope}*) ours="$ours$key " ;; esac
      done <${record}
      {
        while [ $# -gt 1 ]; do
          case $ours in *" $1 "*) echo "$1 $2 "${scope}+ ;; *) echo "$1 $2 "${scope} ;; esac
          keys="$keys$1 "; shift 2
        done
        [ ! -r ${file} ] || while read -r key state who; do
          case "\${who%+}" in '' | ${scope}) case $keys in *" $key "*) continue ;; esac ;; esac
          echo "$key $state $who"
        done <${file}
      } >${`${file}.new`} && mv -f -- ${`${file}.new`} ${file}
    }`;
}

/** Eight digits that name a resource on its host. */
export function nameOf({ kind, id, options: { becomeUser = "" } }: Resource): string {
  return hash(`${kind.name} ${id} ${becomeUser}`);
}

function stateOf({ desired }: Resource): string {
  // Of what can be written down: how a copy is judged is no part of what is wanted.
  return hash(
    JSON.stringify(desired, function (this: Record<string, unknown>, key, value: unknown) {
      const own = this[key];
      if (own instanceof Secret) return own.reveal();
      return own instanceof Map || own instanceof Set ? [...own] : value;
    }) ?? "",
  );
}

/** Eight hexadecimal digits. */
export function hash(text: string): string {
  return createHash("sha256").update(text).digest("hex").slice(0, DIGITS);
}
