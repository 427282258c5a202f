import { env } from "node:process";
import { reveal, type Text } from "../shell/secret.ts";
import type { AuthReport } from "./connection.ts";
import { ConnectionError } from "./connection.ts";
import { agentKeys, certificatesIn, type Identity, isCertificate, readableBySsh2, readIdentity } from "./identity.ts";
import { describeKey, keyType } from "./known-hosts.ts";
import type { Hold } from "./limit.ts";
import type { SshConfig } from "./ssh-config.ts";

/** One way to log in, ready for ssh2's authHandler. */
export type AuthMethod =
  | { readonly type: "none" }
  | { readonly type: "publickey"; readonly key: string; readonly passphrase?: string }
  | { readonly type: "agent"; readonly keys: readonly Buffer[] }
  | { readonly type: "password" | "keyboard-interactive"; readonly password: string };

/** One way to log in, and how it is named in an error. */
export interface Attempt {
  readonly label: string;
  readonly type: AuthMethod["type"];
  /** Asks for a passphrase where one is needed, while `hold` stops the clock. Throws when the key cannot be used. */
  method(hold: Hold): Promise<AuthMethod>;
}

/** What may be used beside the files that the configuration names. */
export interface Credentials {
  readonly password?: Text | undefined;
  /** Asked for each encrypted key that no agent holds, as a last resort. */
  readonly passphrase?: ((file: string) => Promise<string>) | undefined;
}

/** All ways to log in to one host, in order, and what had to be left out. */
export interface AuthPlan {
  readonly agentSocket: string | undefined;
  readonly attempts: readonly Attempt[];
  /** Such as `~/.ssh/id_rsa is encrypted`. */
  readonly skipped: readonly string[];
  /** Files, and keys of the agent: ssh2 can sign for none of them. */
  readonly certificates: readonly string[];
}

/**
 * Returns how to log in, without guessing. First the inventory's key, then the agent's copies of configured keys, then key
 * files, then (unless IdentitiesOnly) the agent's other keys, encrypted files, the password. sshd gives up after six tries by
 * default, and an agent may hold more. Throws `ConnectionError` when the inventory's key cannot be used at all.
 */
export async function authPlan(
  host: string,
  key: string | undefined,
  config: SshConfig,
  credentials: Credentials,
): Promise<AuthPlan> {
  const agentSocket = agentSocketOf(config);
  const answer = agentSocket === undefined ? undefined : await agentKeys(agentSocket);
  const held = answer?.filter((blob) => !isCertificate(blob));
  const certified = answer?.filter(isCertificate) ?? [];
  const files = await Promise.all(config.identityFiles.map((file) => readKey(host, file)));
  const identities = files.filter((identity) => identity !== undefined);
  const inAgent = (identity: Identity): boolean => held?.some((blob) => identity.publicKey?.equals(blob)) ?? false;
  const own = key === undefined ? undefined : requireKey(host, key, identities, inAgent, credentials);

  const rest = identities.filter((identity) => identity !== own);
  const locked = rest.filter((identity) => identity.isEncrypted && !inAgent(identity));
  const open = rest.filter((identity) => identity.text !== undefined && !identity.isEncrypted && !inAgent(identity));
  const isConfigured = (blob: Buffer): boolean => identities.some((identity) => identity.publicKey?.equals(blob));
  const others = config.identitiesOnly ? [] : (held ?? []).filter((blob) => !isConfigured(blob));
  const attempts = [
    ...(own ? [keyAttempt(own, inAgent(own), credentials)] : []),
    ...agentAttempts(rest.filter(inAgent).flatMap((identity) => identity.publicKey ?? [])),
    ...open.map((identity) => keyAttempt(identity, false, credentials)),
    ...agentAttempts(others),
    ...(credentials.passphrase ? locked.map((identity) => keyAttempt(identity, false, credentials)) : []),
    ...passwordAttempts(credentials.password),
  ];
  return {
    agentSocket: held === undefined ? undefined : agentSocket,
    attempts:
      attempts.length > 0 ? attempts : [{ label: "none", type: "none", method: async () => ({ type: "none" }) }],
    skipped: [
      ...(credentials.passphrase ? [] : locked.map(({ path }) => `${path} is encrypted`)),
      ...(agentSocket !== undefined && held === undefined ? [`no agent answers at ${agentSocket}`] : []),
    ],
    certificates: [
      ...(await certificatesOf(host, config)),
      ...certified.map((blob) => `${describeKey(blob)} of the agent`),
    ],
  };
}

function agentSocketOf(config: SshConfig): string | undefined {
  if (config.identityAgent === "none") return undefined;
  const named = config.identityAgent ?? "$SSH_AUTH_SOCK";
  const socket = named.startsWith("$") ? env[named.slice(1).replaceAll(/[{}]/g, "")] : named;
  return socket || undefined;
}

async function readKey(host: string, file: string): Promise<Identity | undefined> {
  try {
    return await readIdentity(file);
  } catch (cause) {
    throw new ConnectionError("config", host, `${host}: cannot read the key ${file}: ${cause}`, { cause });
  }
}

/** Why a key that the inventory names cannot be used. */
export interface KeyProblem {
  readonly kind: "config" | "auth";
  /** Behind the key's path. */
  readonly text: string;
  readonly hint: string | undefined;
}

/** Returns what is wrong with the key of this path, as far as its file and the agent say; undefined where it can be tried. */
export function keyProblem(
  path: string,
  identity: Identity | undefined,
  { isInAgent, canAsk }: { readonly isInAgent: boolean; readonly canAsk: boolean },
): KeyProblem | undefined {
  if (!identity) {
    const hint = `Correct "key" in the inventory, or create one: ssh-keygen -t ed25519 -f ${path}`;
    return { kind: "config", text: "is not a private key or is missing", hint };
  }
  const { publicKey } = identity;
  if (publicKey && keyType(publicKey).startsWith("sk-"))
    return { kind: "config", text: "is a FIDO key, which is not supported", hint: undefined };
  if (publicKey && isCertificate(publicKey)) {
    const hint = "Name the private key: certificates are not supported, the host has to take the plain key.";
    return { kind: "config", text: "is a certificate and no private key", hint };
  }
  if (isInAgent) return undefined;
  if (identity.text === undefined)
    return { kind: "config", text: "is a public key, and no agent holds its private half", hint: undefined };
  if (!identity.isEncrypted || canAsk) return undefined;
  return { kind: "auth", text: "is encrypted and no agent holds it", hint: `Unlock it once: ssh-add ${path}` };
}

/** Returns the public keys that the agent of this configuration holds; undefined where no agent answers. */
export async function heldKeys(config: SshConfig): Promise<readonly Buffer[] | undefined> {
  const socket = agentSocketOf(config);
  return socket === undefined ? undefined : agentKeys(socket);
}

async function certificatesOf(host: string, config: SshConfig): Promise<readonly string[]> {
  try {
    return await certificatesIn(config.certificateFiles, config.identityFiles);
  } catch (cause) {
    throw new ConnectionError("config", host, `${host}: cannot read a certificate: ${cause}`, { cause });
  }
}

function requireKey(
  host: string,
  key: string,
  identities: readonly Identity[],
  inAgent: (identity: Identity) => boolean,
  { passphrase }: Credentials,
): Identity {
  const own = identities.find(({ path }) => path === key);
  const isInAgent = own !== undefined && inAgent(own);
  const problem = keyProblem(key, own, { isInAgent, canAsk: passphrase !== undefined });
  if (own && !problem) return own;
  throw new ConnectionError(problem?.kind ?? "config", host, `${host}: the key ${key} ${problem?.text}`, {
    hint: problem?.hint,
  });
}

function keyAttempt(identity: Identity, isInAgent: boolean, { passphrase }: Credentials): Attempt {
  const { path, text, publicKey } = identity;
  const label = publicKey ? `${path} (${describeKey(publicKey)})` : path;
  // An unlocked file needs no agent; only what the file cannot give is asked from there.
  if (publicKey && isInAgent && (identity.isEncrypted || text === undefined)) {
    return { label: `${label} by agent`, type: "agent", method: async () => ({ type: "agent", keys: [publicKey] }) };
  }
  return {
    label,
    type: "publickey",
    async method(hold) {
      if (publicKey && keyType(publicKey).startsWith("sk-")) throw new Error("FIDO keys are not supported");
      const phrase = identity.isEncrypted && passphrase ? await hold(() => passphrase(path)) : undefined;
      const key = readableBySsh2(text ?? "", phrase);
      return { type: "publickey", key, ...(phrase === undefined ? {} : { passphrase: phrase }) };
    },
  };
}

function agentAttempts(keys: readonly Buffer[]): readonly Attempt[] {
  if (keys.length === 0) return [];
  const label = `agent (${keys.map(describeKey).join(", ")})`;
  return [{ label, type: "agent", method: async () => ({ type: "agent", keys }) }];
}

function passwordAttempts(secret: Text | undefined): readonly Attempt[] {
  if (secret === undefined) return [];
  const attempt = (type: "password" | "keyboard-interactive"): Attempt => ({
    label: type,
    type,
    method: async () => ({ type, password: reveal(secret) }),
  });
  return [attempt("password"), attempt("keyboard-interactive")];
}

/** The attempts of one login, one after the other. */
export interface AuthTrial {
  /** Returns the next way that the host would take; `undefined` after the last. `left` is ssh2's list of methods, `null` at first. */
  next(left: readonly string[] | null): Promise<AuthMethod | undefined>;
  report(): AuthReport;
}

/** Returns a trial of the whole plan. */
export function authTrial(plan: AuthPlan, hold: Hold): AuthTrial {
  const queue = [...plan.attempts];
  const tried: string[] = [];
  const skipped = [...plan.skipped];
  let accepted: readonly string[] | null = null;
  let last: AuthMethod | undefined;
  const isAccepted = ({ type }: Attempt): boolean =>
    !accepted || accepted.includes(type === "agent" ? "publickey" : type);
  return {
    async next(left) {
      // ssh2 goes on without a word when it cannot read a key: then the host was not asked, and the list is the same.
      if (last?.type === "publickey" && left === accepted)
        skipped.push(`${tried.pop()} (unreadable, or a wrong passphrase)`);
      accepted = left;
      for (let attempt = queue.shift(); attempt; attempt = queue.shift()) {
        if (!isAccepted(attempt)) continue;
        try {
          last = await attempt.method(hold);
          tried.push(attempt.label);
          return last;
        } catch (error) {
          skipped.push(`${attempt.label} (${error instanceof Error ? error.message : error})`);
        }
      }
      return undefined;
    },
    report: () => ({ tried, skipped, certificates: plan.certificates, accepted: accepted ?? undefined }),
  };
}
