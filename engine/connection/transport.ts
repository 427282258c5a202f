import { type ChildProcess, spawn } from "node:child_process";
import { connect } from "node:net";
import { Duplex } from "node:stream";
import { setTimeout as delay } from "node:timers/promises";

/** The bytes below an SSH session: a TCP socket, a command's stdio, or a channel of another session. */
export interface Transport {
  readonly sock: Duplex;
  /** What a proxy complained of, if it did: its last line on stderr. */
  complaint(): string | undefined;
  /** Ends whatever carries the bytes. May be called again. */
  close(): Promise<void>;
}

/** Returns a TCP connection that is being made; how it goes shows as the socket's events. */
export function tcpTransport(host: string, port: number): Transport {
  // Without noDelay each command costs 40 ms more (Nagle's algorithm against delayed acknowledgements).
  return plainTransport(connect({ host, port, noDelay: true }));
}

/** Returns a transport over a stream that is there already. */
export function plainTransport(sock: Duplex): Transport {
  return {
    sock,
    complaint: () => undefined,
    async close() {
      sock.destroy();
    },
  };
}

const COMPLAINT_MS = 1_000;

/** Starts a ProxyCommand, its tokens already expanded, and returns its stdin and stdout as the socket. */
export function commandTransport(command: string): Transport {
  // A group of its own, so that all of "a | b" can be ended; "exec" as OpenSSH does.
  const child = spawn("/bin/sh", ["-c", `exec ${command}`], { stdio: ["pipe", "pipe", "pipe"], detached: true });
  const sock = Duplex.from({ readable: child.stdout, writable: child.stdin });
  let stderr = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    stderr = (stderr + text).slice(-2_000);
  });
  for (const part of [child, child.stdin]) part.on("error", (error) => sock.destroy(error));
  const closed = new Promise<void>((resolve) => child.on("close", () => resolve()));
  child.on("close", () => sock.destroy());
  return {
    sock,
    complaint: () => stderr.trim().split("\n").at(-1) || undefined,
    async close() {
      // What has ended its output may be about to say why.
      if (child.stdout.readableEnded) await Promise.race([closed, delay(COMPLAINT_MS, undefined, { ref: false })]);
      sock.destroy();
      killGroup(child);
      await closed;
    },
  };
}

/** Ends a child started with `detached` and all its children. */
export function killGroup(child: ChildProcess): void {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
  try {
    process.kill(-child.pid, "SIGKILL");
  } catch (error) {
    // It ended between the look and the kill.
    if (!(error instanceof Error && "code" in error && error.code === "ESRCH")) throw error;
  }
}
