import { command, type Resource, type Script, sh, type VarsOf } from "hostwright";
import { root } from "../paths.ts";
import { folder } from "./files.ts";
import type { prometheusVars } from "./vars.ts";

type Vars = Pick<VarsOf<typeof prometheusVars>, "prometheus_port">;

/** What is looked for among what it runs, and whose change is a reason to look. */
interface Wanted {
  readonly mark: string;
  /** Resources. */
  readonly after: readonly string[];
}

/**
 * Prometheus runs what is on the disk: it says so itself, of the main file and rules by their mark, and of everything by
 * the time of its last reload, which takes all files or none. Where it does not, it is told to reload; a configuration that
 * it refuses fails the run, and it goes on with the old one. Nothing is restarted.
 */
export function reloaded(vars: Vars, { mark, after }: Wanted): Resource {
  const loaded = isLoaded(vars, mark);
  return command(
    {
      name: "Prometheus runs its configuration",
      unless: sh`
        ${loaded}
        is_loaded`,
      run: reload(loaded),
      after,
    },
    { tags: ["prometheus"] },
  );
}

/** Defines `is_loaded`. Files that other inventories put there count too: a reload is one of all files. */
function isLoaded({ prometheus_port }: Vars, mark: string): Script {
  const url = `http://127.0.0.1:${prometheus_port}`;
  // A time ahead of the clock was written before the clock was set back: no reload could be later.
  const newest = '$1 <= now + 1 && $1 > newest { newest = $1 } END { printf "%.6f", newest }';
  const last = `
    $1 == "prometheus_config_last_reload_successful" { good = $2 }
    $1 == "prometheus_config_last_reload_success_timestamp_seconds" { at = $2 }
    END { exit !(good == 1 && at + 0 > newest + 0) }`;
  return sh`
    ask() { curl -q -fsS --max-time 5 -- ${url}"$1"; }
    changed() { find ${["prometheus.yml", "rules", "jobs"].map((name) => `${folder}/${name}`)} -printf '%C@\n'; }
    is_loaded() {
      newest=$(changed | awk -v now="$(date +%s)" ${newest}) &&
        ask /metrics | awk -v newest="$newest" ${last} &&
        ask /api/v1/status/config | grep -q -F -e ${mark}
    }`;
}

function reload(loaded: Script): Script {
  const compose = sh`docker compose --project-directory ${root} -f ${`${root}/compose.yaml`}`;
  return sh`
    ${loaded}
    if is_loaded; then exit 0; fi
    # Not docker's kill: whatever the signal, it makes unless-stopped forget the container when the host restarts.
    kill -HUP "$(docker inspect --format '{{.State.Pid}}' -- "$(${compose} ps -q prometheus)")"
    for attempt in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15; do
      if is_loaded; then exit 0; fi
      sleep 1
    done
    echo "prometheus does not take the configuration on the disk and runs the old one; it says:" >&2
    docker logs --tail 20 "$(${compose} ps -q prometheus)" 2>&1 | grep -i error | tail -n 2 >&2
    exit 1`;
}
