import { Secret, type Text } from "../shell/secret.ts";
import { lines, type Script, sh } from "../shell/sh.ts";
import { type Ctimes, newerThan, parseCtimes, probeCtimes } from "./ctime.ts";
import { type FileCurrent, fileType } from "./file.ts";
import type { Made } from "./made.ts";
import { type Change, defineResource, isNew, ProbeError, touches } from "./resource.ts";
import { fullName, restart } from "./unit-restart.ts";
import { verifyUnit } from "./unit-verify.ts";

export interface UnitDesired {
  /** "nginx.service"; the suffix ".service" may be left out. */
  readonly name: string;
  /** Whole unit file, at /etc/systemd/system. Left out where a package brings the unit. */
  readonly content?: Text;
  /** Starts at boot; true unless given. */
  readonly enabled?: boolean;
  /** true unless given. */
  readonly running?: boolean;
  /** Paths that the process reads when it starts, by the ids of their resources: configuration, the link of its binary. */
  readonly config?: readonly string[];
}

interface UnitCurrent {
  /** The unit file, where it is ours. */
  readonly file: FileCurrent | undefined;
  /** What `systemctl show` says; none where systemd does not run. */
  readonly state: ReadonlyMap<string, string> | undefined;
  readonly ctimes: Ctimes;
}

const PROPERTIES = "Id,LoadState,ActiveState,SubState,UnitFileState,NeedDaemonReload,ExecMainStartTimestamp" as const;

/** A systemd unit: its file, started at boot or not, running or not, and running what is configured now. */
export const unit = defineResource<UnitDesired, UnitCurrent>({
  name: "unit",
  id: ({ name }) => fullName(name),
  // Without systemd a plan is still due: it is what a check of a bare container or of an image shows.
  probe: (all) => sh`
    ${fileType.probe(all.flatMap(fileOf))}
    echo ctimes
    ${probeCtimes(all.flatMap(readPaths))}
    echo units
    if [ -d /run/systemd/system ]; then
      TZ=UTC systemctl show -p ${PROPERTIES} -- ${all.map(({ name }) => fullName(name))}
    else echo none; fi`,
  parse(stdout, all) {
    const [files, ctimes, units] = stdout.split(/^(?:ctimes|units)$/m);
    if (files === undefined || ctimes === undefined || units === undefined)
      throw new ProbeError(`unit: unexpected output: ${stdout.slice(0, 200)}`);
    const found = [...fileType.parse(files, all.flatMap(fileOf))];
    const states = parseStates(units, all.length);
    const times = parseCtimes(ctimes, all.flatMap(readPaths));
    return all.map(({ content }, index) => ({
      file: content === undefined ? undefined : found.shift(),
      state: states?.[index],
      ctimes: times,
    }));
  },
  diff(desired, current) {
    const file = fileOf(desired).flatMap((wanted) => (current.file ? fileType.diff(wanted, current.file) : []));
    return [...file, ...diffState(desired, current, file.length > 0)];
  },
  refuses: (desired, { file }) => fileOf(desired).map((wanted) => file && fileType.refuses?.(wanted, file))[0],
  apply,
  makes,
  keeps: (desired) => fileOf(desired).map(({ path }) => path),
  serves: {
    before: ({ running = true }, changes) => running && !touches(changes, "running", "masked") && !isNew(changes),
    again: ({ running = true, ...desired }) =>
      lines([sh`systemctl daemon-reload`, running ? restart(fullName(desired.name), readPaths(desired)) : sh``]),
  },
  follows: {
    ids: ({ config = [] }) => config,
    changes: ({ running = true }) => (running ? [restarted("older configuration")] : []),
  },
});

/** The unit file as a `file`: none where a package brings it. */
function fileOf({ name, content }: UnitDesired) {
  // A unit file is world-readable by custom, and systemctl cat expects it, but not one that holds a secret.
  const mode = content instanceof Secret ? "0600" : "0644";
  const unit = fullName(name);
  return content === undefined
    ? []
    : [{ path: `/etc/systemd/system/${unit}`, content, mode, validate: verifyUnit(unit) }];
}

/** Of a unit that a package has yet to bring nothing is noted: it goes with the package. */
function makes(desired: UnitDesired, current: UnitCurrent): readonly Made[] {
  const name = fullName(desired.name);
  const files = fileOf(desired).flatMap((wanted) => (current.file && fileType.makes?.(wanted, current.file)) ?? []);
  if (files.some(({ what }) => what === "file")) return [...files, { what: "unit", name }];
  if (!current.state || current.state.get("LoadState") === "not-found") return files;
  const undo = { masked: "mask", enabled: ["enable", "disable"], running: ["start", "stop"] } as const;
  const states = diffState(desired, current, false).flatMap(({ field, after }): readonly Made[] => {
    if (field === "masked") return [{ what: "unit-state", name, detail: undo.masked }];
    if (field !== "enabled" && field !== "running") return [];
    const [before, now] = undo[field];
    return [{ what: "unit-state", name, detail: after === "enabled" || after === "running" ? now : before }];
  });
  return [...files, ...states];
}

/** All that the running process was made of. A package's own unit file is not: the package restarts what it replaces. */
function readPaths(desired: UnitDesired): readonly string[] {
  return [...fileOf(desired).map(({ path }) => path), ...(desired.config ?? [])];
}

function parseStates(text: string, count: number): readonly ReadonlyMap<string, string>[] | undefined {
  if (text.trim() === "none") return undefined;
  const blocks = text.split(/\n{2,}/).filter((block) => block.trim() !== "");
  const states = blocks.map((block) => new Map(block.trim().split("\n").map(parseProperty)));
  if (states.length !== count || !states.every((state) => state.has("LoadState") && state.has("ActiveState")))
    throw new ProbeError(`systemctl show: unexpected output: ${text.slice(0, 200)}`);
  return states;
}

function parseProperty(line: string): [string, string] {
  const at = line.indexOf("=");
  return [line.slice(0, at), line.slice(at + 1)];
}

function diffState(desired: UnitDesired, { state, ctimes }: UnitCurrent, rewritten: boolean): readonly Change[] {
  const { enabled = true, running = true } = desired;
  const get = (property: string) => state?.get(property) ?? "";
  const masked = get("LoadState") === "masked";
  const isRunning = ["active", "reloading"].includes(get("ActiveState"));
  const changes: Change[] = [];
  if (masked && (enabled || running)) changes.push({ field: "masked", before: "masked", after: "unmasked" });
  if (!isEnablement(get("UnitFileState"), enabled))
    changes.push({ field: "enabled", before: named(state, "UnitFileState"), after: enabled ? "enabled" : "disabled" });
  if (isRunning !== running)
    changes.push({ field: "running", before: named(state, "ActiveState"), after: running ? "running" : "stopped" });
  const stale = rewritten ? "older unit file" : staleness(desired, get, ctimes);
  if (isRunning && running && stale) changes.push(restarted(stale));
  return changes;
}

/** Why the running process is not what is configured now, if it is not. */
function staleness(desired: UnitDesired, get: (property: string) => string, ctimes: Ctimes): string | undefined {
  if (get("NeedDaemonReload") === "yes") return "older unit file";
  // Units without a process of their own (a timer, a target) have no start to compare.
  const start = parseTimestamp(get("ExecMainStartTimestamp"));
  const newer = start && newerThan(start, readPaths(desired), ctimes);
  return newer ? `older than ${newer}` : undefined;
}

/** "Sun 2026-11-22 09:18:24 UTC" → seconds of the epoch; 0 where systemd has none. */
function parseTimestamp(text: string): number {
  if (["", "n/a", "0"].includes(text)) return 0;
  const [, date, time] = /^\w{3} (\d{4}-\d\d-\d\d) (\d\d:\d\d:\d\d) UTC$/.exec(text) ?? [];
  if (!date || !time) throw new ProbeError(`systemctl show: not a time in UTC: ${text}`);
  return Date.parse(`${date}T${time}Z`) / 1000;
}

/** "static" is no answer to a wish to be enabled; "indirect", "alias" and "generated" are, since `enable` cannot better them. */
function isEnablement(state: string, wanted: boolean): boolean {
  const yes = ["enabled", "alias", "indirect", "generated"].includes(state);
  return wanted ? yes : !["enabled", "enabled-runtime"].includes(state);
}

/** What to show as `before`: "failed" and "activating" say more than "stopped". */
function named(state: ReadonlyMap<string, string> | undefined, property: string): string {
  if (!state) return "no systemd";
  if (state.get("LoadState") === "not-found") return "absent";
  const sub = state.get("SubState");
  const value = state.get(property) ?? "";
  return property === "ActiveState" && value === "activating" ? `${value} (${sub})` : value;
}

function restarted(before: string): Change {
  return { field: "process", before, after: "restarted" };
}

function apply(desired: UnitDesired, changes: readonly Change[]): Script {
  const { enabled = true, running = true } = desired;
  const name = fullName(desired.name);
  const onFile = changes.filter(({ field }) => ["content", "mode", "owner"].includes(field));
  const steps = [
    touches(changes, "masked") ? sh`systemctl unmask -- ${name}; systemctl unmask --runtime -- ${name}` : sh``,
    // In a subshell: a file's script sets a trap of its own.
    ...(onFile.length > 0 ? fileOf(desired).map((file) => sh`( ${fileType.apply(file, onFile)} )`) : []),
    // Always: a new drop-in is not in NeedDaemonReload until systemd has looked for it.
    sh`systemctl daemon-reload`,
    enabled || running ? refuseUnloaded(desired) : sh``,
    touches(changes, "enabled") ? setEnabled(name, enabled) : sh``,
    touches(changes, "running") && !running ? sh`systemctl stop -- ${name}` : sh``,
    running && touches(changes, "running", "process") ? restart(name, readPaths(desired)) : sh``,
  ];
  return sh`
    [ -d /run/systemd/system ] || {
      echo "systemd does not run here, so no unit can: is this a container? Use a host that systemd started" >&2
      exit 1
    }
    ${lines(steps.filter(({ text }) => text !== ""))}`;
}

function refuseUnloaded(desired: UnitDesired): Script {
  const name = fullName(desired.name);
  const [own] = fileOf(desired);
  const advice = own ? `try: systemd-analyze verify ${own.path}` : "install the package that brings it first";
  return sh`
    [ "$(systemctl show --value -p LoadState -- ${name})" = loaded ] || {
      printf '%s cannot be loaded (%s): %s\n' ${name} "$(systemctl show --value -p LoadError -- ${name})" ${advice} >&2
      exit 1
    }`;
}

function setEnabled(name: string, enabled: boolean): Script {
  if (!enabled) return sh`systemctl disable -- ${name}`;
  return sh`
    systemctl enable -- ${name}
    case "$(systemctl show --value -p UnitFileState -- ${name})" in static | transient)
      printf '%s has no [Install] section, so it cannot start at boot: add WantedBy=multi-user.target, or ask for enabled: false\n' ${name} >&2
      exit 1 ;;
    esac`;
}
