// npm run bench:faults [-- --kills 10 --rounds 3 --verbose]: what becomes of five hosts, by Hostwright and by the others, where one is stopped, has moved,
// or the network is bad, and where the controller is killed. The hosts are containers on a network of their own; docs/performance.md has figures.
import { execFileSync, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { parseArgs } from "node:util";
import { type Container, machineImage, startContainer } from "../test/support/container.ts";
import { median } from "./cost.mts";
import { delayed } from "./delay.mts";
import { others, type Reached, rivals } from "./others.mts";
import { keyOptions } from "./sshd.mts";
import { handled, type Shape, statesIn } from "./states.mts";

const { values } = parseArgs({
  options: {
    kills: { type: "string", default: "10" },
    rounds: { type: "string", default: "3" },
    tools: { type: "string", default: "Hostwright,Ansible,pyinfra" },
    verbose: { type: "boolean" },
  },
});
const [kills, rounds] = [Number(values.kills), Number(values.rounds)];

/** Of the tools, for who asks why. */
const output = values.verbose ? "inherit" : "ignore";

/** Who takes longer is killed: exit 137. */
const PATIENCE_MS = 300_000;

let connections = 0;

const FOLDER = "/srv/bench";
const SHAPE: Shape = { count: 12, inFolder: 6 };
/** Of RFC 2544: for measurements, and nobody's else. */
const NETWORK = "198.18.231";
const ROUND_TRIP_MS = 80;
const LOSS = "0.05";

const dir = mkdtempSync(join(tmpdir(), "hostwright-faults-"));
const ends: (() => unknown)[] = [() => rmSync(dir, { recursive: true })];
const docker = (...args: readonly string[]) => execFileSync("docker", args, { encoding: "utf8", stdio: "pipe" }).trim();
const network = `hostwright-bench-${process.pid}`;

/** A host of ours with the address that it has now. */
interface Machine extends Reached {
  readonly container: Container;
}

/** How a run ended: what it said itself, and what is so on the hosts. */
interface Outcome {
  readonly code: number;
  readonly seconds: number;
  /** Hosts that have the version that was wanted. */
  readonly right: number;
  /** Of these, hosts whose handler did not run with it. */
  readonly stale: number;
}

/** A tool, set up for these hosts and this version. */
type Tool = (hosts: readonly Reached[], version: string) => { command: readonly string[]; env: NodeJS.ProcessEnv };

try {
  const found = others();
  if ("problem" in found) throw new Error(`Ansible and pyinfra cannot be had: ${found.problem}`);
  console.log(`node ${process.version}; ${found.versions}; ${SHAPE.count} states a host, five hosts\n`);
  const [stranger, ...machines] = await startMachines(6);
  const tools: Record<string, Tool> = {
    Hostwright: ours,
    Ansible: theirs(found.bin, "Ansible"),
    pyinfra: theirs(found.bin, "pyinfra"),
  };
  for (const [name, tool] of Object.entries(tools))
    if (values.tools.split(",").includes(name)) await measured(name, tool, machines, stranger as Machine);
} finally {
  for (const end of ends.reverse()) await end();
}

async function startMachines(count: number): Promise<readonly Machine[]> {
  const image = await machineImage();
  execFileSync("ssh-keygen", ["-q", "-N", "", "-t", "ed25519", "-f", `${dir}/user`]);
  docker("network", "create", "--subnet", `${NETWORK}.0/24`, network);
  ends.push(() => docker("network", "rm", network));
  const machines: Machine[] = [];
  for (let index = 1; index <= count; index++) {
    const address = `${NETWORK}.${10 + index}`;
    const container = await startContainer({ teardown: (end) => ends.push(end as () => unknown) }, image, {
      publicKey: `${dir}/user.pub`,
      // As root, by all of them: how each becomes root is another matter.
      spoil: `mkdir -p /root/.ssh ${FOLDER}; cp /home/ops/.ssh/authorized_keys /root/.ssh/; chown -R root: /root/.ssh`,
      docker: ["--network", network, "--ip", address],
    });
    // Ansible needs it there.
    await container.run("{ apt-get update && apt-get install -y --no-install-recommends python3; } >/dev/null 2>&1");
    machines.push({ name: `h${index - 1}`, address, port: 22, container });
  }
  return machines;
}

/** All checks with one tool. */
async function measured(name: string, tool: Tool, machines: readonly Machine[], stranger: Machine): Promise<void> {
  let number = 0;
  const next = () => ` ${name} ${++number}`;
  const say = (check: string, { code, seconds, right, stale }: Outcome) =>
    console.log(
      `${name.padEnd(11)} ${check.padEnd(44)} exit ${String(code).padEnd(4)} ${seconds.toFixed(1).padStart(6)} s  ${right} of 5 as wanted${stale > 0 ? `, ${stale} with a handler that never ran` : ""}`,
    );
  const run = async (version: string, hosts: readonly Reached[] = machines) =>
    outcome(await ended(tool(hosts, version)), version, machines);
  const last = machines.at(-1) as Machine;

  pin(machines);
  // Once before: caches, bytecode and bundles are made.
  await run(next());
  const undisturbed = await run(next());
  say("undisturbed", undisturbed);

  await elsewhere(last, undefined, async () => say("a host is stopped", await run(next())));

  await silently(last.address, async () => say("a stale address, where nobody answers", await run(next())));

  await elsewhere(last, `${NETWORK}.25`, async (moved) => {
    await elsewhere(stranger, last.address, async () => {
      say("a stale address, where another machine is", await run(next()));
      const touched = await stranger.container.run(`ls ${FOLDER}`);
      if (touched !== "") console.log(`${name}: changed the other machine`);
      await stranger.container.run(`rm -rf ${FOLDER}/*`);
    });
    const all = [...machines.slice(0, -1), moved];
    pin(all);
    say("the address refreshed, in the inventory", await run(next(), all));
  });
  pin(machines);

  const again: Outcome[] = [];
  for (let index = 0; index < kills; index++) {
    const version = next();
    await killed(tool(machines, version), ((index + 0.5) / kills) * undisturbed.seconds);
    again.push(await run(version));
  }
  const sum = (pick: (one: Outcome) => number) => again.reduce((all, one) => all + pick(one), 0);
  console.log(
    `${name.padEnd(11)} ${`killed at ${kills} points, and run again`.padEnd(44)} exit ${[...new Set(again.map(({ code }) => code))].join(", ").padEnd(4)} ${median(
      again.map(({ seconds }) => seconds),
    )
      .toFixed(1)
      .padStart(
        6,
      )} s  ${sum(({ right }) => right)} of ${5 * kills} as wanted, ${sum(({ stale }) => stale)} with a handler that never ran`,
  );

  await badly(machines, async (reached) => {
    for (let index = 0; index < rounds; index++)
      say(`${ROUND_TRIP_MS} ms, and 5 % of the packets lost`, await run(next(), reached));
  });
}

async function outcome(
  { code, seconds }: { code: number; seconds: number },
  version: string,
  machines: readonly Machine[],
): Promise<Outcome> {
  const files = statesIn(FOLDER, SHAPE, version).filter(({ kind }) => kind === "file");
  const { from, to } = handled(FOLDER);
  const sums = files.map(
    ({ path, content }) => `[ "$(cat ${path})" = "$(echo ${Buffer.from(content).toString("base64")} | base64 -d)" ]`,
  );
  const states = await Promise.all(
    machines.map(async ({ container }) => {
      const script = `if ${sums.join(" && ")}; then cmp -s ${from} ${to} && echo right || echo stale; else echo wrong; fi`;
      return (await container.run(script)).trim();
    }),
  );
  const right = states.filter((state) => state !== "wrong").length;
  return { code, seconds, right, stale: states.filter((state) => state === "stale").length };
}

function start({ command: [file = "", ...args], env }: ReturnType<Tool>) {
  return spawn(file, args, { env: { ...process.env, ...env }, stdio: ["ignore", output, output], detached: true });
}

async function ended(job: ReturnType<Tool>): Promise<{ code: number; seconds: number }> {
  const began = performance.now();
  const child = start(job);
  const late = setTimeout(() => child.pid && process.kill(-child.pid, "SIGKILL"), PATIENCE_MS);
  const [code] = await once(child, "close");
  clearTimeout(late);
  return { code: Number(code ?? 137), seconds: (performance.now() - began) / 1000 };
}

async function killed(job: ReturnType<Tool>, afterSeconds: number): Promise<void> {
  const child = start(job);
  const gone = once(child, "close");
  await Promise.race([gone, delay(afterSeconds * 1000)]);
  if (child.exitCode === null && child.pid) process.kill(-child.pid, "SIGKILL");
  await gone;
}

function ours(hosts: readonly Reached[], version: string): ReturnType<Tool> {
  const own = hosts.map(({ name, address, port }) => [name, { ansible_host: address, ansible_port: port }]);
  const login = {
    ansible_user: "root",
    ansible_ssh_private_key_file: `${dir}/user`,
    known_hosts: `${dir}/known_hosts`,
  };
  const states = { bench_folder: FOLDER, bench_count: SHAPE.count, bench_in_folder: SHAPE.inFolder };
  const all = { hosts: Object.fromEntries(own), vars: { ...login, ...states, bench_version: version } };
  writeFileSync(join(dir, "ours.json"), JSON.stringify({ all }));
  return { command: ["npx", "zx", "bench/states.mts", "-i", join(dir, "ours.json")], env: {} };
}

function theirs(bin: string, wanted: string): Tool {
  return (hosts, version) => {
    const config = join(dir, "config");
    const lines = hosts.flatMap(({ name, address, port }) => [`Host ${name}`, `HostName ${address}`, `Port ${port}`]);
    writeFileSync(config, [...lines, "Host *", "User root", ...keyOptions(dir), ""].join("\n"));
    const login = { user: "root", key: `${dir}/user`, knownHosts: `${dir}/known_hosts` };
    const { from, to } = handled(FOLDER);
    const handler = `cp -- ${from} ${to}`;
    const states = statesIn(FOLDER, SHAPE, version);
    const all = rivals({ bin, dir, config, hosts, login, states, handler });
    const rival = all.find(({ name }) => name === wanted);
    if (!rival) throw new Error(`no ${wanted}`);
    // No connection is kept from run to run: days are between them.
    const args = `${rival.env.ANSIBLE_SSH_ARGS}`.replace("%C", `${++connections}-%C`);
    return { command: rival.command, env: { ...rival.env, ANSIBLE_SSH_ARGS: args } };
  };
}

/** Writes down the keys of hosts, at the addresses that they have. */
function pin(machines: readonly Machine[]): void {
  const lines = machines.flatMap(({ address, port, container }) =>
    container.keys.map((key) => `${port === 22 ? address : `[${address}]:${port}`} ${key}\n`),
  );
  writeFileSync(`${dir}/known_hosts`, lines.join(""));
}

/** A machine that has another address meanwhile, or none. */
async function elsewhere(
  machine: Machine,
  address: string | undefined,
  task: (moved: Machine) => Promise<void>,
): Promise<void> {
  const move = async (to: string | undefined): Promise<void> => {
    spawnSync("docker", ["network", "disconnect", network, machine.container.id]);
    if (to !== undefined) docker("network", "connect", "--ip", to, network, machine.container.id);
    // For the network to have heard of it.
    await delay(1000);
  };
  await move(address);
  await task({ ...machine, address: address ?? machine.address });
  await move(machine.address);
}

/** Nothing that is sent to an address arrives. */
async function silently(address: string, task: () => Promise<void>): Promise<void> {
  await filtered([["OUTPUT", "-d", address]], [], task);
}

/** Hosts behind a delay, on a network that loses packets both ways. */
async function badly(
  machines: readonly Machine[],
  task: (reached: readonly Reached[]) => Promise<void>,
): Promise<void> {
  const ways = await Promise.all(machines.map(({ address }) => delayed(22, ROUND_TRIP_MS, address)));
  const reached = machines.map((one, index) => ({ ...one, address: "127.0.0.1", port: ways[index]?.port ?? 0 }));
  pin(reached);
  const lost = ["-m", "statistic", "--mode", "random", "--probability", LOSS];
  await filtered(
    [
      ["OUTPUT", "-d", `${NETWORK}.0/24`],
      ["INPUT", "-s", `${NETWORK}.0/24`],
    ],
    lost,
    () => task(reached),
  );
  for (const way of ways) way.close();
}

async function filtered(
  chains: readonly (readonly string[])[],
  how: readonly string[],
  task: () => Promise<void>,
): Promise<void> {
  const iptables = (action: string) => {
    for (const chain of chains) execFileSync("iptables", [action, ...chain, ...how, "-j", "DROP"]);
  };
  iptables("-I");
  try {
    await task();
  } finally {
    iptables("-D");
  }
}
