import { spawn } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import type { Test } from "tap";
import type { HostResult, PlannedStep, RunEvent } from "../../engine/run/event.ts";
import { launcher } from "./program.ts";

/** The tests' own lab, so that they leave a developer's alone; several checkouts may each test with another. */
export const LAB = Number(process.env.HOSTWRIGHT_TEST_LAB ?? 9);
/** Its inventory, once `raiseLab` wrote it. */
export const INVENTORY = `.lab/${LAB}/inventory.yml`;
const env = { ...process.env, HOSTWRIGHT_LAB: String(LAB) };

/** How a program ended. */
export interface Ended {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** A run of the playbook, as its events tell it. */
export interface SiteRun extends Ended {
  readonly events: readonly RunEvent[];
  /** By host. */
  readonly results: ReadonlyMap<string, HostResult>;
  readonly durationMs: number;
}

const HOSTS = ["mon", "app-dev", "app-prod"];

/** The address of a host in the lab's network. */
export function labAddress(host: string): string {
  return `172.30.${77 + LAB}.${10 + HOSTS.indexOf(host)}`;
}

/** The port of this machine that leads to a host's sshd. */
export function labPort(host: string): number {
  return 2210 + 10 * LAB + HOSTS.indexOf(host);
}

/** Runs a program; its stderr is passed on as well, since it tells what takes so long. */
export async function program(command: string, ...args: readonly string[]): Promise<Ended> {
  const child = spawn(command, args, { env, stdio: ["ignore", "pipe", "pipe"] });
  const [stdout, stderr]: [Buffer[], Buffer[]] = [[], []];
  child.stdout.on("data", (chunk: Buffer) => stdout.push(chunk));
  child.stderr.on("data", (chunk: Buffer) => {
    stderr.push(chunk);
    process.stderr.write(chunk);
  });
  const code = await new Promise<number>((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code, signal) => resolve(code ?? (signal ? 128 : 1)));
  });
  return { code, stdout: Buffer.concat(stdout).toString(), stderr: Buffer.concat(stderr).toString() };
}

/** `npm run lab -- …` without npm, which says nothing of a failure of its own; for the tests' lab. Throws when it fails. */
export async function lab(...args: readonly string[]): Promise<string> {
  const { code, stdout, stderr } = await program(
    process.execPath,
    "--import=hostwright/launch",
    "test/lab/lab.mts",
    ...args,
  );
  if (code !== 0)
    throw new Error(`lab ${args.join(" ")} ended with ${code}: ${stderr.split("\n").slice(-8).join("\n")}`);
  return stdout;
}

/** Brings the tests' lab up, with its inventory; it goes with the test, unless it is to be kept for the next one. */
export async function takeLab(t: Test): Promise<void> {
  await raiseLab();
  if (!process.env.HOSTWRIGHT_TEST_KEEP) t.teardown(() => lab("down"));
}

/** Brings the tests' lab up, with its inventory, for who takes it down. */
export async function raiseLab(): Promise<void> {
  await lab("up");
  writeInventory();
}

/** Runs a shell line as root inside a host of the lab, past SSH and past the engine. */
export async function onHost(host: string, line: string): Promise<string> {
  const { code, stdout, stderr } = await program("docker", "exec", `hostwright-${LAB}-${host}`, "sh", "-c", line);
  if (code !== 0) throw new Error(`${host}: ${line}: ended with ${code}: ${stderr}${stdout}`);
  return stdout;
}

/** The shipped lab inventory, moved to the tests' lab: other ports, other addresses, other keys. */
function writeInventory(): void {
  const text = readFileSync("inventory/lab.yml", "utf8")
    .replaceAll("../.lab/0/", "")
    .replaceAll("172.30.77.", `172.30.${77 + LAB}.`)
    .replaceAll(/port: 221(\d)/g, (_, digit) => `port: ${2210 + 10 * LAB + Number(digit)}`)
    .replaceAll("127.0.0.1:8000", `127.0.0.1:${8000 + 10 * LAB}`)
    .replaceAll(/lab: 0/g, `lab: ${LAB}`);
  mkdirSync(`.lab/${LAB}`, { recursive: true });
  writeFileSync(INVENTORY, text);
}

/** Writes another inventory of the tests' lab, where these hosts are reached by other ports of this machine; the lab is up, and is not asked. */
export function inventoryBy(name: string, ports: ReadonlyMap<string, number>): string {
  const pins = readFileSync(`.lab/${LAB}/known_hosts`, "utf8");
  let text = readFileSync(INVENTORY, "utf8").replace(/known_hosts: .*/, `known_hosts: ${name}_known_hosts`);
  let known = pins;
  for (const [host, port] of ports) {
    const own = labPort(host);
    text = text.replace(`port: ${own}`, `port: ${port}`);
    for (const pin of pins.split("\n").filter((line) => line.includes(`]:${own} `)))
      known += `${pin.replace(`]:${own} `, `]:${port} `)}\n`;
  }
  const inventory = `.lab/${LAB}/${name}.yml`;
  writeFileSync(inventory, text.replace(/^ *lab: \d+\n/m, ""));
  writeFileSync(`.lab/${LAB}/${name}_known_hosts`, known);
  return inventory;
}

/** Runs the shipped playbook against the tests' lab. */
export function site(...args: readonly string[]): Promise<SiteRun> {
  return playbook("playbooks/site.mts", ...args);
}

/** Runs a playbook against the tests' lab. */
export async function playbook(file: string, ...args: readonly string[]): Promise<SiteRun> {
  const started = performance.now();
  const ended = await program(process.execPath, launcher, file, "-i", INVENTORY, "--json", ...args);
  const events = ended.stdout
    .split("\n")
    .filter((line) => line.startsWith("{"))
    .map((line): RunEvent => JSON.parse(line));
  const finished = events.find((event) => event.kind === "finished");
  const results = new Map(finished?.results.map((result) => [result.host, result]) ?? []);
  return { ...ended, events, results, durationMs: performance.now() - started };
}

/** `type id` of all changes of this kind on a host, in order; conditions that are only waited for are none. */
export function stepsOf({ events }: SiteRun, host: string, kind: "planned" | "applied"): readonly string[] {
  const steps = events.flatMap((event): readonly PlannedStep[] =>
    event.kind === kind && event.host === host ? event.steps : [],
  );
  return steps.flatMap(({ type, id, condition }) => (condition ? [] : [`${type} ${id}`]));
}

/** Asks until the answer is accepted; throws with the last answer at the deadline. Polls once a second. */
export async function eventually<T>(
  what: string,
  timeoutSeconds: number,
  ask: () => Promise<T>,
  accept: (answer: T) => boolean,
): Promise<T> {
  const deadline = Date.now() + timeoutSeconds * 1000;
  for (;;) {
    const answer = await ask().catch((error: unknown) => error as T);
    if (!(answer instanceof Error) && accept(answer)) return answer;
    if (Date.now() > deadline)
      throw new Error(
        `${what}: not within ${timeoutSeconds} s; last answer: ${JSON.stringify(answer)?.slice(0, 2000)} ${answer}`,
      );
    await new Promise((resolve) => setTimeout(resolve, 1000));
  }
}
