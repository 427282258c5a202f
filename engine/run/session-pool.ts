import { setTimeout as delay } from "node:timers/promises";
import { type Connection, ConnectionError, type ConnectionStats } from "../connection/connection.ts";
import { type Limit, limit } from "../connection/limit.ts";
import { connectionVars } from "../inventory/connection-vars.ts";
import type { Host } from "../inventory/inventory.ts";
import type { Secret } from "../shell/secret.ts";
import type { Script } from "../shell/sh.ts";
import type { Emit } from "./event.ts";
import { openSession, type Session } from "./session.ts";

/** What opening sessions needs from outside. */
export interface PoolPorts {
  connect(host: Host): Promise<Connection>;
  readonly emit: Emit;
  /** One sudo password for all hosts that name none themselves. */
  readonly becomePassword?: Secret | undefined;
  /** Folders whose disks are facts. */
  readonly measures?: readonly string[];
}

/** One session a host, however many plays use it. */
export interface SessionPool {
  /** The host's session, opened when first asked for, and then with what `ahead` has to ask; it is made while the host is waited for. */
  open(host: Host, become: boolean, ahead?: () => Promise<readonly Script[]>): Promise<Session>;
  /** Runs a task while no other task of this run uses the host: two hosts may delegate to the same third. */
  exclusively: (host: Host) => Limit;
  /** Runs a task on a session of its own, which is opened now and nobody else gets. */
  anew<T>(host: Host, become: boolean, task: (session: Session) => Promise<T>): Promise<T>;
  /** Closes a session that is broken; the next `open` connects again, and waits so long for a host that may be booting. */
  drop(host: Host, patienceMs: number): Promise<void>;
  stats(host: Host): ConnectionStats;
  close(): Promise<void>;
}

/** A host that is just booting refuses or resets; one that does not answer at all has used up its time already. */
const RETRY_AFTER_MS = [1000, 3000];
const WORTH_RETRYING: readonly string[] = ["refused", "lost", "unreachable"];

/** One that was there a moment ago may be silent while it boots, and lets no user in before it is up (pam_nologin). */
const WORTH_WAITING: readonly string[] = [...WORTH_RETRYING, "timeout", "auth"];
const MAX_WAIT_MS = 5000;

/** Returns an empty pool. */
export function sessionPool(ports: PoolPorts): SessionPool {
  const sessions = new Map<Host, Promise<Session>>();
  const limits = new Map<Host, Limit>();
  const spent = new Map<Host, ConnectionStats>();
  const patience = new Map<Host, number>();
  const drop = async (host: Host, patienceMs = 0) => {
    patience.set(host, patienceMs);
    const session = await sessions.get(host)?.catch(() => undefined);
    sessions.delete(host);
    if (!session) return;
    spent.set(host, sum(spent.get(host), session.stats));
    await session.close();
  };
  return {
    open(host, become, ahead = async () => []) {
      const known = sessions.get(host);
      if (known) return known;
      const opening = openHost(host, become, ahead(), { ...ports, patienceMs: patience.get(host) ?? 0 });
      patience.delete(host);
      sessions.set(host, opening);
      // A failed attempt is not kept: a later play, a rescue, tries again.
      opening.catch(() => sessions.delete(host));
      return opening;
    },
    async anew(host, become, task) {
      const connection = await ports.connect(host);
      try {
        return await task(await openOn(connection, host, become, ports));
      } finally {
        await connection.close();
      }
    },
    exclusively(host) {
      const one = limits.get(host) ?? limit(1);
      limits.set(host, one);
      return one;
    },
    drop,
    stats: (host) => spent.get(host) ?? { execs: 0, bytesSent: 0, bytesReceived: 0 },
    async close() {
      await Promise.all([...sessions.keys()].map((host) => drop(host)));
    },
  };
}

interface Patient extends PoolPorts {
  /** For how long a host that went away is waited for. */
  readonly patienceMs: number;
}

async function openHost(
  host: Host,
  become: boolean,
  asking: Promise<readonly Script[]>,
  ports: Patient,
): Promise<Session> {
  const started = performance.now();
  ports.emit({ kind: "phase", host: host.name, phase: "connect" });
  const [connection, ahead] = await Promise.all([connectPatiently(host, ports), asking]);
  const connected = performance.now();
  ports.emit({ kind: "phase", host: host.name, phase: "facts" });
  try {
    const session = await openOn(connection, host, become, ports, ahead);
    const { os, machine } = session.facts;
    const [durationMs, factsMs] = [performance.now() - started, performance.now() - connected];
    ports.emit({ kind: "connected", host: host.name, system: `${os.name}, ${machine}`, durationMs, factsMs });
    return session;
  } catch (error) {
    await connection.close();
    throw error;
  }
}

function openOn(
  connection: Connection,
  host: Host,
  become: boolean,
  { becomePassword, measures = [] }: PoolPorts,
  ahead: readonly Script[] = [],
): Promise<Session> {
  const vars = connectionVars(host);
  const password = vars.becomePassword ?? becomePassword;
  return openSession(connection, {
    become: vars.become ?? become,
    password,
    measures,
    // Who has to be asked for a password first hears nothing else.
    ahead: password === undefined ? ahead : [],
  });
}

async function connectPatiently(host: Host, ports: Patient): Promise<Connection> {
  const { connect, emit, patienceMs } = ports;
  const until = performance.now() + patienceMs;
  for (let attempt = 0; ; attempt++) {
    try {
      return await connect(host);
    } catch (error) {
      const inMs = patienceMs > 0 ? backAt(attempt, until) : RETRY_AFTER_MS[attempt];
      const worth = patienceMs > 0 ? WORTH_WAITING : WORTH_RETRYING;
      if (!(error instanceof ConnectionError) || !worth.includes(error.failure) || inMs === undefined) throw error;
      emit({ kind: "retrying", host: host.name, reason: error.message, inMs });
      await delay(inMs);
    }
  }
}

/** In how many milliseconds a host is asked again; undefined where its time would be over. */
function backAt(attempt: number, until: number): number | undefined {
  const inMs = Math.min(1000 * 2 ** attempt, MAX_WAIT_MS);
  return performance.now() + inMs < until ? inMs : undefined;
}

function sum(a: ConnectionStats | undefined, b: ConnectionStats): ConnectionStats {
  return {
    execs: (a?.execs ?? 0) + b.execs,
    bytesSent: (a?.bytesSent ?? 0) + b.bytesSent,
    bytesReceived: (a?.bytesReceived ?? 0) + b.bytesReceived,
  };
}
