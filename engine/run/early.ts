import { lines, type Script, sh } from "../shell/sh.ts";

/**
 * Prelude that begins what may be had before its turn, each in the background and in a folder of its own below `early`, once the
 * lock is held: downloads go on while packages are installed. It ends with the shell that runs the changes.
 */
export function beginEarly(scripts: ReadonlyMap<number, Script>): Script {
  if (scripts.size === 0) return sh``;
  return sh`
    mkdir -- "$begun" || exit 1
    # Of one that came to its end the number may be another process's by now.
    end_early() {
      for busy in "$begun"/*/busy; do
        [ ! -e "$busy" ] || { read -r job <"\${busy%busy}job" && kill "$job" 2>/dev/null; }
      done
    }
    trap 'end_early; forget' EXIT
    ${lines([...scripts].map(([index, script]) => inBackground(index, script)))}`;
}

function inBackground(index: number, script: Script): Script {
  // Its end is told by a file that is gone then: whoever waits is no parent of it. What is killed takes its program with it.
  return sh`
    mkdir -- "$begun"/${index}; : >"$begun"/${index}/busy
    ( cd -- "$begun"/${index}
      ( set -eu
      ${script}
      ) & child=$!
      trap 'kill $child' TERM
      if wait $child; then : >done; fi
      rm -f busy ) </dev/null >/dev/null 2>&1 9>&- &
    echo $! >"$begun"/${index}/job`;
}

/** What the section of a change begins with, where something was begun for it: `$early` is the folder once all is in it, and empty where that failed. */
export function awaitEarly(index: number): Script {
  return sh`
    early="$begun"/${index}; : >"$early/turn"
    read -r job <"$early/job"
    while [ -e "$early/busy" ] && kill -0 "$job" 2>/dev/null; do sleep 0.1 2>/dev/null || sleep 1; done
    [ -e "$early/done" ] || early=`;
}
