import type { ConnectionStats } from "./connection.ts";

/** Counts what goes over a connection. */
export interface Traffic {
  exec(command: string): void;
  sent(chunk: Buffer): void;
  received(chunk: Buffer): void;
  stats(): ConnectionStats;
}

/** Returns a counter that starts at nothing. */
export function traffic(): Traffic {
  let execs = 0;
  let bytesSent = 0;
  let bytesReceived = 0;
  return {
    exec(command) {
      execs += 1;
      bytesSent += Buffer.byteLength(command);
    },
    sent: (chunk) => {
      bytesSent += chunk.length;
    },
    received: (chunk) => {
      bytesReceived += chunk.length;
    },
    stats: () => ({ execs, bytesSent, bytesReceived }),
  };
}
