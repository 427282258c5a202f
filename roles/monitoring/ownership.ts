import { basename } from "node:path";
import { command, directory, file, type Resource, type Script, type Site, sh } from "../../engine/index.ts";

/** Where the environments of one inventory have their files, by environment. */
interface Owned {
  readonly folder: string;
  readonly environments: readonly string[];
  /** The files of an environment; `environment` is a word of the shell. */
  files(environment: Script): Script;
  readonly tags: readonly string[];
}

/** The name of the resource that removes what is left of an environment: who reads the files follows it. */
export const FORGET = "environments that left the inventory have no jobs";

/**
 * Several inventories share this host, each with environments of its own. Which ones is written down for each inventory, so
 * that one which an inventory has no more is removed, and another inventory's is never touched.
 */
export function ownership({ folder, environments, files, tags }: Owned, { inventory }: Site): readonly Resource[] {
  const records = `${folder}/inventories`;
  const record = `${records}/${inventory.map((path) => basename(path)).join("+")}`;
  const gone = sh`
    wanted=${` ${environments.join(" ")} `}
    gone() {
      [ -f ${record} ] || return 0
      while read -r name; do
        case "$wanted" in *" $name "*) continue ;; esac
        for other in ${records}/*; do
          [ "$other" = ${record} ] || ! grep -q -x -F -e "$name" -- "$other" || continue 2
        done
        printf '%s\n' "$name"
      done <${record}
    }`;
  return [
    directory({ path: records }, { tags }),
    command(
      {
        name: FORGET,
        unless: sh`
          ${gone}
          [ -z "$(gone)" ]`,
        run: sh`
          ${gone}
          for name in $(gone); do rm -f -- ${files(sh`"$name"`)}; done`,
      },
      { tags },
    ),
    file({ path: record, content: environments.map((name) => `${name}\n`).join("") }, { tags }),
  ];
}
