import { type HostVars, lines, type Script, sh } from "hostwright";
import type { Container } from "../container.ts";
import { varsOfHost } from "../hosts.ts";
import { root } from "../paths.ts";
import { backupVars } from "./backup-vars.ts";
import { containers } from "./services.ts";

/** sh: the containers of the stack; more words are options of `docker ps`. */
export const PROJECT = sh`project() { docker ps --quiet --filter label=com.docker.compose.project=monitoring "$@"; }`;

/**
 * Script that `make`s a backup, or `tidy`s up behind one that ended in whatever way. A service is stopped (SIGSTOP) while the files
 * that it writes are copied, a second or two, and those that it has finished are linked: what is copied is what a power cut would
 * leave, which all of them read. `docker pause` would leave its health as "unhealthy" until it is asked again, for the next run to
 * mend. What is sent to the repository after that takes as long as it takes.
 */
export function backupScript(host: HostVars): Script {
  const keep = varsOfHost(backupVars, host);
  const policy = (["daily", "weekly", "monthly"] as const).flatMap((unit) => [
    `--keep-${unit}`,
    `${keep[`backup_keep_${unit}`]}`,
  ]);
  return sh`
    set -eu
    umask 077
    cd -- ${`${root}/backup`}
    # On the disk of the volumes: what is finished is linked.
    staging=$(docker info --format '{{.DockerRootDir}}')/monitoring-backup
    ${PROJECT}
    pid() { docker inspect --format '{{.State.Pid}}' -- "$1"; }
    tidy() {
      for id in $(project); do kill -CONT "$(pid "$id")" || :; done
      rm -rf -- "$staging"
    }
    # Until each of its threads is: some may be in the middle of a write. A disk that hangs must not keep the service from going on.
    stop() {
      kill -STOP "$1"
      turns=0
      while [ -n "$(grep -L '^State:.T' "/proc/$1/task"/*/status 2>/dev/null)" ]; do
        turns=$((turns + 1))
        [ "$turns" -lt 500 ] || { echo "$service does not stop writing" >&2; exit 1; }
        sleep 0.02
      done
    }
    copy() {
      service=$1 volume=$2
      shift 2
      from=$(docker volume inspect --format '{{.Mountpoint}}' "monitoring_$volume" 2>/dev/null) || return 0
      id=$(project --filter "label=com.docker.compose.service=$service")
      [ -z "$id" ] || { pid=$(pid "$id"); stop "$pid"; }
      cp -al -- "$from" "$staging/stores/$volume"
      ( cd -- "$from" && find . -type f "$@" -exec cp -a --remove-destination --parents -t "$staging/stores/$volume" -- {} + )
      [ -z "$id" ] || kill -CONT "$pid"
      image=$(docker ps --all --format '{{.Image}}' --filter label=com.docker.compose.project=monitoring --filter "label=com.docker.compose.service=$service")
      printf '%s %s\\n' "$service" "$image" >>"$staging/images"
    }
    make() {
      ${thereIs(host)}
      tidy
      mkdir -p -- "$staging/stores"
      ${lines(containers.flatMap(copyOf))}
      [ -e "$staging/images" ] || { echo "no service has data here: run playbooks/site.mts first" >&2; exit 1; }
      cp -a -- ${root} "$staging/monitoring"
      rm -rf -- "$staging/monitoring/backup"
      date +%s >"$staging/taken"
      # A new one is made; of one that cannot be opened it is said why.
      ./restic cat config >/dev/null 2>&1 || ./restic init 2>/dev/null || ./restic cat config >/dev/null
      ./restic unlock
      # What was sent before a cut is in no index yet: found again, it is not sent twice.
      [ ! -e unfinished ] || ./restic repair index || ./restic rebuild-index
      : >unfinished
      # Links have given the files another ctime.
      ( cd -- "$staging" && ${`${root}/backup/restic`} backup --host ${host.name} --ignore-ctime stores images taken monitoring )
      rm -f -- unfinished
      ./restic forget --host ${host.name} --group-by host ${policy} --prune
      ./restic check
    }
    "$1"`;
}

/** A folder on a disk that is not mounted would be made anew, on the wrong disk. */
function thereIs(host: HostVars): Script {
  const { backup_folder: path } = varsOfHost(backupVars, host);
  if (path === undefined) return sh``;
  return sh`[ -d ${path} ] || { echo "there is no folder "${path}": is its disk mounted?" >&2; exit 1; }`;
}

function copyOf({ name, stored }: Container): readonly Script[] {
  if (!stored) return [];
  const { volume, finished } = stored;
  return [sh`copy ${name} ${volume} ${finished.flatMap((pattern) => ["!", "-path", pattern])}`];
}
