import { basename, dirname } from "node:path";
import { type Script, sh } from "../shell/sh.ts";
import { fsync } from "./fsync.ts";

/**
 * Functions of the shell for work in a folder that another user owns, who may swap any name in it at any moment. Nothing goes
 * by a path: the script stands in the folder, and what it reads or writes lies in a folder inside that only we can enter
 * (docs/decisions/0008-folders-of-others.md). They take no process but for a link on the way.
 *
 *     enter FOLDER [make]  goes there; refuses where a link leads root out of what belongs to who can turn the link
 *     down NAME            goes on into a folder of the one that we are in, never through a link that leads elsewhere
 *     stage                goes into a new folder that only we can enter and that is gone at the end; `..` is where we were
 *     hold NAME            makes ./held the regular file ../NAME, whatever becomes of that name
 *     put FILE NAME        has ./FILE on the disk, then in place as ../NAME, by rename, then that on the disk
 *     fsync PATH…          has files and folders on the disk
 *     look PATH            opens a regular file of a folder for reading, as file descriptor 3; false where there is none
 */
export const folders: Script = sh`
  ${fsync}
  deny() { printf '%s\\n' "$1" >&2; exit 1; }
  enter() {
    asked=$1 rest=$1 make=\${2:-} links=0 turners=
    cd -P /
    while [ -n "$rest" ]; do
      part=\${rest%%/*}
      case $rest in */*) rest=\${rest#*/} ;; *) rest= ;; esac
      case $part in '' | .) continue ;; ..) cd -P ..; continue ;; esac
      if [ -L "./$part" ]; then follow
      else
        if [ -n "$make" ] && [ ! -e "./$part" ]; then ( umask 022; mkdir -- "./$part" ); fi
        down "$part"
      fi
    done
    for turner in $turners; do
      [ "$(stat -c %u .)" = "$turner" ] ||
        deny "$asked goes by a link that user $turner can turn, to $(readlink /proc/self/cwd), which is $(stat -c %U .)'s: name the folder itself"
    done
  }
  follow() {
    links=$((links + 1))
    [ "$links" -le 40 ] || deny "$asked goes by more than 40 links: do they lead in a circle?"
    target=$(readlink -n -- "./$part" && echo x) || deny "$asked changes while it is looked at: run again"
    if [ "$(id -u)" = 0 ]; then
      turners="$turners $(who_turns "./$part")" || deny "$asked changes while it is looked at: run again"
    fi
    case $target in /*) cd -P / ;; esac
    rest=\${target%x}/$rest
  }
  who_turns() {
    set -- $(stat -c '%u %a' -- . "$1")
    [ $# = 4 ] || exit 1
    [ "$1" = 0 ] || echo "$1"
    case $2 in *[2367] | *[2367]?) [ "$3" = 0 ] || echo "$3" ;; esac
  }
  down() {
    if [ -r . ]; then exec 8<.
    elif [ "$(id -u)" = 0 ]; then deny "$asked: $(readlink /proc/self/cwd) cannot be read"
    fi
    cd -P -- "./$1" 2>/dev/null || deny "found no folder $asked, expected one (at $1)"
    # Where ".." is another, a link was put here just now.
    if [ -e /proc/self/fd/8 ]; then
      [ .. -ef /proc/self/fd/8 ] || deny "$asked changes while it is looked at: run again"
      exec 8<&-
    fi
  }
  stage() {
    # Where a script that is killed leaves something: engine/run/staged.ts.
    [ -z "\${staged_in-}" ] || pwd -P >>"$staged_in"
    staged=$(mktemp -d ./.staged.XXXXXX)
    down "$staged"
    [ -O . ] || deny "$asked changes while it is looked at: run again"
    # Nobody else can put it here: by this the next run knows the folder as ours. It goes last.
    : >./..staged
    trap 'rm -rf -- ./* ./.[!.]* ./..?*; cd -P .. && rmdir -- "$staged"' EXIT
  }
  hold() {
    ln -- "../$1" ./held
    if [ -L ./held ] || [ ! -f ./held ]; then deny "is in the way and is not a file: move it away"; fi
    set -- "$1" $(stat -c '%h %a' -- ./held ..)
    [ "$2" -le 2 ] || is_ours .. "$5" ||
      deny "$1 has another name elsewhere (a hard link), and its folder is not ours alone: remove that name first"
  }
  put() {
    fsync "./$1" \${staged_in:+"$staged_in"} && mv -f -T -- "./$1" "../$2" && fsync ..
  }
  is_ours() {
    case $2 in *[2367] | *[2367]?) return 1 ;; esac
    [ -O "$1" ]
  }
  look() {
    enter "\${1%/*}/"
    set -- "\${1##*/}"
    if [ -L "./$1" ] || [ ! -f "./$1" ]; then return 1; fi
    exec 3<"./$1"
    set -- "$1" "$(readlink /proc/self/cwd)" $(stat -L -c '%h %a' -- /proc/self/fd/3 .)
    [ "$(readlink /proc/self/fd/3)" = "\${2%/}/$1" ] || deny "$asked/$1 changes while it is looked at: run again"
    [ "$3" = 1 ] || is_ours . "$6" || deny "$asked/$1 has another name elsewhere (a hard link): remove that name first"
  }`;

/** Script that goes into the folder of this path; what is there is then `here(path)`, and after `stage`, `above(path)`. */
export function enterFolderOf(path: string, missing?: "make"): Script {
  return sh`
    ${folders}
    enter ${dirname(path)} ${missing ?? []}`;
}

/** The last name of a path, in the folder that the script is in. */
export function here(path: string): Script {
  return sh`./${basename(path)}`;
}

/** The last name of a path, as seen from the staging folder. */
export function above(path: string): Script {
  return sh`../${basename(path)}`;
}

/** Script that goes into this folder, which is made where it is missing: 0700 until it gets its own mode, parents 0755. */
export function enterMade(path: string): Script {
  const name = here(path);
  if (["", ".", ".."].includes(basename(path)))
    return sh`
    ${folders}
    enter ${path} make`;
  return sh`
    ${enterFolderOf(path, "make")}
    if [ -L ${name} ] || { [ -e ${name} ] && [ ! -d ${name} ]; }; then
      deny "is in the way and is not a directory: move it away, or name the directory that a link points to"
    fi
    [ -d ${name} ] || mkdir -- ${name}
    down ${name}`;
}

/** Script that makes or turns one link, by rename: at every moment it leads to the old target or to the new one. */
export function putLink(path: string, target: string): Script {
  return sh`
    if [ ! -L ${here(path)} ] && [ -e ${here(path)} ]; then
      deny ${path}" is in the way and is not a link: move it away first, it may hold something of yours"
    fi
    stage
    ln -s -- ${target} new
    mv -f -T -- new ${above(path)}
    fsync ..`;
}
