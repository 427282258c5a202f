import { spawn } from "node:child_process";
import { type Connection, ConnectionError, type ExecOptions, type ExecResult } from "./connection.ts";
import { codeOfSignal, feed } from "./exec.ts";
import { within } from "./limit.ts";
import { collect, OutputError } from "./output.ts";
import { type Traffic, traffic } from "./traffic.ts";
import { killGroup } from "./transport.ts";

/** How a command becomes a process; without it, `sh -c COMMAND`. */
export interface LocalOptions {
  readonly command?: (command: string) => readonly string[];
}

/** Returns a connection to this machine: every exec is a child process. The name is the host's in the inventory. */
export function connectLocal(name: string, options: LocalOptions = {}): Connection {
  const argvOf = options.command ?? ((command: string): readonly string[] => ["sh", "-c", command]);
  const count = traffic();
  const ends = new Set<() => void>();
  let isClosed = false;
  return {
    host: name,
    get stats() {
      return count.stats();
    },
    async exec(command, execOptions = {}) {
      if (isClosed) throw new ConnectionError("lost", name, `${name}: the connection is closed`);
      count.exec(command);
      return runChild(name, argvOf(command), execOptions, count, ends);
    },
    async close() {
      isClosed = true;
      for (const end of ends) end();
    },
  };
}

async function runChild(
  name: string,
  [file = "", ...args]: readonly string[],
  { stdin, timeoutMs, maxOutputBytes, onStderr }: ExecOptions,
  count: Traffic,
  ends: Set<() => void>,
): Promise<ExecResult> {
  const child = spawn(file, args, { stdio: ["pipe", "pipe", "pipe"], detached: true });
  const end = (): void => killGroup(child);
  ends.add(end);
  const late = (): ConnectionError => {
    end();
    return new ConnectionError("timeout", name, `${name}: the command did not end within ${timeoutMs ?? 0} ms`);
  };
  const ended = new Promise<ExecResult>((resolve, reject) => {
    const over = (maxBytes: number): void => {
      end();
      reject(new OutputError(name, maxBytes));
    };
    const output = collect(child, { count, maxOutputBytes, onStderr, over });
    child.on("error", (cause) =>
      reject(new ConnectionError("config", name, `${name}: cannot start ${file}: ${cause.message}`, { cause })),
    );
    child.on("close", (code, signal) => resolve({ code: code ?? codeOfSignal(signal ?? ""), ...output() }));
    // EPIPE: the command ended without reading its input, and its code says whether that is well.
    child.stdin.on("error", () => child.stdin.destroy());
    feed(child.stdin, stdin, count, (error) => {
      end();
      reject(error);
    });
  });
  return within(timeoutMs, late, () => ended).finally(() => ends.delete(end));
}
