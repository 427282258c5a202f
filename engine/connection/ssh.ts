import type { Duplex } from "node:stream";
import { setTimeout as delay } from "node:timers/promises";
import { NodeSSH } from "node-ssh";
import type { AuthMethod, AuthTrial } from "./auth.ts";
import { type ParsedKey, showCertificate, withBlob } from "./certificate-login.ts";
import type { Connection } from "./connection.ts";
import { execOver } from "./exec.ts";
import { limit } from "./limit.ts";
import { type Login, type LoginRequest, openRoute, type SshOptions, type SshTarget } from "./route.ts";
import { traffic } from "./traffic.ts";

export { type JumpHosts, jumpHosts, type SshOptions, type SshTarget } from "./route.ts";

type Client = NonNullable<NodeSSH["connection"]>;
type ClientConfig = Parameters<NodeSSH["connect"]>[0];

// sshd allows ten sessions by default, but frees them late: with six at once some already fail.
const MAX_CHANNELS = 4;
const CLOSE_WAIT_MS = 2_000;
const KEEPALIVE_MS = 10_000;
const KEEPALIVE_COUNT = 3;
// ssh2's defaults but for those with SHA-1.
const MACS = [
  "hmac-sha2-256-etm@openssh.com",
  "hmac-sha2-512-etm@openssh.com",
  "hmac-sha2-256",
  "hmac-sha2-512",
] as const;

// As OpenSSH asks for them, and what is left where the host wants none. ssh2 by itself begins with none.
const COMPRESSIONS = ["zlib@openssh.com", "zlib", "none"];

/** Logs in to a host and returns the connection. Throws `ConnectionError`, and then leaves nothing open. */
export async function connectSsh(target: SshTarget, options: SshOptions): Promise<Connection> {
  const route = await openRoute(target, options, logIn);
  const channels = limit(MAX_CHANNELS);
  const count = traffic();
  let closing: Promise<void> | undefined;
  return {
    host: target.name,
    get stats() {
      return count.stats();
    },
    exec: (command, execOptions = {}) => channels(() => execOver(route, command, execOptions, count)),
    close() {
      closing ??= route.close();
      return closing;
    },
  };
}

async function logIn(request: LoginRequest): Promise<Login> {
  const { sock, username, agentSocket, check, trial } = request;
  const ssh = new NodeSSH();
  const started = ssh.connect({
    sock,
    username,
    ...(agentSocket === undefined ? {} : { agent: agentSocket }),
    // The deadline is ours: ssh2's knows neither prompts nor jump hosts.
    readyTimeout: 0,
    // Without it a host that is gone is waited for without end.
    keepaliveInterval: request.keepaliveMs ?? KEEPALIVE_MS,
    keepaliveCountMax: request.keepaliveCount ?? KEEPALIVE_COUNT,
    // The raw key: a hash of it could not be pinned. Asked again on each re-key.
    hostVerifier: (key: Buffer) => check.verify(key),
    algorithms: {
      serverHostKey: [...check.algorithms],
      hmac: [...MACS],
      ...(request.compress && { compress: COMPRESSIONS }),
    } as NonNullable<ClientConfig["algorithms"]>,
    authHandler: authHandler(trial, username, () => ssh.connection),
  });
  // Set by now: node-ssh makes its client before it first waits.
  const client = ssh.connection;
  if (!client) throw await started.then(() => new Error("no client"));
  client.on("banner", request.heard);
  return watch(client, started, sock);
}

// Listens from the first moment and to the end: an error that nobody hears ends the whole process, and node-ssh hears
// none after the login.
async function watch(client: Client, started: Promise<unknown>, sock: Duplex): Promise<Login> {
  let isOver = false;
  let reason: Error | undefined;
  const closed = new Promise<void>((resolve) => client.once("close", resolve));
  client.once("close", () => {
    isOver = true;
  });
  await new Promise<void>((resolve, reject) => {
    const failed = (error: Error): void => {
      // An agent that fails is one identity less; ssh2 goes on with the next.
      if ("level" in error && error.level === "agent") return;
      reason ??= error;
      reject(error);
      sock.destroy();
    };
    client.on("error", failed);
    client.once("ready", resolve);
    client.once("close", () => reject(new Error("the connection was closed")));
    started.catch(failed);
  });
  return {
    isOver: () => isOver,
    reason: () => reason,
    open: (command, start) => called((done) => client.exec(command, done), start),
    forward: (host, port) =>
      called(
        (done) => client.forwardOut("127.0.0.1", 0, host, port, done),
        (channel: Duplex) => channel,
      ),
    async end() {
      client.end();
      await Promise.race([closed, delay(CLOSE_WAIT_MS, undefined, { ref: false })]);
    },
  };
}

// `start` runs within the callback. What ssh2 throws at once ("Not connected") becomes a rejection.
function called<T, Result>(
  ask: (done: (error: Error | undefined, value: T) => void) => void,
  start: (value: T) => Result,
): Promise<Result> {
  return new Promise((resolve, reject) => ask((error, value) => (error ? reject(error) : resolve(start(value)))));
}

type AuthHandler = Extract<NonNullable<ClientConfig["authHandler"]>, (...args: never[]) => unknown>;
type NextAuth = Parameters<AuthHandler>[2];

function authHandler(trial: AuthTrial, username: string, client: () => Client | null): AuthHandler {
  return (left, _partial, next) => {
    trial.next(left).then(
      // "false" ends the login; the types of ssh2 do not know it.
      (method) => next(method ? forSsh2(method, username, client()) : (false as unknown as "none")),
      (error: Error) => client()?.emit("error", error),
    );
  };
}

function forSsh2(method: AuthMethod, username: string, client: Client | null): Parameters<NextAuth>[0] {
  const certificate = "certificate" in method ? method.certificate : undefined;
  showCertificate(client, certificate);
  if (method.type === "agent")
    return { type: "agent", username, agent: agentWithOnly(client, method.keys, certificate) };
  if (method.type !== "keyboard-interactive") return { ...method, username } as Parameters<NextAuth>[0];
  const { type, password } = method;
  return {
    type,
    username,
    prompt: (_name, _text, _lang, prompts, finish) => finish(prompts.map(({ echo }) => (echo ? "" : password))),
  };
}

type Agent = Exclude<NonNullable<ClientConfig["agent"]>, string>;
type Signed = (error?: Error | null, signature?: Buffer) => void;

/** Of ssh2's agent, what is used here, with the arguments that ssh2's client gives. */
interface Signer {
  sign(key: ParsedKey, data: Buffer, options: object, done: Signed): void;
}

// ssh2 offers all keys of an agent, and after six sshd hangs up. Its agent class is not ours to import; the client has one.
function agentWithOnly(client: Client | null, keys: readonly Buffer[], certificate: Buffer | undefined): Agent {
  const { agent } = (client as unknown as { config: { agent: Signer } }).config;
  const getIdentities: Agent["getIdentities"] = (done) => done(null, [...keys]);
  // An agent may hold the certificate alone, and signs for nothing else; or the key alone, with the certificate in a file.
  const sign: Signer["sign"] = (key, data, options, done) => {
    if (certificate === undefined) return agent.sign(key, data, options, done);
    return agent.sign(withBlob(key, certificate), data, options, (error, signature) =>
      error ? agent.sign(key, data, options, done) : done(null, signature),
    );
  };
  return Object.create(agent, { getIdentities: { value: getIdentities }, sign: { value: sign } });
}
