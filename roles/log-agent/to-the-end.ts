import { basename } from "node:path";
import { type Script, sh } from "hostwright";
import { ROTATED } from "./rotated.ts";

/** How long an agent may read before it is to end, in seconds. Its unit's `TimeoutStopSec` is more. */
const PATIENCE = 3;
/** The same on a machine that goes down, which may never come back. */
const LAST_PATIENCE = 12;
/** For so long nothing was written there: an agent holds an entry of several lines for 3 seconds, and a batch for one. */
const QUIET = 5;

/**
 * sh: the functions `followed`, which names what the agent reads, and `to_the_end`, which waits until the agent `$MAINPID` has read all of it: what it has not when it
 * ends, nobody sends on a machine that is gone. Both agents read a file in order, so that the offset of its descriptor tells how far they are; their positions say so seconds
 * later. The functions `files`, `logs` and `said` are those of `againScript`.
 */
export function toTheEnd(logs: string, exclude: string): Script {
  return sh`
    without() {
      while read -r file; do
        for no; do
          case \${file##*/} in $no) continue 2 ;; esac
        done
        printf '%s\\n' "$file"
      done
    }
    followed() { files ${basename(logs)} | without ${alternatives(exclude)}; }
    copies() {
      for file in "$state"/again/*/*; do
        [ ! -f "$file" ] || printf '%s\\n' "$file"
      done | without ${exclude === ROTATED ? [] : alternatives(exclude)}
    }
    # What was rotated counts where the agent still has it open.
    to_read() {
      { followed; copies; } | said 'must %d:%i %s'
      logs | said 'may %d:%i %s'
    }
    unread() {
      { stat -L -c 'open %d:%i %n' "/proc/$MAINPID/fd/"* 2>/dev/null; printf '%s\\n' "$wanted"; } | awk ${UNREAD}
    }
    to_the_end() {
      # It ended by itself: there is nobody to wait for.
      [ -n "\${MAINPID-}" ] || return 0
      patience=${PATIENCE} quiet=0
      [ "$(systemctl is-system-running 2>/dev/null)" != stopping ] || patience=${LAST_PATIENCE} quiet=${QUIET}
      wanted=$(to_read) now=$(date +%s)
      written=$now end=$((now + patience))
      while [ "$now" -lt "$end" ]; do
        # Who goes on writing after a plain stop is read on at the next start.
        if [ "$quiet" -gt 0 ]; then
          found=$(to_read)
          [ "$found" = "$wanted" ] || written=$now wanted=$found
        fi
        [ -n "$(unread)" ] || [ $((now - written)) -lt "$quiet" ] || break
        sleep 0.1
        now=$(date +%s)
      done
    }`;
}

/** awk: of the files that are to be read those whose descriptor is not at their end, and those that have none and are not empty. */
const UNREAD = String.raw`
  $1 == "open" { at[$2] = $3; next }
  $2 in at {
    info = at[$2]; sub(/\/fd\//, "/fdinfo/", info)
    offset = 0
    while ((getline line < info) > 0) if (sub(/^pos:[ \t]*/, "", line)) offset = line + 0
    close(info)
    if (offset < $3 + 0) print
    next
  }
  $1 == "must" && $3 > 0`;

/** The globs without braces that this one stands for: a shell knows no braces in a pattern. */
export function alternatives(glob: string): readonly string[] {
  const [braces, inner = ""] = /(?<!\\)\{((?:\\.|[^{}\\])*)\}/.exec(glob) ?? [];
  if (braces === undefined) return [glob.replaceAll("[^", "[!")];
  return [...new Set(inner.split(/(?<!\\),/).flatMap((one) => alternatives(glob.replace(braces, () => one))))];
}
