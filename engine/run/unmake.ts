import { remove } from "../resource/absent.ts";
import { removeProject } from "../resource/compose-apply.ts";
import { withoutEntry } from "../resource/env-file.ts";
import { enterFolderOf, here } from "../resource/folder.ts";
import { removeMembers } from "../resource/json-file.ts";
import type { Made } from "../resource/made.ts";
import { removePackages } from "../resource/package.ts";
import type { Section } from "../shell/frame.ts";
import { type Script, sh, trusted } from "../shell/sh.ts";
import type { StatePaths } from "./host-state.ts";
import { restoreFile } from "./previous.ts";
import { foundBefore, type Recorded } from "./record.ts";
import { DATA, placesOf, type Removal, undoScript } from "./retirement.ts";

/** How to remove things. */
export interface UnmakeOptions {
  readonly withData: boolean;
  readonly paths: StatePaths;
}

/** What became of a removal: done, left as it should be, or failed. */
export type Unmade = { readonly outcome: "removed" } | { readonly outcome: "left" | "failed"; readonly why: string };

/** Section that removes something; it ends with 0 also where that fails, since what comes next may go all the same. */
export function removalSection(removal: Removal, options: UnmakeOptions): Script {
  return sh`
    left() { printf 'left %s\\n' "$(printf %s "$1" | base64 | tr -d '\\n')"; exit 0; }
    set +e
    ( set -eu
    ${scriptOf(removal, options)}
    )
    rc=$?
    set -e
    [ "$rc" = 0 ] || echo "failed $rc"`;
}

/** Reads what a removal's section said; undefined where it was not reached. */
export function parseUnmade(section: Section | undefined): Unmade | undefined {
  if (section === undefined) return undefined;
  const { status, stdout, stderr } = section;
  const [, base64] = /^left ([\w+/=]*)$/m.exec(stdout) ?? [];
  if (base64 !== undefined) return { outcome: "left", why: Buffer.from(base64, "base64").toString() };
  if (status === 0 && !/^failed \d+$/m.test(stdout)) return { outcome: "removed" };
  return { outcome: "failed", why: stderr.split("\n").filter(Boolean).slice(-3).join("; ") || `exit ${status}` };
}

function scriptOf({ things, text, data }: Removal, options: UnmakeOptions): Script {
  const [thing] = things;
  if (data !== undefined) return removeData(data);
  if (thing?.what === "package") return removePackages(things.map(({ name }) => name));
  if (thing?.what === "member") return removeMembers(thing.name, text ?? "", placesOf(things)) ?? sh`:`;
  return thing ? REMOVERS[thing.what](thing, options) : sh`:`;
}

function removeData(data: string): Script {
  return data.startsWith("/") ? remove({ path: data, recursive: true }) : sh`docker volume rm -- ${data} >/dev/null`;
}

const none = (): Script => sh`:`;

const REMOVERS: Readonly<Record<Made["what"], (thing: Recorded, options: UnmakeOptions) => Script>> = {
  file: ({ name }) => sh`
    ${enterFolderOf(name)}
    if [ -d ${here(name)} ] && [ ! -L ${here(name)} ]; then ${rmdir(name)}; else rm -f -- ${here(name)}; fi
    fsync .`,
  folder: ({ name, detail }, { withData }) => sh`
    # It may have gone with the package that brought it.
    if [ ! -d ${name} ] || [ -L ${name} ]; then exit 0; fi
    ${detail === "package" ? sh`! dpkg-query -S -- ${name} >/dev/null 2>&1 || left 'a package that stays has it'` : sh``}
    ${withData ? remove({ path: name, recursive: true }) : removeEmpty(name, detail)}`,
  tree: ({ name }) => remove({ path: name, recursive: true }),
  blank: ({ name }) => sh`
    ${enterFolderOf(name)}
    [ -f ${here(name)} ] && [ ! -L ${here(name)} ] || left 'is no file any more'
    case $(tr -d '[:space:]' <${here(name)}) in '' | '{}') rm -f -- ${here(name)}; fsync . ;; *) left 'others have entries in it' ;; esac`,
  kept: ({ name }, { paths }) => sh`
    back=
    ${restoreFile(name, foundBefore(paths).folder)}
    [ -n "$back" ] || left 'the copy of what was there is gone'`,
  entry: ({ name, detail = "" }) => withoutEntry(name, detail),
  member: none,
  package: none,
  // Packages may have removed theirs; a group may have gone with its user.
  user: ({ name }) => sh`if getent passwd ${name} >/dev/null; then userdel -- ${name}; fi`,
  group: ({ name }) => sh`if getent group ${name} >/dev/null; then groupdel -- ${name}; fi`,
  membership: ({ name, detail = "" }) => sh`gpasswd -d ${name} ${detail} >/dev/null`,
  unit: ({ name }) => sh`
    systemctl disable --now -- ${name} 2>/dev/null
    systemctl reset-failed -- ${name} 2>/dev/null || :`,
  // One that a package brought may have gone with it.
  "unit-state": ({ name, detail = "" }) => sh`
    [ "$(systemctl show --value -p LoadState -- ${name})" = not-found ] || systemctl ${verb(detail)} -- ${name} 2>/dev/null`,
  project: ({ name }) => removeProject(name),
  image: ({ name }) => sh`docker image rm -- ${name} >/dev/null 2>&1 || left 'something else uses it'`,
  undo: (thing) => trusted(undoScript(thing) ?? sh`echo 'the note of how it is undone is broken' >&2; exit 1`.text),
};

const VERBS = ["enable", "disable", "start", "stop", "mask"];

function verb(word: string): Script {
  return trusted(VERBS.includes(word) ? word : "status");
}

function removeEmpty(path: string, detail?: string): Script {
  const whose = detail === "package" ? "packages left" : "no run made";
  return sh`
    ${enterFolderOf(path)}
    ${rmdir(path, whose)}
    fsync .`;
}

function rmdir(path: string, whose = "no run made"): Script {
  return sh`
    rmdir -- ${here(path)} 2>/dev/null || {
      held=$(ls -A -- ${here(path)} | head -n 3 | tr '\\n' ' ')
      left "it holds what "${whose}" (\${held% }): "${DATA}
    }`;
}

/** Section behind all removals. */
export const reloadUnits: Script = sh`if [ -d /run/systemd/system ]; then systemctl daemon-reload; fi`;
