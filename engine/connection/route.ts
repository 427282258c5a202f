import type { Duplex } from "node:stream";
import { type AuthTrial, authPlan, authTrial, type Credentials } from "./auth.ts";
import { authFailure, ConnectionError, connectFailure, connectTimeout, type Endpoint } from "./connection.ts";
import type { ExecLink } from "./exec.ts";
import { type HostKeyCheck, hostKeyCheck } from "./host-key.ts";
import { type Limit, within } from "./limit.ts";
import { argsForHops, expandTokens, parseHop, type SshConfig, sshConfig } from "./ssh-config.ts";
import { commandTransport, plainTransport, type Transport, tcpTransport } from "./transport.ts";

/** A host as the inventory describes it. What is absent comes from the user's OpenSSH configuration. */
export interface SshTarget {
  readonly name: string;
  readonly address: string;
  readonly port?: number | undefined;
  readonly user?: string | undefined;
  /** Absolute path of a private key. */
  readonly key?: string | undefined;
  /** The file beside the inventory: looked at first, and where pins are written. */
  readonly knownHosts: string;
  /** Further arguments of `ssh`, one line of words: `-o ProxyJump=bastion`. Of these, jump hosts get `-F`. */
  readonly sshArgs?: string | undefined;
}

/** How to connect, and what the operator allows for this run. */
export interface SshOptions extends Credentials {
  /** For TCP, key exchange and login together; each jump host has as long again. */
  readonly connectTimeoutMs: number;
  /** Takes the host's new key: any, or only the one with this `SHA256:…` fingerprint. */
  readonly rebuilt?: true | string | undefined;
  /** Pins the key of a host that no file knows. Never takes a changed key. */
  readonly acceptNew?: boolean | undefined;
  /** Shared by all hosts of a run: sshd and bastions refuse many logins at once (MaxStartups). */
  readonly handshakes?: Limit | undefined;
  /** Shared by all hosts of a run: one login a bastion, however many hosts are behind it. */
  readonly jumpHosts?: JumpHosts | undefined;
  /** Read instead of `~/.ssh/config`, as by `ssh -F`. */
  readonly sshConfig?: string | undefined;
}

const MAX_HOPS = 8;

/** One machine on the way: the target (depth 0), or a jump host. */
interface Peer extends SshTarget {
  /** Jump hosts before this one; `undefined` leaves them to the configuration. */
  readonly hops: readonly string[] | undefined;
  readonly depth: number;
}

/** A login over one transport, as `ssh.ts` makes it. */
export interface Login extends ExecLink {
  /** Opens a TCP connection from the other side. */
  forward(host: string, port: number): Promise<Duplex>;
  /** Says goodbye and waits for the other side, 2 s at most. */
  end(): Promise<void>;
}

/** What a login needs. */
export interface LoginRequest {
  readonly sock: Duplex;
  readonly username: string;
  readonly agentSocket: string | undefined;
  readonly check: HostKeyCheck;
  readonly trial: AuthTrial;
  readonly keepaliveMs: number | undefined;
  readonly keepaliveCount: number | undefined;
  readonly compress: boolean;
  /** Hears what the host says before the login is done. */
  heard(banner: string): void;
}

/** Makes one login; throws what the SSH library says, untranslated. */
export type LogIn = (request: LoginRequest) => Promise<Login>;

/** An open login to the target, and all that lies below it. */
export interface Route {
  readonly endpoint: Endpoint;
  readonly login: Login;
  close(): Promise<void>;
}

/** How the bytes get there: `open` starts them, `close` closes what lies below. */
interface Way {
  open(): Promise<Transport>;
  close(): Promise<void>;
}

/** Opens the way to a host and logs in, jump hosts first. Throws `ConnectionError`, and then leaves nothing open. */
export function openRoute(target: SshTarget, options: SshOptions, logIn: LogIn): Promise<Route> {
  return openPeer({ ...target, hops: undefined, depth: 0 }, options, logIn);
}

async function openPeer(peer: Peer, options: SshOptions, logIn: LogIn): Promise<Route> {
  const config = await sshConfig({ ...peer, configFile: options.sshConfig });
  const endpoint: Endpoint = { name: peer.name, address: config.hostname, port: config.port };
  const check = await hostKeyCheck(hostKeyQuestion(peer, config, options));
  const plan = await authPlan(peer.name, peer.key, config, options);
  const way = await findWay(peer, config, options, logIn);
  const slot: Limit = options.handshakes ?? ((task) => task());
  const late = (): ConnectionError => connectTimeout(endpoint, options.connectTimeoutMs);
  let transport: Transport | undefined;
  let trial: AuthTrial | undefined;
  let said = "";
  const heard = (banner: string): void => {
    said = banner;
  };
  const close = async (): Promise<void> => {
    await transport?.close();
    await way.close();
  };
  try {
    const login = await slot(() =>
      within(options.connectTimeoutMs, late, async (hold) => {
        transport = await way.open();
        trial = authTrial(plan, hold);
        const { sock } = transport;
        const { user: username, keepaliveMs, keepaliveCount, compress } = config;
        const { agentSocket } = plan;
        return logIn({ sock, username, agentSocket, check, trial, keepaliveMs, keepaliveCount, compress, heard });
      }),
    );
    await check.pin();
    return { endpoint, login, close: () => login.end().then(close) };
  } catch (error) {
    await close();
    const refusal = check.refusal() ?? authFailure(endpoint, config.user, error, trial?.report(), said);
    throw refusal ?? connectFailure(endpoint, error, transport?.complaint());
  }
}

function hostKeyQuestion(peer: Peer, config: SshConfig, options: SshOptions): Parameters<typeof hostKeyCheck>[0] {
  const isHop = peer.depth > 0;
  return {
    name: peer.name,
    address: config.hostname,
    port: config.port,
    alias: config.hostKeyAlias,
    knownHosts: peer.knownHosts,
    otherFiles: config.knownHostsFiles,
    rebuilt: isHop ? undefined : options.rebuilt,
    acceptNew: options.acceptNew || config.unknownHostKeys === "pin",
    algorithms: config.hostKeyAlgorithms,
    isCheckOff: config.unknownHostKeys === "ignore",
    isHop,
  };
}

async function findWay(peer: Peer, config: SshConfig, options: SshOptions, logIn: LogIn): Promise<Way> {
  const { hostname, port, user, proxyCommand } = config;
  const hops = peer.hops ?? config.proxyJump;
  const nothing = async (): Promise<void> => undefined;
  if (hops.length > 0) return wayOverHop(peer, config, hops, options, logIn);
  if (proxyCommand === undefined) return { open: async () => tcpTransport(hostname, port), close: nothing };
  const command = expandTokens(proxyCommand, { h: hostname, p: String(port), r: user, n: peer.address });
  return { open: async () => commandTransport(command), close: nothing };
}

async function wayOverHop(
  peer: Peer,
  config: SshConfig,
  hops: readonly string[],
  options: SshOptions,
  logIn: LogIn,
): Promise<Way> {
  const { name, knownHosts, depth } = peer;
  const hop = parseHop(hops.at(-1) ?? "");
  if (!hop) throw new ConnectionError("config", name, `${name}: cannot read ProxyJump "${hops.join(",")}"`);
  if (depth >= MAX_HOPS) throw new ConnectionError("config", name, `${name}: ProxyJump goes in a circle`);
  // An empty list leaves the first hop's own ProxyJump in force, as in OpenSSH.
  const before = hops.length > 1 ? hops.slice(0, -1) : undefined;
  const sshArgs = argsForHops(peer.sshArgs);
  const jump = { ...hop, name: hop.address, knownHosts, sshArgs, hops: before, depth: depth + 1 };
  const key = JSON.stringify([jump, options.sshConfig]);
  const open = (): Promise<Route> => {
    // The target's password is no jump host's business: one that asks for passwords would learn it.
    const openNow = (): Promise<Route> => openPeer(jump, { ...options, password: undefined }, logIn);
    return options.jumpHosts ? options.jumpHosts.use(key, openNow) : openNow();
  };
  const below = await (depth === 0 ? openFirst(name, open) : open());
  return {
    open: async () => plainTransport(await below.login.forward(config.hostname, config.port)),
    close: () => below.close(),
  };
}

// The run reports by inventory host; the jump host may not be one.
async function openFirst(name: string, open: () => Promise<Route>): Promise<Route> {
  try {
    return await open();
  } catch (cause) {
    if (!(cause instanceof ConnectionError)) throw cause;
    const { failure, message, hint, found, expected } = cause;
    throw new ConnectionError(failure, name, `${name}: jump host ${message}`, { cause, hint, found, expected });
  }
}

/** Open jump hosts. Each closes with the last connection that goes over it. */
export interface JumpHosts {
  /** Returns the open route of this key, or opens it. Its `close` only ends this use. */
  use(key: string, open: () => Promise<Route>): Promise<Route>;
}

/** Returns an empty set of jump hosts, for one run. */
export function jumpHosts(): JumpHosts {
  const shares = new Map<string, { readonly opening: Promise<Route>; users: number }>();
  const use: JumpHosts["use"] = async (key, open) => {
    const share = shares.get(key) ?? { opening: open(), users: 0 };
    shares.set(key, share);
    share.users += 1;
    const forget = (): void => {
      if (shares.get(key) === share) shares.delete(key);
    };
    const leave = async (): Promise<void> => {
      share.users -= 1;
      if (share.users > 0) return;
      forget();
      await (await share.opening).close();
    };
    const route = await share.opening.catch((error: unknown) => {
      forget();
      throw error;
    });
    if (!route.login.isOver()) return { ...route, close: leave };
    forget();
    await leave();
    return use(key, open);
  };
  return { use };
}
