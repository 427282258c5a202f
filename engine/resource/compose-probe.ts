import { lines, type Script, sh, trusted } from "../shell/sh.ts";
import { type ComposeDesired, composeCommand, composeFile, configPaths } from "./compose-project.ts";
import { type Ctimes, parseCtimes, probeCtimes } from "./ctime.ts";
import { type FileCurrent, fileType } from "./file.ts";
import { ProbeError } from "./resource.ts";

/** One container of the project, as `docker inspect` says. */
export interface Container {
  readonly service: string;
  /** What `docker compose config --hash` was when it was made. */
  readonly hash: string;
  readonly imageId: string;
  /** "running", "exited", "restarting", "created", "paused", "dead". */
  readonly status: string;
  /** "healthy", "unhealthy", "starting"; "none" without a healthcheck. */
  readonly health: string;
  /** Whole seconds of the epoch; negative if it never started. */
  readonly start: number;
}

/** What was found of one project. */
export interface ComposeCurrent {
  readonly file: FileCurrent;
  /** "running", or why nothing is known of containers: "absent", "no compose v2", "docker is not running". */
  readonly engine: string;
  readonly containers: readonly Container[];
  /** The hash of every service in the wanted compose.yaml; or what compose has against it. */
  readonly hashes: ReadonlyMap<string, string> | { readonly refused: string };
  /** Ids by reference, as they are on the host now; those not pulled are missing. */
  readonly imageIds: ReadonlyMap<string, string>;
  readonly ctimes: Ctimes;
}

const CONTAINER = [
  "container",
  '{{index .Config.Labels "com.docker.compose.project"}}',
  '{{index .Config.Labels "com.docker.compose.service"}}',
  '{{with index .Config.Labels "com.docker.compose.config-hash"}}{{.}}{{else}}-{{end}}',
  "{{.Image}} {{.State.Status}}",
  "{{with .State.Health}}{{.Status}}{{else}}none{{end}}",
  "{{.State.StartedAt}}",
].join(" ");

/** Script that prints everything of all projects. What Docker and Compose are asked takes longest, so they are asked at the same time. */
export function probeProjects(all: readonly ComposeDesired[]): Script {
  // Nothing asks for the plugin or the daemon by itself: where they are missing, the first call that needs them fails.
  return sh`
    ${fileType.probe(all.map(composeFile))}
    echo ctimes
    ${probeCtimes(all.flatMap(configPaths))}
    echo docker
    list() {
      docker ps --all --quiet --no-trunc --filter "label=com.docker.compose.project=$1" \
        --filter label=com.docker.compose.oneoff=False 2>/dev/null
    }
    containers() {
      if ids=$(${listAll(all)}); then
        set -- $ids
        [ $# = 0 ] || docker inspect --format ${CONTAINER} -- "$@"
        echo 'engine running'
      else echo 'engine docker is not running'; fi
    }
    hashes() { :
      ${lines(all.map(hashServices))}
    }
    images() { :
      ${imageIds(imagesOf(all))}
    }
    # What is on the left of a pipe runs meanwhile.
    if command -v docker >/dev/null; then hashes | { images | { containers; cat; }; cat; }
    else echo 'engine absent'; fi`;
}

function listAll(all: readonly ComposeDesired[]): Script {
  return trusted(all.map(({ project }) => sh`list ${project}`.text).join(" && "));
}

function hashServices(desired: ComposeDesired, index: number): Script {
  return sh`
    if hashes=$(printf %s ${desired.content} | ${composeCommand(desired, sh`-`)} config --hash '*' 2>&1); then
      printf '%s\n' "$hashes" | sed ${`s/^/hash ${index} /`}
    elif docker compose version >/dev/null 2>&1; then
      printf 'refused %s ' ${index}; printf '%s\n' "$hashes" | tail -n 1 | base64 | tr -d '\n'; echo
    else echo 'engine no compose v2'; fi`;
}

/** One call where all images are there, as in every run but the first; otherwise one each, to know which is missing. */
function imageIds(images: readonly string[]): Script {
  if (images.length === 0) return sh``;
  return sh`
    set -- ${images}
    if found=$(docker image inspect --format '{{.Id}}' -- "$@" 2>/dev/null); then printf 'image %s\n' $found
    else
      for image in "$@"; do
        id=$(docker image inspect --format '{{.Id}}' -- "$image" 2>/dev/null) || id=absent
        printf 'image %s\n' "$id"
      done
    fi`;
}

function imagesOf(all: readonly ComposeDesired[]): readonly string[] {
  return [...new Set(all.flatMap(({ services }) => Object.values(services).map(({ image }) => image)))];
}

/** Reads what `probeProjects` printed, one entry a project. Throws `ProbeError` on anything else. */
export function parseProjects(stdout: string, all: readonly ComposeDesired[]): readonly ComposeCurrent[] {
  const [files, times, docker] = stdout.split(/^(?:ctimes|docker)$/m);
  if (files === undefined || times === undefined || docker === undefined) throw unexpected(stdout);
  const after = (word: string) =>
    docker
      .split("\n")
      .filter((line) => line.startsWith(`${word} `))
      .map((line) => line.slice(word.length + 1));
  const said = after("engine");
  const engine = said.find((word) => word !== "running") ?? said[0];
  if (engine === undefined) throw unexpected(docker);
  const ctimes = parseCtimes(times, all.flatMap(configPaths));
  const file = fileType.parse(files, all.map(composeFile)).values();
  const ids = after("image");
  const images = imagesOf(all);
  if (engine === "running" && ids.length !== images.length) throw unexpected(docker);
  const found = images.map((image, index) => [image, ids[index] ?? "absent"] as const);
  return all.map((desired, index) => ({
    file: file.next().value as FileCurrent,
    engine,
    containers: after(`container ${desired.project}`).map(parseContainer),
    hashes: engine === "running" ? parseHashes(after(`hash ${index}`), after(`refused ${index}`)) : new Map(),
    imageIds: new Map(found.filter(([, id]) => id !== "absent")),
    ctimes,
  }));
}

function parseContainer(line: string): Container {
  const [service, hash, imageId, status, health, startedAt = ""] = line.split(" ");
  const start = Math.floor(Date.parse(startedAt) / 1000);
  if (!service || !hash || !imageId || !status || !health || Number.isNaN(start)) throw unexpected(line);
  return { service, hash, imageId, status, health, start };
}

/** Compose prints warnings among the hashes; whatever is no hash is left out. */
function parseHashes(hashes: readonly string[], [refused]: readonly string[]): ComposeCurrent["hashes"] {
  if (refused !== undefined) return { refused: Buffer.from(refused, "base64").toString().trim() };
  const found = new Map(
    hashes.flatMap((line): [string, string][] => {
      const [, service, hash] = /^(\S+) ([0-9a-f]{64})$/.exec(line) ?? [];
      return service && hash ? [[service, hash]] : [];
    }),
  );
  if (found.size === 0) throw unexpected(hashes.join("\n"));
  return found;
}

function unexpected(text: string): ProbeError {
  return new ProbeError(`compose: unexpected output: ${text.slice(0, 400)}`);
}
