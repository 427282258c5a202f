import { waitsFor } from "../shell/frame.ts";
import { sh, trusted } from "../shell/sh.ts";

/** Where apt keeps what it knows of the mirrors. */
export const LISTS = "/var/lib/apt/lists";

/** Waits for dpkg's lock, asks nobody, and leaves configuration that somebody edited as it is. */
export const OPTIONS = trusted(
  "-y -o DPkg::Lock::Timeout=300 -o Dpkg::Options::=--force-confdef -o Dpkg::Options::=--force-confold",
);

/** Prints something where the lists are of the last hour. */
export const fresh = sh`find ${LISTS} ${`${LISTS}/partial`} -maxdepth 0 -mmin -60 2>/dev/null`;

/** Function `try` of the shell: apt-get, that says something only where it fails. Sets a trap. */
// needrestart only lists: which service restarts, and when, is the roles' to say.
export const aptGet = sh`
  export DEBIAN_FRONTEND=noninteractive NEEDRESTART_MODE=l
  log=$(mktemp)
  trap 'rm -f -- "$log"' EXIT
  try() {
    apt-get "$@" >"$log" 2>&1 && return
    echo "apt-get $1 failed; its last lines:" >&2
    tail -n 20 -- "$log" >&2
    exit 1
  }`;

/** Waits for those who install at first boot, and says so: cloud-init, and apt's own daily update, whose lock on the lists apt-get does not wait for. */
export const settle = sh`
  if command -v cloud-init >/dev/null; then
    case $(cloud-init status 2>/dev/null) in *running*)
      ${waitsFor(sh`cloud-init`)}
      cloud-init status --wait >/dev/null 2>&1 || : ;;
    esac
  fi
  # The program that has a lock, as the kernel names it.
  holder() {
    inode=$(stat -c %i -- "$1" 2>/dev/null) || return 0
    while read -r _ _ _ _ pid at _; do
      case $at in *:"$inode") ;; *) continue ;; esac
      # One of another container has no name here.
      program='another program'
      { read -r program </proc/"$pid"/comm; } 2>/dev/null || :
      printf '%s (pid %s)' "$program" "$pid"
      return 0
    done </proc/locks
  }
  waited=0 told=
  while who=$(holder "$lists/lock" 2>/dev/null; holder /var/lib/dpkg/lock-frontend 2>/dev/null) && [ -n "$who" ] && [ "$waited" -lt 300 ]; do
    if [ "$who" != "$told" ]; then told=$who; ${waitsFor(sh`"$who, which has apt's lock"`)}; fi
    sleep 2; waited=$((waited + 2))
  done`;
