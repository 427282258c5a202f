import { basename, dirname, resolve } from "node:path";
import { above, enterFolderOf, folders, here } from "../resource/folder.ts";
import { fsync } from "../resource/fsync.ts";
import { lines, type Script, sh } from "../shell/sh.ts";
import { handlerSection, isPending, journal, pendingFolder, type StatePaths } from "./host-state.ts";

/**
 * Where the files are kept that a turn changes, until its handlers succeeded: below `files` those that were there, by their whole
 * path, below `absent` the paths where nothing was. Only root comes there. What an earlier run could not prove is kept on.
 */
export interface Previous {
  readonly folder: string;
  readonly paths: StatePaths;
  /** Handlers that prove the change, as they are notified. */
  readonly handlers: readonly string[];
}

/** Returns where a turn with these handlers keeps files. */
export function previousOf(handlers: readonly string[], paths: StatePaths): Previous {
  return { folder: `${paths.state}/previous/${handlers.map(encodeURIComponent).join("+")}`, paths, handlers };
}

/** Returns where the runs of a host keep what its services were, until they are proven. */
export function previousServices(host: string, paths: StatePaths): Previous {
  return { folder: `${paths.state}/previous/services/${encodeURIComponent(host)}`, paths, handlers: [] };
}

/** Script that keeps these files and links as they are, for a turn. */
export function keepFiles(previous: Previous, files: readonly string[]): Script {
  const { folder, paths, handlers } = previous;
  // What a run kept that ended before it changed anything is not what to go back to.
  return sh`
    ${lines(handlers.map((handler) => sh`${isPending(handler, paths)} ||`))} rm -rf -- ${folder}
    ${keepUnproven(previous, files)}`;
}

/** Script that keeps these files and links as they are. Of those that an earlier run kept, and did not prove its changes of, that is on. */
export function keepUnproven({ folder }: Previous, files: readonly string[]): Script {
  return files.length === 0 ? sh`` : lines([fsync, ...files.map((path) => keepFile(path, folder))]);
}

function keepFile(path: string, folder: string): Script {
  const { file, none } = kept(path, folder);
  const part = `${file}.part`;
  return sh`
    if [ ! -e ${file} ] && [ ! -L ${file} ] && [ ! -e ${none} ]; then
      if [ -L ${path} ]; then
        mkdir -p -- ${dirname(file)}
        cp -P -- ${path} ${file}
        fsync ${dirname(file)}
      elif [ -f ${path} ]; then
        (
        mkdir -p -- ${dirname(file)}
        ${folders}
        look ${path}
        cat <&3 >${part}
        set -- $(stat -L -c '%u:%g %a' -- /proc/self/fd/3)
        chown -- "$1" ${part}
        chmod -- "$2" ${part}
        fsync ${part}
        mv -f -- ${part} ${file}
        fsync ${dirname(file)}
        )
      elif [ ! -e ${path} ]; then
        mkdir -p -- ${dirname(none)}
        : >${none}
        fsync ${dirname(none)}
      fi
    fi`;
}

function kept(path: string, folder: string): { readonly file: string; readonly none: string } {
  return { file: `${folder}/files${resolve(path)}`, none: `${folder}/absent${resolve(path)}` };
}

/** Section that puts these files back, where they were kept, and then says "back". */
export function restoreSection({ folder, paths }: Previous, files: readonly string[], entry: Entry): Script {
  return sh`
    back=
    ${lines(files.map((path) => restoreFile(path, folder)))}
    if [ -n "$back" ]; then
      ${journal({ ...entry, rollback: true }, paths)}
      echo back
    fi`;
}

/** Script that puts one file or link back, where it was kept; `$back` is then not empty. */
export function restoreFile(path: string, folder: string): Script {
  const { file, none } = kept(path, folder);
  // A copy of what is there now has its access list.
  return sh`
    if [ -L ${file} ]; then
      (
      ${enterFolderOf(path)}
      stage
      cp -P -- ${file} new
      mv -f -T -- new ${above(path)}
      fsync ..
      )
      back=yes
    elif [ -e ${file} ]; then
      (
      ${enterFolderOf(path)}
      stage
      : >new
      if [ -f ${above(path)} ] && [ ! -L ${above(path)} ]; then hold ${basename(path)}; cp -p -- held new; chmod 600 new; fi
      cat -- ${file} >new
      chown -- "$(stat -c %u:%g -- ${file})" new
      chmod -- "$(stat -c %a -- ${file})" new
      put new ${basename(path)}
      )
      back=yes
    elif [ -e ${none} ]; then
      (
      ${enterFolderOf(path)}
      rm -f -- ${here(path)}
      fsync .
      )
      back=yes
    fi`;
}

/** Section that runs a handler again, where anything was kept and the handler has not succeeded yet. */
export function againSection(previous: Previous, name: string, script: Script, entry: Entry): Script {
  const { folder, paths } = previous;
  return sh`
    if [ -d ${folder} ] && ${isPending(name, paths)}; then
      ${handlerSection(name, script, entry, paths)}
    fi`;
}

/** Script that forgets what was kept. */
export function forget({ folder }: Previous): Script {
  return sh`rm -rf -- ${folder}`;
}

/** Script that forgets what runs kept that died, where no handler waits that would prove or undo it. */
export function forgetUnneeded(paths: StatePaths): Script {
  return sh`
    for folder in ${`${paths.state}/previous`}/*; do
      name=\${folder##*/} waits=
      [ -d "$folder" ] && [ "$name" != services ] || continue
      IFS=+; set -f; set -- $name; set +f; unset IFS
      for handler do [ ! -e ${pendingFolder(paths)}/"$handler" ] || waits=yes; done
      [ -n "$waits" ] || rm -rf -- "$folder"
    done`;
}

type Entry = Readonly<Record<string, unknown>>;
