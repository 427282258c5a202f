import { type HostVars, lines, type Script, sh, type VarsOf } from "hostwright";
import { imageVersion } from "../images.ts";
import { resticPath, UNIT } from "../monitoring/backup.ts";
import { PROJECT } from "../monitoring/backup-script.ts";
import type { restoreVars } from "../monitoring/backup-vars.ts";
import { containers } from "../monitoring/services.ts";
import { root } from "../paths.ts";

/**
 * Script that puts a backup back. All of it is fetched and looked at beside what the host has; only then do the containers go, and the
 * volumes are renamed into place: one that cannot be read changes nothing. The site's run makes the containers again.
 */
export function restoreScript(host: HostVars, wanted: VarsOf<typeof restoreVars>): Script {
  const { restore_backup: id, restore_replaces_data: replaces } = wanted;
  return sh`
    set -eu
    umask 077
    fail() {
      printf '%s; nothing was changed\\n' "$1" >&2
      exit 1
    }
    restic=${resticPath} host=${host.name}
    case $(systemctl show --value -p ActiveState ${UNIT}) in
      activating) fail "a backup is being made: systemctl stop "${UNIT}" ends it" ;;
    esac
    staging=$(docker info --format '{{.DockerRootDir}}')/monitoring-restore
    trap 'rm -rf -- "$staging"' EXIT
    rm -rf -- "$staging"
    mkdir -p -- "$staging"
    ${PROJECT}
    list=$("$restic" snapshots --host "$host" --compact ${id}) || fail "the backups cannot be read"
    # A table's lines begin with the short id.
    id=$(printf '%s\\n' "$list" | sed -n 's/^\\([0-9a-f]\\{8\\}\\) .*/\\1/p' | tail -n 1)
    [ -n "$id" ] || fail "there is no backup "${id}" of host $host"
    "$restic" restore "$id" --target "$staging" >"$staging.log" 2>&1 || {
      tail -n 5 -- "$staging.log" >&2
      rm -f -- "$staging.log"
      fail "backup $id of $host cannot be read as a whole: it is damaged, or its place cannot be reached"
    }
    rm -f -- "$staging.log"
    ${READABLE}
    ${lines(containers.flatMap((one) => readable(one, host)))}
    ${replaces ? sh`` : NEWER}
    for container in $(project --all); do docker rm --force "$container" >/dev/null; done
    for store in "$staging"/stores/*; do
      volume=\${store##*/}
      docker volume create --label com.docker.compose.project=monitoring --label com.docker.compose.volume="$volume" "monitoring_$volume" >/dev/null
      to=$(docker volume inspect --format '{{.Mountpoint}}' "monitoring_$volume")
      rm -rf -- "$to"
      mv -T -- "$store" "$to"
    done
    cp -a -- "$staging/monitoring/." ${root}`;
}

/** sh: fails where a service of the backup was newer than the one that is wanted now: programs read what older ones wrote. */
const READABLE = sh`
  readable() {
    service=$1 wanted=$2 same=$3
    image=$(sed -n "s/^$service //p" "$staging/images")
    was=$(printf '%s\\n' "$image" | sed -n 's/@.*//; s/^.*:v\\{0,1\\}\\([0-9][0-9.]*\\).*$/\\1/p')
    [ -n "$was" ] || return 0
    oldest=$(printf '%s\\n' "$was" "$wanted" | sort -V | head -n 1)
    [ "$oldest" = "$was" ] || fail "backup $id has data of $image, and $service $wanted is wanted: it reads no data of a newer one; set \${service}_image to $image"
    [ -z "$same" ] || [ "\${was%%.*}" = "\${wanted%%.*}" ] || fail "backup $id has data of $image, and $service $wanted would convert it for good; set \${service}_image to $image, and upgrade once it is restored"
  }`;

function readable({ name, stored, image }: (typeof containers)[number], host: HostVars): readonly Script[] {
  if (!stored) return [];
  const wanted = imageVersion(image(host), `${name}_image`).join(".");
  return [sh`readable ${name} ${wanted} ${stored.sameMajor ? "same" : ""}`];
}

/** sh: fails where the host has data that was written after the backup. */
const NEWER = sh`
  taken=$(cat -- "$staging/taken")
  for store in "$staging"/stores/*; do
    volume=\${store##*/}
    to=$(docker volume inspect --format '{{.Mountpoint}}' "monitoring_$volume" 2>/dev/null) || continue
    newest=$(find "$to" -type f -printf '%T@\\n' | sort -n | tail -n 1)
    [ -n "$newest" ] && [ "\${newest%%.*}" -gt "$taken" ] || continue
    fail "$volume of $host was written at $(date -u -d "@$newest" +%FT%TZ), after backup $id of $(date -u -d "@$taken" +%FT%TZ): -e restore_replaces_data=true lets that go"
  done`;
