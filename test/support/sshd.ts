import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import ssh2, { type AuthContext, type ServerChannel, type Connection as ServerConnection, type Session } from "ssh2";
import type { Test } from "tap";
import { type Connection, ConnectionError } from "../../engine/connection/connection.ts";
import { connectSsh, type SshOptions, type SshTarget } from "../../engine/connection/ssh.ts";

/** A key pair: `private` as ssh2 and files take it, `blob` as known_hosts holds it. */
export interface TestKey {
  readonly private: string;
  readonly public: string;
  readonly blob: Buffer;
}

/** Returns a new key pair, by default Ed25519. */
export function testKey(type: "ed25519" | "ecdsa" | "rsa" = "ed25519", passphrase?: string): TestKey {
  const locked = passphrase === undefined ? {} : { passphrase, cipher: "aes256-ctr", rounds: 1 };
  let keys = generate(type, locked);
  // Now and then ssh2 1.17 writes a key that it cannot read itself.
  while (ssh2.utils.parseKey(keys.private, passphrase) instanceof Error) keys = generate(type, locked);
  return { private: keys.private, public: keys.public, blob: Buffer.from(keys.public.split(" ")[1] ?? "", "base64") };
}

function generate(type: "ed25519" | "ecdsa" | "rsa", locked: object): { private: string; public: string } {
  if (type === "ecdsa") return ssh2.utils.generateKeyPairSync("ecdsa", { bits: 256, ...locked });
  if (type === "rsa") return ssh2.utils.generateKeyPairSync("rsa", { bits: 2048, ...locked });
  return ssh2.utils.generateKeyPairSync("ed25519", locked);
}

/** How a test server behaves; by default it has one Ed25519 key, lets everyone in, and runs commands with `sh -c`. */
export interface SshdOptions {
  readonly hostKeys?: readonly TestKey[];
  /** True lets the client in. */
  readonly auth?: (attempt: AuthContext) => boolean;
  /** Said before the login. */
  readonly banner?: string;
  /** Closes where it would let the client in, as sshd does for an account that has expired. */
  readonly hangsUp?: boolean;
  /** Instead of running the command. */
  readonly exec?: (command: string, channel: ServerChannel, server: Sshd) => void;
  /** Answers each request for a session; by default yes. */
  readonly session?: (openSessions: number) => boolean;
}

/** A running test server, and what it saw. */
export interface Sshd {
  readonly port: number;
  readonly hostKeys: readonly TestKey[];
  /** Commands, in the order in which they came. */
  readonly commands: readonly string[];
  /** Ports to which clients had TCP forwarded. */
  readonly forwards: readonly number[];
  /** The most sessions that were open at once, on one connection. */
  maxSessions(): number;
  /** Bytes that came by open TCP connections. */
  received(): number;
  /** Open TCP connections. */
  connections(): number;
  /** Ends every TCP connection with a reset, as a crash or a firewall would. */
  drop(): void;
  /** Stops reading, as a host that lost its power or its route. */
  freeze(): void;
  /** Resolves when no connection is open. */
  idle(): Promise<void>;
}

/** Starts an SSH server on 127.0.0.1 and a free port; it ends with the test. */
export async function sshd(t: Test, options: SshdOptions = {}): Promise<Sshd> {
  const hostKeys = options.hostKeys ?? [testKey()];
  const commands: string[] = [];
  const forwards: number[] = [];
  const sockets = new Set<Socket>();
  const children = new Set<ChildProcess>();
  const { banner = "" } = options;
  const server = new ssh2.Server({ hostKeys: hostKeys.map((key) => key.private), banner });
  // A TCP server of our own in front: ssh2's does not hand out its sockets, and tests want to cut them.
  const tcp = createServer((socket) => {
    sockets.add(socket);
    socket.on("close", () => {
      sockets.delete(socket);
      if (sockets.size === 0) tcp.emit("idle");
    });
    server.injectSocket(socket);
  });
  let most = 0;
  const self: Sshd = {
    get port() {
      return (tcp.address() as AddressInfo).port;
    },
    hostKeys,
    commands,
    forwards,
    maxSessions: () => most,
    received: () => [...sockets].reduce((sum, { bytesRead }) => sum + bytesRead, 0),
    connections: () => sockets.size,
    drop: () => {
      for (const socket of sockets) socket.resetAndDestroy();
    },
    freeze: () => {
      for (const socket of sockets) socket.removeAllListeners("data").pause();
    },
    async idle() {
      while (sockets.size > 0) await once(tcp, "idle");
    },
  };

  server.on("connection", (connection: ServerConnection) => {
    let open = 0;
    connection.on("authentication", (attempt) => {
      if (options.hangsUp && attempt.method === "publickey") connection.end();
      else if (options.auth?.(attempt) ?? true) attempt.accept();
      else attempt.reject(["publickey", "password", "keyboard-interactive"]);
    });
    // A reset by the client is part of some tests.
    connection.on("error", () => connection.end());
    connection.on("session", (accept, reject) => {
      if (options.session && !options.session(open)) return reject();
      open += 1;
      most = Math.max(most, open);
      onExec(accept(), (command, channel) => {
        commands.push(command);
        // "finish" and not "close": by then the client may have seen the end and opened the next.
        channel.once("finish", () => {
          open -= 1;
        });
        if (options.exec) options.exec(command, channel, self);
        else runCommand(command, channel, children);
      });
    });
    connection.on("tcpip", (accept, reject, { destIP, destPort }) => {
      forwards.push(destPort);
      const below = connect(destPort, destIP);
      below.once("error", () => reject());
      below.once("connect", () => {
        const channel = accept();
        below.removeAllListeners("error").on("error", () => channel.end());
        below.on("close", () => channel.end());
        channel.on("close", () => below.destroy());
        channel.pipe(below).pipe(channel);
      });
    });
  });

  tcp.listen(0, "127.0.0.1");
  await once(tcp, "listening");
  t.teardown(() => {
    for (const child of children) child.kill("SIGKILL");
    for (const socket of sockets) socket.destroy();
    tcp.close();
  });
  return self;
}

function onExec(session: Session, run: (command: string, channel: ServerChannel) => void): void {
  session.on("exec", (accept, _reject, { command }) => run(command, accept()));
  session.on("signal", (accept) => accept?.());
}

/** Runs a command for a channel as sshd does: with `sh -c`, its signal or code told at the end. */
export function runCommand(command: string, channel: ServerChannel, children: Set<ChildProcess> = new Set()): void {
  const child = spawn("sh", ["-c", command]);
  children.add(child);
  channel.pipe(child.stdin);
  // A command may end without reading its input.
  child.stdin.on("error", () => channel.resume());
  child.stdout.pipe(channel, { end: false });
  child.stderr.pipe(channel.stderr, { end: false });
  channel.on("close", () => {
    for (const stream of [child.stdin, child.stdout, child.stderr]) stream.destroy();
    child.kill("SIGKILL");
  });
  child.on("close", (code, signal) => {
    children.delete(child);
    // What still waits for the client's window goes first; the channel does that for its own stream.
    channel.stderr.end(() => {
      if (signal) channel.exit(signal.replace("SIG", ""), false, "");
      else channel.exit(code ?? 0);
      channel.end();
    });
  });
}

/** Returns the known_hosts lines that pin all keys of a server. */
export function pinsOf(server: Pick<Sshd, "port" | "hostKeys">): string {
  return server.hostKeys.map((key) => `[127.0.0.1]:${server.port} ${key.public}\n`).join("");
}

/** Connects to a server as `app-1`, its keys pinned unless `knownHosts` is given, with no OpenSSH configuration of the machine; closed with the test. */
export async function connectTo(
  t: Test,
  server: Pick<Sshd, "port" | "hostKeys">,
  more: Partial<SshTarget & SshOptions> = {},
): Promise<Connection> {
  // Not t.testdir, which the test may use itself: a second call empties it.
  const dir = mkdtempSync(join(tmpdir(), "connect-to-"));
  t.teardown(() => rmSync(dir, { recursive: true }));
  writeFileSync(`${dir}/known_hosts`, pinsOf(server));
  writeFileSync(`${dir}/config`, isolatedConfig);
  const target = {
    name: "app-1",
    address: "127.0.0.1",
    port: server.port,
    user: "u",
    knownHosts: `${dir}/known_hosts`,
  };
  const options = { connectTimeoutMs: 5_000, sshConfig: `${dir}/config` };
  const connection = await connectSsh({ ...target, ...more }, { ...options, ...more });
  t.teardown(() => connection.close());
  return connection;
}

/** An OpenSSH configuration in which nothing of the developer's machine plays a part. */
export const isolatedConfig = `Host *
  IdentityFile none
  IdentityAgent none
  UserKnownHostsFile none
  GlobalKnownHostsFile none
`;

/** Returns the `ConnectionError` with which a promise fails; throws anything else. */
export async function failure(promise: Promise<unknown>): Promise<ConnectionError> {
  const error = await promise.then(
    () => new Error("nothing was thrown"),
    (thrown: unknown) => thrown,
  );
  if (error instanceof ConnectionError) return error;
  throw error;
}
