import { lines, type Script, sh } from "../shell/sh.ts";

/** What kinds of things changes make, and how each goes again. */
export const MADE_KINDS = [
  /** A file, a link or an empty folder. */
  "file",
  /** A file that others write to as well: gone once there is nothing in it. */
  "blank",
  /** A file or a link that was there before, with something else: a copy of it is kept, and put back. */
  "kept",
  /** Gone once it is empty. The detail of this and of accounts is "package" where a package brought them: then they go behind those. */
  "folder",
  /** A folder that nobody else has anything in. */
  "tree",
  /** An entry of an env-file; the detail is its key. */
  "entry",
  /** A member of a JSON file; the detail is its place, as base64 of a JSON list. */
  "member",
  "user",
  "group",
  /** That a user is in a group, which is the detail. */
  "membership",
  /** The detail is "pulled" where nobody asked for it but another package. */
  "package",
  /** A systemd unit whose file is ours: stopped, and not started at boot. */
  "unit",
  /** A unit of others; the detail is the word of `systemctl` by which it is as before. */
  "unit-state",
  /** A project of containers, with its networks; its volumes are data. */
  "project",
  "image",
  /** What a command did; the detail is the script that undoes it, as base64 behind its hash. */
  "undo",
] as const;

/** A thing that is there because of a change and was not before, in words by which it can go long after no role describes it. */
export interface Made {
  readonly what: (typeof MADE_KINDS)[number];
  /** A path or a name, on one line. */
  readonly name: string;
  /** One word more. */
  readonly detail?: string | undefined;
}

/** A regular file or a link at this path: made, or put in the place of another. */
export function madeAt(path: string, isThere: boolean): readonly Made[] {
  return [{ what: isThere ? "kept" : "file", name: path }];
}

/**
 * Function `made KEY KIND DETAIL NAME` of the shell: notes what is about to be made, in the file `$made_in`, as `$made_by KEY KIND DETAIL NAME`.
 * A path that is there is not noted; folders above it that are not there are. No process.
 */
export const noteMade: Script = sh`
  made() {
    case $2.$3 in
      *.package) ;;
      file.* | blank.* | folder.* | tree.*)
        if [ -e "$4" ] || [ -L "$4" ]; then return 0; fi
        made_above "$1" "\${4%/*}" ;;
    esac
    printf '%s %s %s %s %s\\n' "$made_by" "$@" >>"$made_in"
  }
  made_above() {
    if [ -z "$2" ] || [ -e "$2" ] || [ -L "$2" ]; then return 0; fi
    made_above "$1" "\${2%/*}"
    printf '%s %s folder - %s\\n' "$made_by" "$1" "$2" >>"$made_in"
  }`;

/** Script that notes these, of the resource that the key names. */
export function notesOf(key: string, all: readonly Made[]): Script {
  return lines(all.map(({ what, detail = "-", name }) => sh`made ${key} ${what} ${detail} ${name}`));
}
