import { lines, type Script, sh } from "../shell/sh.ts";
import { type ComposeDesired, composeCommand, composeFile, configPaths } from "./compose-project.ts";
import { waitForNextSecond } from "./ctime.ts";
import { fileType } from "./file.ts";
import { type Change, touches } from "./resource.ts";

/** How long a service without a healthcheck is watched: `up --wait` calls one that crashes again and again healthy. */
const WATCH_SECONDS = 3;

/** A second each: packages bring the engine in less, or the images wait for their turn. */
const EARLY_TRIES = 600;

/** States that `up` leaves as they are. A restart mounts and reads configuration files anew, and keeps anonymous volumes. */
const RESTARTED = ["older configuration", "unhealthy", "restarting", "paused"];

/** Script that makes these changes: compose.yaml, images, containers; then waits until all is healthy, or says what is not. */
export function applyProject(desired: ComposeDesired, changes: readonly Change[]): Script {
  const onFile = changes.filter(({ field }) => ["content", "mode", "owner"].includes(field));
  const changed = changes.filter(({ field }) => field.startsWith("service "));
  const services = changed.map(({ field }) => field.slice("service ".length));
  const restarted = restartedIn(changes);
  const whole = touches(changes, "content", "engine", "orphans");
  const names = whole ? Object.keys(desired.services) : services;
  const steps = [
    // In a subshell: a file's script sets a trap of its own.
    onFile.length > 0 ? sh`( ${fileType.apply(composeFile(desired), onFile)} )` : sh``,
    names.length > 0 ? pull(desired, names) : sh``,
    whole || names.length > 0 ? waitForNextSecond(configPaths(desired)) : sh``,
    restarted.length > 0 ? sh`compose restart -- ${restarted} || report 'a restart failed'` : sh``,
    whole || names.length > 0 ? up(desired, whole ? [] : names) : sh``,
  ];
  return sh`
    ${helpers(desired)}
    ${refuseEngine}
    ${lines(steps.filter(({ text }) => text !== ""))}`;
}

/** Script that starts the project again with the compose.yaml and the configuration that were put back. */
export function serveAgain(desired: ComposeDesired, changes: readonly Change[]): Script {
  const restarted = restartedIn(changes);
  // What has to be made anew is made by `up`; a service that is only there in the new file is no reason to fail.
  return sh`
    ${helpers(desired)}
    ${waitForNextSecond(configPaths(desired))}
    ${restarted.length > 0 ? sh`compose restart -- ${restarted} || :` : sh``}
    ${up(desired, [])}`;
}

/** Script that removes a project's containers and networks, by its name alone. Volumes and images stay. */
export function removeProject(project: string): Script {
  return sh`
    label=${`label=com.docker.compose.project=${project}`}
    set -- $(docker ps --all --quiet --filter "$label")
    [ $# = 0 ] || { docker stop -- "$@" >/dev/null; docker rm -- "$@" >/dev/null; }
    set -- $(docker network ls --quiet --filter "$label")
    [ $# = 0 ] || docker network rm -- "$@" >/dev/null`;
}

/** Services that a restart alone changes. */
function restartedIn(changes: readonly Change[]): readonly string[] {
  return changes
    .filter(({ field, before = "" }) => field.startsWith("service ") && RESTARTED.includes(before))
    .map(({ field }) => field.slice("service ".length));
}

/** Refuses whatever is not a running Docker with compose v2, each with the way out. */
const refuseEngine = sh`
  command -v docker >/dev/null ||
    refuse 'docker is not installed: install docker.io (Debian, Ubuntu) or docker-ce (from docker.com) first'
  docker compose version >/dev/null 2>&1 || {
    more=
    if command -v docker-compose >/dev/null; then
      more='; the docker-compose found here is not it: version 1 has had no updates since July 2023, and on Docker 25 and later it fails with KeyError ContainerConfig as soon as it recreates a container'
    fi
    refuse "the plugin docker compose (version 2) is missing: install docker-compose-v2 (Ubuntu), docker-compose (Debian 13) or docker-compose-plugin (from docker.com)$more"
  }
  docker version >/dev/null 2>&1 || refuse "$(docker version 2>&1 | tail -n 1) Look at: systemctl status docker"`;

function helpers(desired: ComposeDesired): Script {
  const { project } = desired;
  return sh`
    compose() { ${composeCommand(desired, sh`${composeFile(desired).path}`)} "$@"; }
    refuse() { printf 'compose %s: %s\n' ${project} "$1" >&2; exit 1; }
    containers() {
      docker ps --all --quiet --no-trunc --filter ${`label=com.docker.compose.project=${project}`} \
        --filter label=com.docker.compose.oneoff=False
    }
    state() {
      set -- $(containers)
      [ $# = 0 ] || docker inspect --format '{{with .State.Health}}{{.Status}}{{else}}none{{end}} {{.State.Status}} {{.RestartCount}} {{.State.StartedAt}} {{.ID}}' -- "$@"
    }
    report() {
      printf 'compose %s: %s\n' ${project} "$1" >&2
      state | while read -r health status restarts started id; do
        case "$health $status $restarts" in "healthy running "* | 'none running 0') continue ;; esac
        docker inspect --format '  service {{index .Config.Labels "com.docker.compose.service"}}: {{.State.Status}}{{with .State.Health}} and {{.Status}}{{end}}, exit code {{.State.ExitCode}}, out of memory: {{.State.OOMKilled}}, restarts: {{.RestartCount}}{{with .State.Error}}, {{.}}{{end}}' "$id" >&2
        docker inspect --format '{{with .State.Health}}{{range .Log}}{{println .Output}}{{end}}{{end}}' "$id" |
          sed '/^ *$/d' | tail -n 2 | sed 's/^/    its healthcheck: /' >&2
        docker logs --tail 15 "$id" 2>&1 | sed 's/^/    /' >&2
      done
      exit 1
    }`;
}

/** Defines `missing COMMAND`: it is given the service and the image, of each image that is not there. */
function missing({ services }: ComposeDesired, names: readonly string[]): Script {
  const pairs = names.flatMap((name) => (services[name] ? [[name, services[name].image] as const] : []));
  return sh`
    missing() {
      ${lines(pairs.map(([name, image]) => sh`docker image inspect -- ${image} >/dev/null 2>&1 || "$1" ${name} ${image}`))}
      :
    }
    name() { printf '%s\n' "$1"; }`;
}

/** Pulls what is not there; what is there is never asked for again, so a run in sync needs no registry. */
function pull(desired: ComposeDesired, names: readonly string[]): Script {
  return sh`
    ${missing(desired, names)}
    complain() { printf '  not pulled: %s (service %s)\n' "$2" "$1" >&2; }
    set -- $(missing name)
    [ $# = 0 ] || compose pull --quiet -- "$@" || {
      missing complain
      refuse 'images could not be pulled: are their tags right, and can this host reach their registry?'
    }`;
}

/**
 * Script that pulls before the turn of `pull`, as soon as there is an engine, and anew where that is restarted meanwhile. Docker joins
 * pulls of one image, so a file that an image's program judges waits for that one only.
 */
export function pullEarly(desired: ComposeDesired, changes: readonly Change[]): Script | undefined {
  const isMade = ({ field, before }: Change) => field.startsWith("service ") && !before;
  if (!touches(changes, "content", "engine") && !changes.some(isMade)) return undefined;
  return sh`
    ${missing(desired, Object.keys(desired.services))}
    tries=${EARLY_TRIES}
    while set -- $(missing name); [ $# -gt 0 ]; do
      printf %s ${desired.content} | ${composeCommand(desired, sh`-`)} pull --quiet -- "$@" & client=$!
      trap 'kill $client; exit 1' TERM
      if wait $client; then break; fi
      # Its number may be another's by now.
      trap - TERM
      tries=$((tries - 1))
      [ $tries -gt 0 ] && [ ! -e turn ] || exit 1
      sleep 1
    done`;
}

function up({ waitSeconds = 120 }: ComposeDesired, names: readonly string[]): Script {
  return sh`
    compose up --detach --remove-orphans --no-color --wait --wait-timeout ${waitSeconds} -- ${names} ||
      report ${`not all services became healthy (they have ${waitSeconds} seconds)`}
    unwatched() { all=$(state); printf '%s\n' "$all" | sed -n '/^none /p'; }
    before=$(unwatched)
    [ -z "$before" ] || {
      sleep ${WATCH_SECONDS}
      after=$(unwatched)
      [ "$after" = "$before" ] || report 'a service without a healthcheck does not stay up'
    }`;
}
