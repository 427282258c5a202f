import { type Script, sh } from "../shell/sh.ts";

/**
 * Function of the shell: `fsync PATH…` has these files and folders on the disk, by one process. A folder is its names: a rename is on
 * the disk once its folder is (docs/decisions/0011-what-is-on-the-disk.md). What cannot be asked of this place, or of this host, is no
 * error: then all of the host's files are synced, or as much as can be. An error of the disk is one.
 */
export const fsync: Script = sh`
  fsync() {
    if said=$(exec sync -- "$@" 2>&1); then return 0; fi
    case $said in
      *"Invalid argument"* | *"ot supported"* | *"not implemented"* | *"ermission denied"* | *"not permitted"* | *"not found"*)
        sync 2>/dev/null || : ;;
      *) printf '%s\\n' "$said" >&2; return 1 ;;
    esac
  }`;
