import { basename, dirname } from "node:path";
import { type Script, sh, type VarsOf } from "hostwright";
import { toTheEnd } from "./to-the-end.ts";
import type { logAgentVars } from "./vars.ts";

/** Where an agent finds what it has to read once more: each file under its own name, in a folder of its own. */
export function againFiles(state: string): string {
  return `${state}/again/*/*`;
}

/** Where an agent keeps what it knows: its folder, how far it has read, and where it finds how far another has, while it has read nothing itself. */
interface Kept {
  readonly state: string;
  readonly positions: string;
  readonly legacyPositions?: string;
}

/**
 * Script that an agent's unit runs as the agent, with "start" before it starts, with "started" once it runs, with "stopping" before it is to end, and with "stop" after
 * it did. Agents say how far they have read, not what was taken, and they know files by their names: so a copy is made of each file that was written lately if the agent
 * was killed, and of each that was rotated or begun while it was away, or before it had opened what it follows. A line that comes twice is one for Loki, which counts it
 * twice until it has closed its chunk: so not all that is rotated is read twice. What goes wrong with one file is said and leaves the others; a script that is killed ends
 * with a signal, and systemd begins anew.
 */
export function againScript(
  { state, positions, legacyPositions }: Kept,
  { app_logs, app_logs_exclude }: Pick<VarsOf<typeof logAgentVars>, "app_logs" | "app_logs_exclude">,
): Script {
  return sh`
    set -u
    umask 027
    state=${state} positions=${positions}
    cd -P -- ${dirname(app_logs)} || exit 0
    ${FILES}
    logs() { files ${patterns(basename(app_logs))}; }
    # What the format says of each, and its name.
    said() { while read -r file; do stat -c "$1 %n" -- "$file" 2>/dev/null; done; }
    list() { logs | said "$1"; }
    has() { grep -qxF -- "$2" "$state/$1" 2>/dev/null; }
    copy() {
      folder=$state/again/$(date +%s)-$(stat -c %i -- "$1") && mkdir -p -- "$folder" || return
      # 256 MB: the disk is the host's, and has other uses.
      tail -c ${COPY_BYTES} -- "$1" >"$folder/\${1#./}"
    }
    ${toTheEnd(app_logs, app_logs_exclude)}
    case $1 in
      stopping) to_the_end ;;
      stop)
        # Only who ended in good order has sent what it had read.
        [ "\${SERVICE_RESULT-}" = success ] || exit 0
        list %i >"$state/stopped"
        ;;
      start)
        rm -rf -- "$state/again" "$state/left"
        list '%i %s' >"$state/begun"
        if [ -e "$positions" ]; then
          since=$(stat -c %Y -- "$positions")
          # What it read in the last ten minutes may be in no batch that was taken.
          [ -e "$state/stopped" ] || since=$((since - 600))
          while read -r inode size file; do
            # A name that has another file by now is looked at again once the agent runs.
            [ "$(stat -c %i -- "$file" 2>/dev/null)" = "$inode" ] || continue
            [ "$(stat -c %Y -- "$file")" -ge "$since" ] || continue
            has stopped "$inode $file" || copy "$file"
          done <"$state/begun"
        elif [ -e ${legacyPositions ?? positions} ]; then list %i >"$state/stopped"
        else
          # The folder may be older than the machine. What is followed is read from its beginning; who wrote it before may not have sent what was rotated last.
          followed | said %i >"$state/stopped"
          room=${COPY_BYTES}
          list '%Y %i %s' | sort -rn | while read -r time inode size file; do
            ! has stopped "$inode $file" || continue
            room=$((room - size))
            [ "$room" -ge 0 ] || break
            copy "$file"
          done
        fi
        # Killed from here on, it did not end in good order.
        [ ! -e "$state/stopped" ] || mv -f -- "$state/stopped" "$state/left"
        ;;
      started)
        # Once one of them is open, all are in a moment. What is renamed from then on the agent reads to its end.
        turns=0
        while [ -n "$(logs)" ] && [ "$turns" -lt 100 ] && ! ls -l "/proc/$MAINPID/fd" 2>/dev/null | grep -qF -- " $PWD/"; do
          turns=$((turns + 1))
          sleep 0.1
        done
        sleep 1
        # What has grown was perhaps begun where another file of its name had ended.
        list '%i %s' | while read -r inode size file; do
          has left "$inode $file" || has begun "$inode $size $file" || copy "$file"
        done
        rm -f -- "$state/begun" "$state/left"
        ;;
    esac
    exit 0`;
}

const COPY_BYTES = 256 * 1024 * 1024;

/** sh: the names of the files that these patterns have in the folder, a line each; archives are none. */
const FILES: Script = sh`
  files() (
    IFS=
    for pattern; do
      for file in ./$pattern; do
        case $file in *.gz | *.zip | *.bz2 | *.xz | *.zst) continue ;; esac
        if [ -f "$file" ] && [ -r "$file" ]; then printf '%s\\n' "$file"; fi
      done
    done | sort -u
  )`;

/** The files themselves, and their names after a rotation. */
function patterns(pattern: string): readonly string[] {
  const [, stem = "", ending = ""] = /^(.+?)(\.[^.]*)?$/.exec(pattern) ?? [];
  return [pattern, `${pattern}?*`, `${stem}[._-]*[0-9]*${ending}`];
}
