import type { Connection, ExecResult } from "../../engine/connection/connection.ts";
import { connectLocal } from "../../engine/connection/local.ts";

/** A way to this machine on which each exec goes by this function: it gets its number, from 0, and what runs it. */
export function intercepted(
  name: string,
  exec: (number: number, run: () => Promise<ExecResult>) => Promise<ExecResult>,
): Connection {
  const connection = connectLocal(name);
  return {
    ...connection,
    get stats() {
      return connection.stats;
    },
    exec: (text, options) => exec(connection.stats.execs, () => connection.exec(text, options)),
  };
}
