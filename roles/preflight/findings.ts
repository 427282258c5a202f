import type { Finding } from "hostwright";
import type { Listening } from "../service.ts";
import type { HostState, Listener } from "./host.ts";
import type { Path, Reached } from "./paths.ts";

/** The kernel keeps so much of a program's name (TASK_COMM_LEN), and `ss` shows that. */
const COMM_LENGTH = 15;

/** Clocks that differ by more than this spoil rates, certificates and the order of what is correlated. */
const SKEW_SECONDS = 30;

/** How a path fared, told from the host that tried it. */
export function pathFinding(path: Path, { state, status }: Reached, from: string): Finding {
  const { to, address, port, what } = path;
  const name = `${what}: ${to}:${port}`;
  const at = `${address} port ${port}`;
  const open = { hint: `let ${from} reach TCP ${port} of ${to} (${address}): security group, firewall, network ACL` };
  if (state === "open" && status !== undefined && status !== "200")
    return {
      name,
      outcome: "unproven",
      text: `open, and ${path.url} answers HTTP ${status}`,
      hint: "see app_metrics_path, app_metrics_port and app_metrics_scheme",
    };
  const outcomes = {
    open: { outcome: "works", text: status === undefined ? "open" : `open, HTTP ${status}` },
    refused: { outcome: "works", text: "can be reached; nothing listens there yet" },
    filtered: { outcome: "broken", text: `filtered: no answer from ${at} (security group?)`, ...open },
    unreachable: { outcome: "broken", text: `no way to ${at}: wrong address, host down, or rejected`, ...open },
    "unknown-name": {
      outcome: "broken",
      text: `${from} finds no address for the name ${address}`,
      hint: `set var "address" of ${to} to what ${from} can resolve`,
    },
    untried: { outcome: "unproven", text: "not tried: the host has neither bash, python3 nor curl" },
  } as const;
  return { name, ...outcomes[state] };
}

/** Whether the ports that roles will bind are free, or held by what the roles run. */
export function portFindings(wanted: readonly Listening[], { listeners, ownPorts }: HostState): readonly Finding[] {
  const name = "ports";
  if (!listeners) return [{ name, outcome: "unproven", text: "not looked at: the host has no ss (package iproute2)" }];
  const taken = wanted.flatMap((want): readonly Finding[] => {
    const found = listeners.find((one) => collides(want, one) && !isOurs(want, one, ownPorts));
    if (!found) return [];
    const hint = want.setBy ? `stop it, or choose another ${want.setBy}` : "stop it";
    return [
      {
        name: `port ${want.port}`,
        outcome: "broken",
        text: `wanted for ${want.what}, and held by ${found.holder || "another program"}`,
        hint,
      },
    ];
  });
  const list = [...new Set(wanted.map(({ port }) => port))].join(", ");
  return taken.length > 0 ? taken : [{ name, outcome: "works", text: `${list}: free, or ours already` }];
}

function collides(want: Listening, found: Listener): boolean {
  const anywhere = ["0.0.0.0", "::"];
  const overlaps =
    anywhere.includes(want.address) || anywhere.includes(found.address) || want.address === found.address;
  return want.port === found.port && overlaps;
}

function isOurs({ holders = [], port }: Listening, { holder }: Listener, ownPorts: ReadonlySet<number>): boolean {
  if (/^docker-pr/.test(holder)) return ownPorts.has(port);
  return holders.some((program) => holder.startsWith(`${program.slice(0, COMM_LENGTH)} (`));
}

/** Free disk and memory against what is needed. */
export function sizeFindings(
  { free, availableMemoryKib }: HostState,
  needs: { readonly diskMb: number; readonly memoryMb: number },
): readonly Finding[] {
  const [least] = [...free].sort(([, a], [, b]) => a - b);
  const disk = least && Math.floor(least[1] / 1024);
  const memory = availableMemoryKib === undefined ? undefined : Math.floor(availableMemoryKib / 1024);
  return [
    ...(least === undefined || disk === undefined ? [] : [diskFinding(least[0], disk, needs.diskMb)]),
    ...(memory === undefined ? [] : [memoryFinding(memory, needs.memoryMb)]),
  ];
}

function diskFinding(folder: string, freeMb: number, needMb: number): Finding {
  const text = `${freeMb} MB free for ${folder}, ${needMb} MB needed`;
  if (freeMb >= needMb) return { name: "disk", outcome: "works", text };
  return { name: "disk", outcome: "broken", text, hint: "make room, or use a larger disk" };
}

function memoryFinding(availableMb: number, needMb: number): Finding {
  const text = `${availableMb} MB available, ${needMb} MB may be taken`;
  if (availableMb >= needMb) return { name: "memory", outcome: "works", text };
  // Limits are upper bounds, and what runs already is counted in them twice.
  return { name: "memory", outcome: "unproven", text: `${text}: the host may run short` };
}

/** When a host said its clock, by ours; all in seconds of the epoch. */
export interface ClockReading {
  readonly clock: number;
  readonly asked: number;
  readonly answered: number;
}

/** How far a host's clock is surely off, in seconds: positive is ahead. The clock was read in whole seconds. */
export function skewOf({ clock, asked, answered }: ClockReading): number {
  if (clock > answered) return clock - answered;
  if (clock + 1 < asked) return clock + 1 - asked;
  return 0;
}

/** A clock against this machine's, and against those of the other hosts: it is the hosts that have to agree. */
export function clockFinding(skew: number, others: readonly number[]): Finding {
  const name = "clock";
  const differs = Math.max(0, ...others.map((other) => Math.abs(other - skew)));
  const own = describe(skew);
  if (differs > SKEW_SECONDS)
    return {
      name,
      outcome: "broken",
      text: `${own}, and up to ${Math.round(differs)} s from the other hosts'`,
      hint: "let the hosts keep time: apt-get install systemd-timesyncd (or chrony)",
    };
  if (Math.abs(skew) > SKEW_SECONDS)
    return { name, outcome: "unproven", text: `${own}: this machine's own may be the wrong one` };
  return { name, outcome: "works", text: own };
}

function describe(skew: number): string {
  const seconds = Math.round(Math.abs(skew));
  if (seconds === 0) return "as this machine's";
  return `${seconds} s ${skew > 0 ? "ahead of" : "behind"} this machine's`;
}

/** Whether the agent may read the logs. Where it may not, the role is going to let it. */
export function logFinding(logs: string | undefined, agent: string): readonly Finding[] {
  if (logs === undefined) return [];
  const name = "logs";
  if (logs === "readable") return [{ name, outcome: "works", text: `${agent} may read them` }];
  if (logs === "no-user") return [{ name, outcome: "works", text: `there is no user ${agent} yet; role app lets it` }];
  const hint = "a run of playbooks/site.mts opens them";
  return [{ name, outcome: "unproven", text: `${agent} may not read ${logs} yet`, hint }];
}
