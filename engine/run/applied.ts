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

/** The file with a line a resource, `KEY STATE`. */
const fileOf = ({ state }: StatePaths): string => `${state}/applied`;

/** Script that prints what was applied last, a line each behind "=", and starts no process. */
export function appliedProbe(paths: StatePaths): Script {
  const file = fileOf(paths);
  return sh`[ ! -r ${file} ] || while read -r line; do printf '=%s\\n' "$line"; done <${file}`;
}

/** Reads what `appliedProbe` printed; a line that a broken disk left is none. */
export function parseApplied(lines: readonly string[]): Applied {
  return new Map(
    lines.flatMap((line) => {
      const [, key, state] = /^=([0-9a-f]{8}) ([0-9a-f]{8})$/.exec(line) ?? [];
      return key === undefined || state === undefined ? [] : [[key, state] as const];
    }),
  );
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

/** Function `note_applied KEY STATE…`: what was noted of other resources stays. */
export function noteApplied(paths: StatePaths): Script {
  const file = fileOf(paths);
  return sh`
    note_applied() {
      [ $# -gt 1 ] || return 0
      keys=' '
      {
        while [ $# -gt 1 ]; do echo "$1 $2"; keys="$keys$1 "; shift 2; done
        [ ! -r ${file} ] || while read -r key state; do
          case $keys in *" $key "*) ;; *) echo "$key $state" ;; esac
        done <${file}
      } >${`${file}.new`} && mv -f -- ${`${file}.new`} ${file}
    }`;
}

function nameOf({ kind, id, options: { becomeUser = "" } }: Resource): string {
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

function hash(text: string): string {
  return createHash("sha256").update(text).digest("hex").slice(0, DIGITS);
}
