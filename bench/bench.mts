// npm run bench: what a run costs that changes nothing, as times what `ssh HOST true` costs. docs/performance.md has figures.

import { type ChildProcess, execFileSync, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { cpus, tmpdir, userInfo } from "node:os";
import { join } from "node:path";
import { connectLocal } from "../engine/connection/local.ts";
import { loadInventory } from "../engine/inventory/load.ts";
import type { RunEvent } from "../engine/run/event.ts";
import { startRun } from "../engine/run/play.ts";
import { freePort } from "../test/support/port.ts";
import playbook, { statesIn } from "./states.mts";

const SSHD = "/usr/sbin/sshd";
const ROUNDS = 3;

interface Cost {
  readonly seconds: number;
  readonly note: string;
}

if (!existsSync(SSHD)) throw new Error(`found no ${SSHD}, expected OpenSSH's server: apt install openssh-server`);
const dir = mkdtempSync(join(tmpdir(), "hostwright-bench-"));
const port = await freePort();
const sshd = await startSshd();
try {
  await measure();
} finally {
  sshd.kill();
  rmSync(dir, { recursive: true });
}

async function measure(): Promise<void> {
  const ssh = median(() => run("ssh", ["-F", "none", ...sshOptions(), "-p", `${port}`, "127.0.0.1", "true"]));
  const show = (what: string, { seconds, note }: Cost) =>
    console.log(
      `${what.padEnd(46)} ${seconds.toFixed(2).padStart(7)} s ${(seconds / ssh).toFixed(1).padStart(7)} x  ${note}`,
    );
  console.log(`node ${process.version}, ${cpus().length} x ${cpus()[0]?.model}; median of ${ROUNDS}`);
  show("ssh HOST true", { seconds: ssh, note: "" });
  for (const count of [60, 600]) {
    await seed(count);
    for (const way of ["local", "ssh"]) show(`hostwright, ${count} resources in sync, ${way}`, ours(count, way));
  }
  if (spawnSync("ansible-playbook", ["--version"]).error) return console.log("ansible-playbook is not installed");
  for (const pipelining of ["True", "False"])
    show(`ansible-playbook, 60 tasks in sync, ssh, pipelining ${pipelining}`, ansible(60, pipelining));
}

/** Makes the states through the engine, which keeps its own state in the benchmark's folder. */
async function seed(count: number): Promise<void> {
  const loaded = await loadInventory([inventory(count, "local")], { env: {} });
  const operation = { run: "bench", operator: "bench", playbook: "bench", commit: "" };
  const paths = { state: `${dir}/state`, log: `${dir}/log` };
  const plain = {
    limit: undefined,
    tags: [],
    skipTags: [],
    releases: async () => ({}),
    check: false,
    forks: 1,
    lockWaitSeconds: 0,
  };
  mkdirSync(folderOf(count));
  const ports = { connect: async () => connectLocal("bench"), emit: () => {} };
  const going = startRun(loaded, { ...plain, operation, paths }, ports);
  for (const play of playbook) await going.play(play);
  const [result] = await going.finish();
  if (result?.failure) throw new Error(result.failure.message);
}

function ours(count: number, way: string): Cost {
  const args = ["--import=tsx", "bench/states.mts", "-i", inventory(count, way), "--json"];
  const seconds = median(() => run(process.execPath, args));
  const { finished, durationMs } = lastRun(args);
  if (!finished || finished.changed > 0) throw new Error("found changes, expected a host in sync");
  const { execs, bytesSent, bytesReceived } = finished;
  const kib = (bytes: number) => `${(bytes / 1024).toFixed(0)} KiB`;
  const within = `${(durationMs / 1000).toFixed(2)} s of it the run itself`;
  return { seconds, note: `${execs} execs, ${kib(bytesSent)} sent, ${kib(bytesReceived)} received; ${within}` };
}

function lastRun(args: readonly string[]) {
  const events = execFileSync(process.execPath, args, { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] });
  const last: RunEvent = JSON.parse(events.trimEnd().split("\n").at(-1) ?? "");
  if (last.kind !== "finished") throw new Error(`found the event ${last.kind}, expected the end of the run`);
  return { finished: last.results[0], durationMs: last.durationMs };
}

function ansible(count: number, pipelining: string): Cost {
  const file = join(dir, "ansible.json");
  const tasks = statesIn(folderOf(count), count).map(({ kind, path, content }) => {
    if (kind === "directory") return { "ansible.builtin.file": { path, state: "directory", mode: "0755" } };
    if (kind === "link") return { "ansible.builtin.file": { path, src: content, state: "link" } };
    return { "ansible.builtin.copy": { dest: path, content, mode: "0644" } };
  });
  writeFileSync(file, JSON.stringify([{ hosts: "all", tasks }]));
  const env = {
    ANSIBLE_PIPELINING: pipelining,
    ANSIBLE_SSH_ARGS: ["-o", "ControlMaster=auto", "-o", "ControlPersist=60s", ...sshOptions()].join(" "),
    ANSIBLE_HOME: join(dir, "ansible"),
  };
  return { seconds: median(() => run("ansible-playbook", ["-i", inventory(count, "ssh"), file], env)), note: "" };
}

function inventory(count: number, way: string): string {
  const file = join(dir, `${way}-${count}.json`);
  const address = way === "local" ? { ansible_connection: "local" } : { ansible_host: "127.0.0.1", ansible_port: port };
  const login = { ansible_user: userInfo().username, ansible_ssh_private_key_file: `${dir}/user` };
  const own = { known_hosts: `${dir}/known_hosts`, bench_folder: folderOf(count), bench_count: count };
  writeFileSync(file, JSON.stringify({ all: { hosts: { bench: { ...address, ...login, ...own } } } }));
  return file;
}

function folderOf(count: number): string {
  return join(dir, `states-${count}`);
}

function sshOptions(): readonly string[] {
  return ["-i", `${dir}/user`, "-o", `UserKnownHostsFile=${dir}/known_hosts`, "-o", "BatchMode=yes"];
}

/** Runs a program and returns its seconds; throws with its output when it fails. */
function run(file: string, args: readonly string[], env: Readonly<Record<string, string>> = {}): number {
  const started = performance.now();
  const { status, stdout, stderr } = spawnSync(file, args, { env: { ...process.env, ...env }, encoding: "utf8" });
  if (status !== 0) throw new Error(`${file} ended with ${status}:\n${stdout}${stderr}`);
  return (performance.now() - started) / 1000;
}

function median(once: () => number): number {
  const all = Array.from({ length: ROUNDS }, once).sort((a, b) => a - b);
  return all[Math.floor(ROUNDS / 2)] ?? Number.NaN;
}

async function startSshd(): Promise<ChildProcess> {
  for (const name of ["host", "user"])
    execFileSync("ssh-keygen", ["-q", "-N", "", "-t", "ed25519", "-f", `${dir}/${name}`]);
  writeFileSync(`${dir}/known_hosts`, `[127.0.0.1]:${port} ${readFileSync(`${dir}/host.pub`, "utf8")}`);
  const lines = [
    `Port ${port}`,
    "ListenAddress 127.0.0.1",
    `HostKey ${dir}/host`,
    `AuthorizedKeysFile ${dir}/user.pub`,
  ];
  writeFileSync(`${dir}/sshd_config`, [...lines, "StrictModes no", "UsePAM no", `PidFile ${dir}/pid`, ""].join("\n"));
  if (userInfo().uid === 0) mkdirSync("/run/sshd", { recursive: true });
  const child = spawn(SSHD, ["-D", "-e", "-f", `${dir}/sshd_config`], { stdio: ["ignore", "ignore", "pipe"] });
  await once(child.stderr, "data");
  child.stderr.resume();
  return child;
}
