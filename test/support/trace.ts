import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import type { Script } from "../../engine/shell/sh.ts";
import { onHost } from "./lab.ts";
import type { Ended } from "./program.ts";

/** Whether this machine has what `traced` needs. */
export const canTrace = spawnSync("strace", ["-V"]).status === 0;

// Every program that is started, with all of its arguments and environment, in hexadecimal: `ps` sees a sample of these.
const STRACE = ["-f", "-qq", "-xx", "-v", "-s", "2097152", "-e", "trace=execve", "-e", "signal=none"];

/** Runs a program here; `started` has the arguments and the environment of it and of every program that it started. */
export async function traced(dir: string, argv: readonly string[]): Promise<Ended & { readonly started: string }> {
  const file = `${dir}/trace`;
  const { SSH_AUTH_SOCK: _, ...env } = process.env;
  const child = spawn("strace", [...STRACE, "--seccomp-bpf", "-o", file, ...argv], {
    env: { ...env, NO_COLOR: "1" },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const output = { stdout: "", stderr: "" };
  for (const stream of ["stdout", "stderr"] as const)
    child[stream].setEncoding("utf8").on("data", (text: string) => {
      output[stream] += text;
    });
  const [code] = await once(child, "close");
  return { code, ...output, started: plain(readFileSync(file, "latin1")) };
}

/** Follows sshd on a host; the returned function ends that and gives the same of every program that logins have started. */
export async function traceLogins(host: string): Promise<() => Promise<string>> {
  await onHost(
    host,
    `command -v strace >/dev/null || { apt-get update && apt-get install -y --no-install-recommends strace; } >/dev/null 2>&1
    sshd=$(cat /run/sshd.pid)
    strace ${STRACE.join(" ")} -o /run/trace -p "$sshd" >/dev/null 2>&1 & echo $! >/run/trace.pid
    until ! grep -q '^TracerPid:.0$' "/proc/$sshd/status"; do sleep 0.1; done`,
  );
  return async () => {
    const stop = "pid=$(cat /run/trace.pid); kill $pid; while [ -e /proc/$pid ]; do sleep 0.1; done";
    return plain(await onHost(host, `${stop}; cat /run/trace; rm /run/trace /run/trace.pid`));
  };
}

/** How many processes a script makes in this shell. */
export function processesOf(dir: string, [shell = "sh", ...args]: readonly string[], script: Script): number {
  const file = `${dir}/processes`;
  const trace = ["-f", "-qq", "-e", "trace=fork,vfork,clone,clone3", "-e", "signal=none", "-o", file];
  const { status, stderr } = spawnSync("strace", [...trace, shell, ...args, "-s"], { input: script.text });
  if (status !== 0) throw new Error(`${status}: ${stderr}`);
  return readFileSync(file, "utf8")
    .split("\n")
    .filter((line) => / = \d+$/.test(line)).length;
}

/** What a script asks of the disk, in order: "write FILE", "fsync PATH", "rename FROM TO", with whole paths. */
export function diskCalls(dir: string, [shell = "sh", ...args]: readonly string[], script: Script): readonly string[] {
  const file = `${dir}/disk-calls`;
  const calls = "trace=open,openat,write,fsync,fdatasync,rename,renameat,renameat2";
  const trace = ["-f", "-y", "-qq", "-s", "4096", "-e", calls, "-e", "signal=none", "-o", file];
  const { status, stderr } = spawnSync("strace", [...trace, shell, ...args, "-s"], { input: script.text });
  if (status !== 0) throw new Error(`${status}: ${stderr}`);
  return whole(readFileSync(file, "utf8")).flatMap(diskCall);
}

/** The lines of a trace: a call during which another process made one is on two. */
function whole(trace: string): readonly string[] {
  const begun = new Map<string, string>();
  return trace.split("\n").flatMap((line) => {
    const [, pid = "", text = ""] = /^(\d+) +(.*)$/.exec(line) ?? [];
    if (text.endsWith(" <unfinished ...>")) {
      begun.set(pid, line.slice(0, -" <unfinished ...>".length));
      return [];
    }
    return [text.startsWith("<... ") ? `${begun.get(pid)}${text.replace(/^<\.\.\. \w+ resumed>/, "")}` : line];
  });
}

function diskCall(line: string): readonly string[] {
  const [, name = "", args = "", result = ""] = /^\d+ +(\w+)\((.*)\) += (\d+.*)$/.exec(line) ?? [];
  const opened = /\d+<([^>]*)>/;
  if (name === "write" || name.startsWith("f")) return [`${name} ${opened.exec(args)?.[1]}`];
  // What is opened to be written counts as written: `cp` has ways of its own, and of nothing nothing is written.
  if (name.startsWith("open")) return /O_WRONLY|O_RDWR/.test(args) ? [`write ${opened.exec(result)?.[1]}`] : [];
  const paths = [...args.matchAll(/<([^>]*)>, "([^"]*)"/g)].map(([, from = "", path = ""]) => resolve(from, path));
  return name === "" ? [] : [`rename ${paths.join(" ")}`];
}

/** What strace wrote in hexadecimal, as text. */
function plain(trace: string): string {
  const bytes = trace.replaceAll(/\\x([0-9a-f]{2})/g, (_, hex: string) =>
    String.fromCharCode(Number.parseInt(hex, 16)),
  );
  return Buffer.from(bytes, "latin1").toString();
}
