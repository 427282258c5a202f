// npm run bench [-- --hosts 1,10 --others 1 --delays 0,100 --rounds 5 --patient]: the same states by Hostwright, by the others (up to so
// many hosts: they take their time; a thousand files with --patient only), and by the least that can do it. docs/performance.md has figures, and says how to read them.
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { cpus, tmpdir, userInfo } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import type { RunEvent } from "../engine/run/event.ts";
import { spent } from "./cost.mts";
import { delayed } from "./delay.mts";
import { type Job, measure } from "./measure.mts";
import { others, rivals } from "./others.mts";
import { keyOptions, startSshd } from "./sshd.mts";
import { type Shape, statesIn } from "./states.mts";

const { values } = parseArgs({
  options: {
    hosts: { type: "string", default: "1,10,50" },
    others: { type: "string", default: "1" },
    delays: { type: "string", default: "0,100" },
    rounds: { type: "string", default: "5" },
    patient: { type: "boolean", default: false },
  },
});
const [counts, delays] = [values.hosts, values.delays].map((text) => text.split(",").map(Number)) as [
  number[],
  number[],
];
const rounds = Number(values.rounds);

/** As many as the app role's resources, in files, folders and links. */
const STATES: Shape = { count: 60, inFolder: 6 };
const MANY: Shape = { count: 1000, inFolder: 100 };

const dir = mkdtempSync(join(tmpdir(), "hostwright-bench-"));
const server = await startSshd(dir);
const found = others();
try {
  console.log(`node ${process.version}, ${cpus().length} x ${cpus()[0]?.model}; median of ${rounds} (least to most)`);
  console.log("problem" in found ? `Ansible, Mitogen, pyinfra: left out: ${found.problem}` : found.versions);
  seed(folderOf(STATES), STATES);
  for (const delay of delays) for (const count of counts) await inSync(count, delay);
  // What changes something leaves a journal in /var/log, and only root may.
  if (userInfo().uid === 0) {
    await drift();
    await many();
  } else console.log("\nwhat is changed is measured as root only");
} finally {
  server.close();
  rmSync(dir, { recursive: true });
}

/** All hosts are one machine, by as many names. */
async function inSync(count: number, roundTripMs: number): Promise<void> {
  console.log(`\n${STATES.count} states in sync, ${count} hosts, ${roundTripMs} ms round trip`);
  const way = roundTripMs === 0 ? { port: server.port, close() {} } : await delayed(server.port, roundTripMs);
  const hosts = Array.from({ length: count }, (_, index) => `h${index}`);
  const config = sshConfig(way.port);
  const inventory = inventoryOf(hosts, way.port, STATES);
  const jobs = {
    "ssh HOST true, all at once": () => spent("npx", ["zx", "bench/floor.mts", config, script("true"), ...hosts]),
    "floor: zx, one probe script a host by ssh": () =>
      spent("npx", ["zx", "bench/floor.mts", config, probeScript(), ...hosts]),
    Hostwright: () => spent("npx", ["zx", "bench/states.mts", "-i", inventory, "--forks", `${count}`]),
    "Hostwright, without npx": () =>
      spent(process.execPath, [
        "--import=hostwright/launch",
        "bench/states.mts",
        "-i",
        inventory,
        "--forks",
        `${count}`,
      ]),
    ...(count <= Number(values.others) ? theirs(hosts, config, way.port, STATES) : {}),
  };
  await measure(rounds, jobs, (name) => (name === "Hostwright" ? said() : ""));
  way.close();
}

/** One file of one host has other content. */
async function drift(): Promise<void> {
  console.log(`\none of ${STATES.count} states drifted, 1 host`);
  const config = sshConfig(server.port);
  const inventory = inventoryOf(["h0"], server.port, STATES);
  const spoil = () => writeFileSync(join(folderOf(STATES), "d0/f1"), "drifted");
  const after = (job: Job) => () => {
    spoil();
    return job();
  };
  const jobs = {
    Hostwright: () => spent("npx", ["zx", "bench/states.mts", "-i", inventory]),
    ...theirs(["h0"], config, server.port, STATES),
  };
  await measure(rounds, Object.fromEntries(Object.entries(jobs).map(([name, job]) => [name, after(job)])));
}

/** A folder of a thousand files, from nothing and again. */
async function many(): Promise<void> {
  console.log(`\n${MANY.count} files in ten folders, 1 host: made, and again`);
  const config = sshConfig(server.port);
  const inventory = inventoryOf(["h0"], server.port, MANY);
  const fresh = (job: Job) => () => {
    rmSync(folderOf(MANY), { recursive: true, force: true });
    mkdirSync(folderOf(MANY));
    return job();
  };
  const source = join(dir, "source");
  seed(source, MANY);
  const tar = `tar -C ${source} -cf - . | ssh -F ${config} h0 'tar -C ${folderOf(MANY)} -xf - && sync -f ${folderOf(MANY)}'`;
  const run = () => spent("npx", ["zx", "bench/states.mts", "-i", inventory]);
  const jobs = {
    "tar over ssh, synced": fresh(() => spent("sh", ["-c", tar])),
    "Hostwright, made": fresh(run),
    "Hostwright, again": run,
  };
  await measure(rounds, jobs);
  if (!values.patient || "problem" in found) return;
  for (const [name, job] of Object.entries(theirs(["h0"], config, server.port, MANY))) {
    const made = await fresh(job)();
    const again = await job();
    console.log(`${name}: made in ${made.seconds.toFixed(0)} s, again in ${again.seconds.toFixed(0)} s (once)`);
  }
}

function theirs(hosts: readonly string[], config: string, port: number, shape: Shape): Record<string, Job> {
  if ("problem" in found) return {};
  const login = { user: userInfo().username, key: `${dir}/user`, knownHosts: `${dir}/known_hosts` };
  const reached = hosts.map((name) => ({ name, address: "127.0.0.1", port }));
  const all = rivals({ bin: found.bin, dir, config, hosts: reached, login, states: statesIn(folderOf(shape), shape) });
  return Object.fromEntries(
    all.map(({ name, command: [file = "", ...args], env }) => [name, () => spent(file, args, env)]),
  );
}

/** Makes what the states describe. */
function seed(folder: string, shape: Shape): void {
  mkdirSync(folder);
  for (const { kind, path, content } of statesIn(folder, shape)) {
    if (kind === "directory") mkdirSync(path, { mode: 0o755 });
    else if (kind === "link") symlinkSync(content, path);
    else writeFileSync(path, content, { mode: 0o644 });
  }
}

/** What a run that changes nothing says of a host. */
function said(): string {
  const inventory = inventoryOf(["h0"], server.port, STATES);
  const args = ["--import=hostwright/launch", "bench/states.mts", "-i", inventory, "--json"];
  const events = execFileSync(process.execPath, args, { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] });
  const last: RunEvent = JSON.parse(events.trimEnd().split("\n").at(-1) ?? "");
  const [first] = last.kind === "finished" ? last.results : [];
  if (!first || first.changed > 0) throw new Error("found changes, expected hosts in sync");
  return `${first.execs} execs a host, ${(first.bytesSent / 1024).toFixed(0)} KiB sent, ${(first.bytesReceived / 1024).toFixed(0)} KiB received`;
}

function inventoryOf(hosts: readonly string[], port: number, shape: Shape): string {
  const file = join(dir, `${port}-${hosts.length}-${shape.count}.json`);
  const login = { ansible_user: userInfo().username, ansible_ssh_private_key_file: `${dir}/user` };
  const address = { ansible_host: "127.0.0.1", ansible_port: port, ...login };
  const states = { bench_folder: folderOf(shape), bench_count: shape.count, bench_in_folder: shape.inFolder };
  const own = { known_hosts: `${dir}/known_hosts`, ...states };
  const all = { hosts: Object.fromEntries(hosts.map((host) => [host, {}])), vars: { ...address, ...own } };
  writeFileSync(file, JSON.stringify({ all }));
  return file;
}

function sshConfig(port: number): string {
  const file = join(dir, `config-${port}`);
  const lines = [
    "Host h*",
    "HostName 127.0.0.1",
    `Port ${port}`,
    `User ${userInfo().username}`,
    ...keyOptions(dir),
    "",
  ];
  writeFileSync(file, lines.join("\n"));
  const pins = readFileSync(`${dir}/known_hosts`, "utf8");
  if (!pins.includes(`:${port} `)) writeFileSync(`${dir}/known_hosts`, `${pins}[127.0.0.1]:${port} ${server.hostKey}`);
  return file;
}

/** What somebody would write by hand: one `stat`, one `sha256sum`, one `readlink`, compared here. */
function probeScript(): string {
  const states = statesIn(folderOf(STATES), STATES);
  const paths = states.map(({ path }) => path).join(" ");
  const files = states
    .filter(({ kind }) => kind === "file")
    .map(({ path }) => path)
    .join(" ");
  const links = states
    .filter(({ kind }) => kind === "link")
    .map(({ path }) => path)
    .join(" ");
  return script(`stat -c '%f %a %U %G' ${paths}\nsha256sum ${files}\nreadlink ${links}`);
}

function script(text: string): string {
  const file = join(dir, `script-${text.length}.sh`);
  writeFileSync(file, `${text}\n`);
  return file;
}

function folderOf({ count }: Shape): string {
  return join(dir, `states-${count}`);
}
