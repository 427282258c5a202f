import { spawn } from "node:child_process";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { resolve } from "node:path";
import type { Test } from "tap";
import { quoteWord } from "../../engine/shell/sh.ts";
import { LAB, labAddress, labPort } from "./lab.ts";
import { type Ended, runProgram } from "./program.ts";

/** Vars of hosts by name; `"!env X"` and `"!file X"` become those tags. */
export type HostsVars = Readonly<Record<string, Readonly<Record<string, unknown>>>>;

/** What an operator has on disk for one test: an inventory, pins, an OpenSSH configuration. */
export interface Bench {
  readonly dir: string;
  /** Arguments that select the inventory. */
  readonly args: readonly string[];
  /** Runs one command line on a host or pattern through `playbooks/exec.mts`. */
  exec(pattern: string, line: string, options?: ExecOptions): Promise<Ended>;
}

interface BenchOptions {
  readonly pins?: string;
  readonly config?: string;
  /** Names of hosts by group. */
  readonly groups?: Readonly<Record<string, readonly string[]>>;
}

interface ExecOptions {
  readonly options?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

/** The lab's key for the operator. */
export const LAB_KEY = resolve(`.lab/${LAB}/id_ed25519`);

/** How to log in to a host through the port that this machine publishes. */
export const direct = (host: string) => ({ host: "127.0.0.1", port: labPort(host), user: "ubuntu", key: LAB_KEY });

/** How to log in to a host at its own address, which only the lab's network has. */
export const inside = (host: string) => ({ host: labAddress(host), user: "ubuntu", key: LAB_KEY });

/** Writes the files of a test. Nothing of this machine's own OpenSSH configuration, agent or pins plays a part. */
export function bench(t: Test, hosts: HostsVars, { pins = "", config = "", groups = {} }: BenchOptions = {}): Bench {
  const dir = t.testdir({ pins, config: `${config}\nHost *\n  UserKnownHostsFile ${t.testdirName}/pins\n${ISOLATED}` });
  const vars = { known_hosts: `${dir}/pins`, ansible_ssh_common_args: `-F ${dir}/config` };
  const children = Object.fromEntries(
    Object.entries(groups).map(([group, names]) => [
      group,
      { hosts: Object.fromEntries(names.map((name) => [name, {}])) },
    ]),
  );
  const text = JSON.stringify({ all: { hosts, vars, children } }, undefined, 1).replaceAll(
    /"(!(?:env|file) \w+)"/g,
    "$1",
  );
  writeFileSync(`${dir}/hosts.yml`, text);
  const args = ["-i", `${dir}/hosts.yml`];
  return {
    dir,
    args,
    exec: (pattern, line, { options = [], env = {} } = {}) =>
      runProgram("exec", [...args, pattern, ...options, "--", line], { env: { SSH_AUTH_SOCK: "", ...env } }),
  };
}

const ISOLATED = "  GlobalKnownHostsFile /dev/null\n  IdentitiesOnly no\n";

/** Lines of known_hosts that pin these keys under this name. */
export function pinned(name: string, keys: Iterable<string>): string {
  return [...keys].map((key) => `${name} ${key.split(" ").slice(0, 2).join(" ")}\n`).join("");
}

/** Runs a command line on a terminal, and types each answer when its question is there. Returns all that the terminal showed. */
export async function onTerminal(
  argv: readonly string[],
  answers: Readonly<Record<string, string>>,
): Promise<{ code: number | null; shown: string }> {
  const env = { ...process.env, SSH_AUTH_SOCK: "", NO_COLOR: "1", TERM: "dumb" };
  const child = spawn("script", ["-qec", argv.map(quoteWord).join(" "), "/dev/null"], { env });
  const open = new Map(Object.entries(answers));
  let shown = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    shown += text;
    for (const [question, answer] of open)
      if (shown.includes(question)) {
        open.delete(question);
        child.stdin.write(`${answer}\n`);
      }
  });
  const [code] = await once(child, "close");
  return { code, shown };
}
