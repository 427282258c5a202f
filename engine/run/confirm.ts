import { setTimeout as delay } from "node:timers/promises";
import type { Resource, Step } from "../resource/resource.ts";
import { type Confirmed, isConfirmed } from "../role/handler.ts";
import { lines, type Script, sh } from "../shell/sh.ts";
import { ApplyError, applyError } from "./converge-error.ts";
import type { LockedOptions, Progress } from "./converge-options.ts";
import { RolledBackError } from "./go-back.ts";
import { waitForScripts } from "./host-lock.ts";
import { handlerDone, type StatePaths } from "./host-state.ts";
import { keyOf, refOf } from "./planned.ts";
import { forget, keepFiles, type Previous, previousOf, restoreSection } from "./previous.ts";
import type { Work } from "./work.ts";

/** How often a new connection is tried. */
const RETRY_MS = 1000;

/** How long the host may take, once its time is over, to put back what was there and run the handler again. */
const BACK_SECONDS = 30;

/** The handlers of this work that a new connection has to confirm. */
export function confirmedIn({ handlers }: Work): readonly (readonly [string, Confirmed])[] {
  return [...handlers].flatMap(([name, handler]) => (isConfirmed(handler) ? [[name, handler] as const] : []));
}

/** Script that keeps what these steps change for such handlers, before they do. */
export function keepForConfirmed(steps: readonly Step[], work: Work, { paths }: LockedOptions): Script {
  return lines(
    confirmedIn(work).flatMap(([name]) => {
      const files = notifying(
        name,
        steps.map(({ resource }) => resource),
      ).flatMap((one) => one.kind.keeps(one));
      return files.length === 0 ? [] : [keepFiles(previousOf([name], paths), files)];
    }),
  );
}

function notifying(name: string, resources: readonly Resource[]): readonly Resource[] {
  return resources.filter(({ options: { notify = [] } }) => notify.includes(name));
}

/** Runs a handler, and confirms it by a new connection. Throws `RolledBackError` where none comes in: then the host went back by itself. */
export async function runConfirmed(
  name: string,
  handler: Confirmed,
  work: Work,
  options: LockedOptions,
  progress: Progress,
): Promise<void> {
  const { host, paths, operation, lock } = options;
  const started = performance.now();
  options.emit({ kind: "phase", host, phase: "handlers", count: 1, names: [name] });
  const resources = notifying(name, work.resources);
  const previous = previousOf([name], paths);
  const entry = (resource: Resource) => ({ ...operation, resource: keyOf(resource) });
  const back = [...resources].reverse().map((one) => restoreSection(previous, one.kind.keeps(one), entry(one)));
  const watch = { folder: watchFolder(name, paths), handler, back, previous };
  const { sections } = await lock.run([guarded(watch, paths)]);
  if (sections[0]?.status !== 0) {
    const error = applyError(`handler ${name}`, sections[0], { handler: name });
    throw await wentBack(error, name, resources, options, progress);
  }
  const refusal = await comeIn(options, handler.withinSeconds, [
    // An answer may have been lost.
    sh`mv -- ${watch.folder} ${`${watch.folder}.confirmed`} || [ -d ${`${watch.folder}.confirmed`} ]`,
    sh`now=$(date -u +%Y-%m-%dT%H:%M:%SZ)`,
    handlerDone(name, { ...operation, handler: name }, paths),
    forget(previous),
    sh`rm -rf -- ${`${watch.folder}.confirmed`}`,
  ]);
  if (refusal !== undefined) {
    const message = `handler ${name}: with it nobody comes in by a new connection`;
    const error = new ApplyError(message, refusal.message, { handler: name });
    throw await wentBack(error, name, resources, options, progress);
  }
  progress.handlers.add(name);
  options.emit({ kind: "handled", host, handlers: [name], took: {}, durationMs: performance.now() - started });
}

function watchFolder(name: string, { state }: StatePaths): string {
  return `${state}/confirm/${encodeURIComponent(name)}`;
}

interface Watch {
  readonly folder: string;
  readonly handler: Confirmed;
  /** What puts back the files. */
  readonly back: readonly Script[];
  readonly previous: Previous;
}

/** Section that runs the handler once a process of the host's own watches, which outlives every connection. Where it fails, all goes back at once. */
function guarded({ folder, handler, back, previous }: Watch, paths: StatePaths): Script {
  const alone = (script: Script) => lines([sh`( set -eu`, script, sh`) 9>&-`]);
  const undo = sh`
    # Whoever confirms takes the folder away, and only one of the two can.
    mv -- ${folder} ${`${folder}.back`} || exit 0
    now=$(date -u +%Y-%m-%dT%H:%M:%SZ)
    early= staged_in=/dev/null
    ${lines(back.map(alone))}
    ${alone(handler.confirmed)}
    ${forget(previous)}
    rm -rf -- ${`${folder}.back`}`;
  const late = lines([sh`sleep ${handler.withinSeconds}`, waitForScripts(paths), undo]);
  return sh`
    rm -rf -- ${folder} ${`${folder}.back`}
    mkdir -p -- ${folder}
    printf %s ${late.text} >${`${folder}/undo`}
    apart=; ! command -v setsid >/dev/null || apart=setsid
    # It reads the file whole before it moves it.
    $apart sh -c 'script=$(cat -- "$1"); eval "$script"' sh ${`${folder}/undo`} </dev/null >/dev/null 2>&1 &
    set +e
    ${alone(handler.confirmed)}
    rc=$?
    set -e
    [ "$rc" = 0 ] || {
      ( set +e
      ${undo}
      ) >/dev/null 2>&1 || :
      exit "$rc"
    }`;
}

/** Becomes root by a new connection, and says so to the host. Returns why nobody could, once it is too late. */
async function comeIn(
  { connectAnew = async () => new Error("no second connection can be opened") }: LockedOptions,
  withinSeconds: number,
  confirming: readonly Script[],
): Promise<Error | undefined> {
  const until = performance.now() + withinSeconds * 1000;
  let refusal: Error | undefined;
  for (;;) {
    const answer = await connectAnew(async (session) => (await session.probe([lines(confirming)])).sections[0]);
    if (answer instanceof Error) refusal = answer;
    else if (answer?.status === 0) return undefined;
    // Whoever comes in once the host went back hears only that it is too late.
    else refusal ??= new Error(answer?.stderr || "the host gives no answer");
    if (performance.now() + RETRY_MS > until) return refusal;
    await delay(RETRY_MS);
  }
}

async function wentBack(
  error: ApplyError,
  name: string,
  resources: readonly Resource[],
  options: LockedOptions,
  { changed }: Progress,
): Promise<RolledBackError> {
  options.emit({ kind: "phase", host: options.host, phase: "rollback", count: resources.length });
  const folder = watchFolder(name, options.paths);
  const again = await comeIn(options, BACK_SECONDS, [sh`[ ! -e ${folder} ] && [ ! -e ${`${folder}.back`} ]`]);
  for (const one of resources) changed.delete(keyOf(one));
  const works = again === undefined;
  return new RolledBackError(error, {
    resources: resources.map(refOf),
    left: [],
    works,
    ...(again && { stderr: again.message }),
  });
}
