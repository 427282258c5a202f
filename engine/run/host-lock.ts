import { remark } from "../shell/frame.ts";
import { lines, type Script, sh } from "../shell/sh.ts";
import { type Operation, pendingFolder, type StatePaths } from "./host-state.ts";
import { sweepStaged } from "./staged.ts";

/** Who wants a host's lock. */
export interface LockOwner {
  readonly operation: Operation;
  /** As the inventory calls it: two names of one machine are two owners, that wait for each other. */
  readonly machine: string;
}

/** For how long the lock's shell waits for a word of ours; a controller that is gone without a goodbye frees the host then. */
const SILENCE_SECONDS = 60;

/** How often it hears one. */
export const BEAT_MS = 15_000;

/** What a run waits for that comes to an end by itself: a script that a cut left running, or another name of the machine. */
const OWN_SECONDS = 3600;

/** How long the kernel may take to free what a shell held that has ended. */
const GRACE_SECONDS = 10;

/**
 * Prelude of an exec that takes the host's lock and stays: it says `held`, and keeps the lock until its input ends, says `release`, or
 * is silent for too long. The kernel ties the lock to this shell, so it is never stale. At `proved` it runs the script of that name.
 *
 * Its words, on stderr: `waiting`, `orphan` (a script of a run that is gone is at work) and `locked` with who holds the lock, `taken-over`
 * with who died, `held` with the number of the turn before. The script of a change holds a lock of its own (`joinLock`), so what a cut
 * left running is waited for too.
 */
export function holdLock(
  nonce: string,
  owner: LockOwner,
  waitSeconds: number,
  paths: StatePaths,
  proved = sh`:`,
): Script {
  const { lock, scripts, holder, turn, stop } = filesOf(paths);
  const { operator, playbook, run } = owner.operation;
  return sh`
    command -v flock >/dev/null || { echo "flock is missing: install util-linux" >&2; exit 1; }
    ${readHolder(paths)}
    say() { ${remark(nonce, sh`"$1"`, sh`printf %s "$2"`)} >&2; }
    # Waits for the file of descriptor $1, and says by the word $2 whom for.
    wait_for() {
      if flock -n "$1"; then return; fi
      read_holder
      # What this run left behind when a connection was cut only listens: it is ended.
      [ "$1 $run $machine" != ${`9 ${run} ${owner.machine}`} ] || end_holder
      # It may be one that only asked who holds it.
      if flock -w 1 "$1"; then return; fi
      patience=${waitSeconds}
      [ "$run $2" != ${`${run} waiting`} ] && [ "$2" != orphan ] || patience=${OWN_SECONDS}
      if [ "$patience" != 0 ]; then
        say "$2" "$words"
        flock -w "$patience" "$1" && return
        # Killed, as the machine goes down.
        [ $? = 1 ] || exit 1
      fi
      read_holder
      say locked "$words"
      return 1
    }
    # Who retired the host took the file away, and our lock with it: that of who comes next is another.
    is_gone() { [ -e /proc/self/fd/9 ] && ! [ ${lock} -ef /proc/self/fd/9 ]; }
    # By command, a failure is no end of the shell.
    open() { mkdir -p ${pendingFolder(paths)} ${paths.log} && command exec 9>>${lock} 8>>${scripts}; }
    while :; do
      # The folder may be taken away between the two as well; what is wrong for good is said at the last.
      { open || open || open; } 2>/dev/null || open || exit 1
      wait_for 9 waiting && wait_for 8 orphan || break 2
      if ! is_gone; then break; fi
    done
    read_holder
    [ -z "$words" ] || [ "$run" = ${run} ] || say taken-over "$words"
    read -r stat </proc/$$/stat; set -- \${stat##*) }
    rm -f -- ${stop}
    {
      printf '%s, %s, since %s (run %s)\\n' ${operator} ${playbook} "$(date -u +%Y-%m-%dT%H:%M:%SZ)" ${run}
      printf '%s %s %s %s\\n' ${run} $$ "\${20}" ${owner.machine}
    } >${holder} || exit 1
    ${readTurn(turn)}
    # Odd while it is held: who looks then, or after a run that died, has to look again.
    now=$((turn + 1 + turn % 2))
    echo $now >${turn} || exit 1
    exec 8>&-
    say held "$turn"
    limit=
    ! command -v timeout >/dev/null || limit=${`timeout ${SILENCE_SECONDS}`}
    while word=$($limit sh -c 'IFS= read -r word && printf %s "$word"' 9>&-); do
      if is_gone; then
        [ "$word" != release ] || break
        continue
      fi
      case $word in
        stop) : >${stop} ;;
        proved*) words=\${word#proved}; ${proved} ;;
        release) rm -f -- ${holder} ${stop}; echo $((now + 1)) >${turn}; break ;;
      esac
    done`;
}

/** Prelude of a script that changes the host: it leaves the frame with `lost` where this run does not hold the lock any more. */
export function joinLock(nonce: string, { operation: { run }, machine }: LockOwner, paths: StatePaths): Script {
  const { scripts } = filesOf(paths);
  return sh`
    ${readHolder(paths)}
    exec 9>>${scripts}
    { flock -n 9 || flock -w ${GRACE_SECONDS} 9; } && read_holder && [ "$run $machine" = ${`${run} ${machine}`} ] ||
      { read_holder; ${remark(nonce, "lost", sh`printf %s "$words"`)}; break; }
    now=$(date -u +%Y-%m-%dT%H:%M:%SZ)
    ${sweepStaged(paths.state)}
    begun=${`${paths.state}/early`} early=
    forget() { forget_staged; [ ! -e "$begun" ] || rm -rf -- "$begun"; }
    trap forget EXIT
    # What a run that died had begun.
    forget`;
}

/** Script that waits until no script changes the host, and keeps all others waiting until this shell ends. */
export function waitForScripts(paths: StatePaths): Script {
  return sh`exec 9>>${filesOf(paths).scripts}; flock 9`;
}

/** Script that fails once the run was asked to end. */
export function goesOn(paths: StatePaths): Script {
  return sh`[ ! -e ${filesOf(paths).stop} ]`;
}

/** Script that prints the number of turns in which the host was changed; odd where one goes on, or died. */
export function turnProbe(paths: StatePaths): Script {
  return lines([readTurn(filesOf(paths).turn), sh`echo "$turn"`]);
}

/** Section that prints who holds the lock, if anybody does, and whether a script of theirs runs. */
export function lockProbe(paths: StatePaths): Script {
  const { lock, scripts } = filesOf(paths);
  return sh`
    ${readHolder(paths)}
    held() { [ -e "$1" ] && ! flock -n "$1" true; }
    read_holder
    ! held ${lock} || printf 'held %s\\n' "$words"
    ! held ${scripts} || printf 'busy %s\\n' "$words"`;
}

/** Reads what `lockProbe` printed: who holds the lock, if anybody does, and whether a script that changes the host runs. */
export function parseLock(stdout: string): { readonly holder: string | undefined; readonly isBusy: boolean } {
  return { holder: /^held (.*)$/m.exec(stdout)?.[1], isBusy: /^busy /m.test(stdout) };
}

/** Section that takes the lock away from who holds it. A script of theirs goes on to its end. */
export function breakLock(paths: StatePaths): Script {
  return sh`
    ${readHolder(paths)}
    read_holder
    end_holder
    rm -f -- ${filesOf(paths).holder}`;
}

function filesOf({ state }: StatePaths) {
  return {
    lock: `${state}/lock`,
    scripts: `${state}/lock.script`,
    holder: `${state}/holder`,
    turn: `${state}/turn`,
    stop: `${state}/stop`,
  };
}

function readTurn(file: string): Script {
  return sh`
    turn=0
    [ ! -e ${file} ] || read -r turn <${file} || :
    case $turn in '' | *[!0-9]* | ??????????*) turn=0 ;; esac`;
}

/** Functions that read who holds the lock, and end the shell that holds it; nothing else has its number and its start. */
function readHolder(paths: StatePaths): Script {
  const { holder } = filesOf(paths);
  return sh`
    read_holder() {
      words= run= pid= began= machine=
      [ ! -s ${holder} ] || { IFS= read -r words; IFS=' ' read -r run pid began machine; } <${holder} || :
    }
    # KILL, since bash waits for its child before it heeds any other; there is nothing to tidy up.
    end_holder() {
      case $pid in '' | *[!0-9]*) return 0 ;; esac
      { read -r stat <"/proc/$pid/stat"; } 2>/dev/null || return 0
      set -- \${stat##*) }
      [ "\${20}" != "$began" ] || kill -KILL "$pid"
    }`;
}
