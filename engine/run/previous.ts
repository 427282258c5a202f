import { basename, dirname, resolve } from "node:path";
import { above, enterFolderOf, folders, here } from "../resource/folder.ts";
import { lines, type Script, sh } from "../shell/sh.ts";
import { handlerSection, isPending, journal, type StatePaths } from "./host-state.ts";

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

/** Script that keeps these files as they are. */
export function keepFiles({ folder, paths, handlers }: Previous, files: readonly string[]): Script {
  // What a run kept that ended before it changed anything is not what to go back to.
  return sh`
    ${lines(handlers.map((handler) => sh`${isPending(handler, paths)} ||`))} rm -rf -- ${folder}
    ${lines(files.map((path) => keepFile(path, folder)))}`;
}

function keepFile(path: string, folder: string): Script {
  const { file, none } = kept(path, folder);
  return sh`
    if [ ! -e ${file} ] && [ ! -e ${none} ]; then
      if [ -f ${path} ] && [ ! -L ${path} ]; then
        (
        mkdir -p -- ${dirname(file)}
        ${folders}
        look ${path}
        cat <&3 >${`${file}.part`}
        set -- $(stat -L -c '%u:%g %a' -- /proc/self/fd/3)
        chown -- "$1" ${`${file}.part`}
        chmod -- "$2" ${`${file}.part`}
        mv -f -- ${`${file}.part`} ${file}
        )
      elif [ ! -e ${path} ] && [ ! -L ${path} ]; then
        mkdir -p -- ${dirname(none)}
        : >${none}
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

function restoreFile(path: string, folder: string): Script {
  const { file, none } = kept(path, folder);
  // A copy of what is there now has its access list.
  return sh`
    if [ -e ${file} ]; then
      (
      ${enterFolderOf(path)}
      stage
      : >new
      if [ -f ${above(path)} ] && [ ! -L ${above(path)} ]; then hold ${basename(path)}; cp -p -- held new; fi
      cat -- ${file} >new
      chown -- "$(stat -c %u:%g -- ${file})" new
      chmod -- "$(stat -c %a -- ${file})" new
      mv -f -T -- new ${above(path)}
      )
      back=yes
    elif [ -e ${none} ]; then
      (
      ${enterFolderOf(path)}
      rm -f -- ${here(path)}
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

type Entry = Readonly<Record<string, unknown>>;
