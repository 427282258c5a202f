import { command, type Resource, type Script, sh, type VarsOf } from "hostwright";
import type { tempoVars } from "./vars.ts";

/**
 * Stops the run, before any file is touched, where the wanted Tempo is of another major version than the container that
 * holds the data: 3 rewrites the data of 2 for good, and 2 cannot read what 3 wrote. Check mode lists it as not in sync.
 */
export function upgradeGate(
  { tempo_upgrade_confirmed }: Pick<VarsOf<typeof tempoVars>, "tempo_upgrade_confirmed">,
  image: string,
  major: 2 | 3,
): Resource {
  const confirmed = major === 3 && tempo_upgrade_confirmed === "3";
  const advice = major === 3 ? UPGRADE : DOWNGRADE;
  return command(
    {
      name: `data of another major version than Tempo ${major} is not taken over${major === 3 ? ' without tempo_upgrade_confirmed: "3"' : ""}`,
      unless: confirmed
        ? sh`:`
        : sh`
        ${found}
        case $major in '' | ${major}) ;; *) exit 1 ;; esac`,
      run: sh`
        ${found}
        case $major in '' | ${major}) exit 0 ;; esac
        printf 'the container of Tempo runs %s, and %s is wanted. %s\n' "$image" ${image} ${advice} >&2
        exit 1`,
    },
    { tags: ["tempo"] },
  );
}

const UPGRADE =
  'Tempo 3 converts the data for good. To go on, set tempo_upgrade_confirmed: "3"; to stay, set tempo_image to the running one.';
const DOWNGRADE =
  "Tempo 2 cannot read what Tempo 3 wrote. Set tempo_image to the running one; or give up all traces: docker rm -f monitoring-tempo-1 && docker volume rm monitoring_tempo-data";

/** Sets $image and $major of the project's Tempo, running or not; leaves them empty where there is none, or no Docker yet. */
const found: Script = sh`
  image= major=
  if command -v docker >/dev/null; then
    # By the name that Compose gives it; where there is none of that, by its labels.
    image=$(docker inspect --type container --format '{{.Config.Image}}' -- monitoring-tempo-1 2>/dev/null) || {
      id=$(docker ps --all --quiet --filter label=com.docker.compose.project=monitoring --filter label=com.docker.compose.service=tempo)
      [ -z "$id" ] || image=$(docker inspect --format '{{.Config.Image}}' -- $id)
    }
    major=$(printf '%s\n' "$image" | sed -n 's/@.*//; s/^.*:v\\{0,1\\}\\([0-9][0-9]*\\)\\.[^/]*$/\\1/p')
  fi`;
