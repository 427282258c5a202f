import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { setTimeout as delay } from "node:timers/promises";
import { promisify } from "node:util";
import { eventually, inventoryBy, LAB, labPort, onHost } from "../support/lab.ts";
import { type Cutting, cutting } from "./cutting.ts";
import { differences, manifestOf } from "./manifest.ts";

const run = promisify(execFile);

const KINDS = ["cuts", "kills", "reboots", "powerLosses"] as const;
type Kind = (typeof KINDS)[number];

/** How many faults of each kind, spread over a run. */
export interface Plan extends Readonly<Record<Kind, number>> {
  /** So many of them, in order, are left out. */
  readonly from?: number;
}

/** What came of one fault. */
export interface Point {
  readonly kind: Kind;
  /** Where in the run it was: a share of its bytes, or of its time. */
  readonly at: number;
  /** How the run that it hit ended: 0 where it went on by itself. */
  readonly code: number;
  /** How the clean run behind it ended. */
  readonly again: number;
  /** Lines of the manifests that are not those of an undisturbed run. */
  readonly differences: readonly string[];
}

/** Two wishes for the same hosts: each point goes from one to the other. */
const WISHES = [
  {},
  {
    node_exporter_port: 9101,
    promtail_port: 9081,
    promtail_memory_mb: 400,
    log_job: "other_logs",
    db_tracing_enable: false,
    loki_retention_hours: 48,
    prometheus_retention_days: 7,
  },
];

/** The hosts of the lab behind proxies, in an inventory of its own. */
export interface Stage {
  readonly inventory: string;
  readonly hosts: readonly string[];
  readonly proxies: readonly Cutting[];
  close(): void;
}

/** Puts a proxy before the sshd of each of these hosts. */
export async function takeStage(hosts: readonly string[]): Promise<Stage> {
  const proxies = await Promise.all(hosts.map((host) => cutting(labPort(host))));
  const inventory = inventoryBy("faults", new Map(hosts.map((host, index) => [host, proxies[index]?.port ?? 0])));
  const close = (): void => {
    for (const proxy of proxies) proxy.close();
  };
  return { inventory, hosts, proxies, close };
}

/** Disturbs runs as planned, and tells each point once its clean run is over. The hosts end with the first wish. */
export async function disturb(stage: Stage, plan: Plan, tell: (point: Point) => void): Promise<void> {
  const measured = await measure(stage);
  const { from = 0 } = plan;
  const points = KINDS.flatMap((kind) =>
    Array.from({ length: plan[kind] }, (_, index) => ({ kind, at: (index + 0.5) / plan[kind] })),
  );
  let wish = 0;
  for (const { kind, at } of points.slice(from)) {
    wish = 1 - wish;
    const code = await disturbed(stage, wish, { kind, at }, measured);
    const again = await converge(stage, wish);
    const found = await manifests(stage);
    tell({ kind, at, code, again, differences: differences(measured.manifests[wish] ?? [], found) });
  }
  if (wish === 1) await converge(stage, 0);
}

interface Measured {
  readonly manifests: readonly (readonly string[])[];
  readonly bytes: readonly number[];
  readonly durationMs: number;
}

/** What undisturbed runs from each wish to the other leave, take and send. */
async function measure(stage: Stage): Promise<Measured> {
  if ((await converge(stage, 0)) !== 0) throw new Error("the hosts do not converge");
  await converge(stage, 1);
  const manifestsOf: (readonly string[])[] = [];
  const bytes: number[] = [];
  let durationMs = 0;
  for (const wish of [0, 1]) {
    const before = stage.proxies.map((proxy) => proxy.bytes());
    const started = performance.now();
    const code = await converge(stage, wish);
    if (code !== 0) throw new Error(`an undisturbed run ended with ${code}`);
    durationMs = performance.now() - started;
    if (wish === 1) bytes.push(...stage.proxies.map((proxy, index) => proxy.bytes() - (before[index] ?? 0)));
    manifestsOf.push(await manifests(stage));
  }
  await converge(stage, 0);
  return { manifests: manifestsOf, bytes, durationMs };
}

async function manifests({ hosts }: Stage): Promise<readonly string[]> {
  const all = await Promise.all(hosts.map(async (host) => (await manifestOf(host)).map((line) => `${host} ${line}`)));
  return all.flat();
}

async function converge(stage: Stage, wish: number): Promise<number> {
  const [code] = await once(start(stage, wish), "close");
  return Number(code ?? 137);
}

function start({ inventory, hosts }: Stage, wish: number) {
  const args = [
    "zx",
    "playbooks/site.mts",
    "-i",
    inventory,
    "--limit",
    hosts.join(","),
    "-e",
    JSON.stringify(WISHES[wish]),
  ];
  // A group of its own: npx, zx and the program are killed together.
  return spawn("npx", args, { detached: true, stdio: process.env.HOSTWRIGHT_FAULTS_VERBOSE ? "inherit" : "ignore" });
}

async function disturbed(
  stage: Stage,
  wish: number,
  point: Pick<Point, "kind" | "at">,
  measured: Measured,
): Promise<number> {
  const { kind, at } = point;
  // Of several hosts each is hit in its turn.
  const index = Math.floor(at * 997) % stage.hosts.length;
  if (kind === "cuts") stage.proxies[index]?.cutAfter(Math.floor(at * (measured.bytes[index] ?? 0)));
  const child = start(stage, wish);
  const ended = once(child, "close");
  const host = stage.hosts[index] ?? "";
  if (kind !== "cuts") {
    await Promise.race([ended, delay(at * measured.durationMs)]);
    if (kind === "kills" && child.exitCode === null && child.pid) process.kill(-child.pid, "SIGKILL");
    if (kind === "reboots" || kind === "powerLosses") {
      await run("docker", ["kill", "--signal", SIGNALS[kind], container(host)]);
      await bootAgain(host);
    }
  }
  const [code] = await ended;
  return Number(code ?? 137);
}

/** systemd halts in good order at the first (systemd(1), SIGRTMIN+4 powers off); nothing is left of a machine at the second. */
const SIGNALS = { reboots: "RTMIN+4", powerLosses: "KILL" };

const container = (host: string) => `hostwright-${LAB}-${host}`;

async function bootAgain(host: string): Promise<void> {
  const isRunning = async () =>
    (await run("docker", ["inspect", "-f", "{{.State.Running}}", container(host)])).stdout.trim();
  await eventually("the machine is down", 60, isRunning, (answer) => answer === "false");
  await run("docker", ["start", container(host)]);
  const state = () => onHost(host, "systemctl is-system-running || :");
  await eventually("the machine is up", 120, state, (answer) => /running|degraded/.test(answer));
}
