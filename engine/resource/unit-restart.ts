import { lines, type Script, sh } from "../shell/sh.ts";
import { waitForNextSecond } from "./ctime.ts";
import type { Resource } from "./resource.ts";

/** The unit's name with its suffix. */
export function fullName(name: string): string {
  if (!/^[A-Za-z0-9_:][A-Za-z0-9_:.\\@-]*$/.test(name))
    throw new TypeError(`not a unit's name: ${JSON.stringify(name)}`);
  return /\.(service|socket|timer|path|mount|target|slice|scope|swap|automount|device)$/.test(name)
    ? name
    : `${name}.service`;
}

/**
 * Script that restarts (or starts) a unit, and waits until it stays up and then for these conditions, such as `http`. Where it
 * does not come back it says what was asked, the unit's state and the last lines of its journal.
 */
export function restartUnit(name: string, health: readonly Resource[] = []): Script {
  const unit = fullName(name);
  return lines([restart(unit, []), ...health.map(waitFor)]);
}

function waitFor(condition: Resource): Script {
  const { script } = condition.kind.step(condition, []);
  // Not inside `if`, which would switch `set -e` off for it.
  return sh`
    set +e
    ( set -eu
    ${script}
    )
    rc=$?
    set -e
    [ "$rc" = 0 ] || {
      printf 'found no health: %s\n' ${condition.id} >&2
      report 'was restarted and is not healthy' >&2
    }`;
}

/** Restarts (or starts) the unit and watches it: for Type=simple a start is good once the program is there, even if it then dies. */
export function restart(name: string, paths: readonly string[]): Script {
  return sh`
    report() {
      printf '%s %s: ' ${name} "$1"
      systemctl show -p ActiveState,SubState,Result,ExecMainCode,ExecMainStatus,NRestarts -- ${name} | tr '\n' ' '
      printf '\nthe last lines of its journal:\n'
      journalctl --no-pager -n 20 -o cat --since "@$since" -u ${name} || :
      exit 1
    }
    systemctl reset-failed -- ${name} 2>/dev/null || :
    ${waitForNextSecond(paths)}
    since=$(date +%s)
    systemctl restart -- ${name} || report 'did not start' >&2
    up=0
    for second in 1 2 3 4 5; do
      sleep 1
      case "$(systemctl show -p ActiveState,SubState,NRestarts -- ${name})" in
        *NRestarts=[1-9]* | *ActiveState=failed* | *SubState=auto-restart*) break ;;
        *ActiveState=active*) up=$((up + 1)) ;;
        *) up=0 ;;
      esac
      [ "$up" -lt 2 ] || break
    done
    [ "$up" -ge 2 ] || report 'started but did not stay up' >&2`;
}
