import { reveal, type Text } from "../shell/secret.ts";
import { type Agent, agentOf, canSign } from "./agent.ts";
import { type Certificate, type CertificateFile, certificatesIn } from "./certificate.ts";
import { type AuthReport, ConnectionError } from "./connection.ts";
import { type Identity, keyProblem, readableBySsh2, readIdentity } from "./identity.ts";
import type { Hold } from "./limit.ts";
import { describeKey, keyType } from "./public-key.ts";
import type { SshConfig } from "./ssh-config.ts";

/** One way to log in, ready for ssh2's authHandler. */
export type AuthMethod =
  | { readonly type: "none" }
  | { readonly type: "publickey"; readonly key: string; readonly passphrase?: string; readonly certificate?: Buffer }
  | { readonly type: "agent"; readonly keys: readonly Buffer[]; readonly certificate?: Buffer }
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
}

/**
 * Returns how to log in, without guessing. First the inventory's key, then the agent's copies of configured keys, then key
 * files, then (unless IdentitiesOnly) the agent's other keys, encrypted files, the password; each key with its certificates
 * before without. sshd gives up after six tries by default, and an agent may hold more. Throws `ConnectionError` when the
 * inventory's key cannot be used at all.
 */
export async function authPlan(
  host: string,
  key: string | undefined,
  config: SshConfig,
  credentials: Credentials,
): Promise<AuthPlan> {
  const agent = await agentOf(config);
  const files = await Promise.all(config.identityFiles.map((file) => readKey(host, file)));
  const identities = files.filter((identity) => identity !== undefined);
  const certificateFiles = await readCertificates(host, config);
  const own = key === undefined ? undefined : requireKey(host, key, identities, agent, credentials);

  const certificates = known(certificateFiles, agent);
  const isHeld = (identity: Identity): boolean => canSign(agent, identity.publicKey);
  const attempt = (identity: Identity, certificate?: Certificate) =>
    keyAttempt(identity, certificate, isHeld(identity), credentials);
  const certified = (identity: Identity): readonly Attempt[] =>
    certificates.filter((one) => certifies(one, identity)).map((one) => attempt(identity, one));
  const rest = identities.filter((identity) => identity !== own);
  const locked = rest.filter((identity) => identity.isEncrypted && !isHeld(identity));
  const open = rest.filter((identity) => identity.text !== undefined && !identity.isEncrypted && !isHeld(identity));
  const held = rest.filter(isHeld);
  const foreign = certificates.filter((one) => !identities.some((identity) => certifies(one, identity)));
  const usable = foreign.filter((one) => canSign(agent, one.publicKey) && (one.path || !config.identitiesOnly));
  const isConfigured = (blob: Buffer): boolean => identities.some((identity) => identity.publicKey?.equals(blob));
  const others = config.identitiesOnly ? [] : (agent?.keys ?? []).filter((blob) => !isConfigured(blob));
  const attempts = [
    ...(own ? [...certified(own), attempt(own)] : []),
    ...held.flatMap(certified),
    ...agentAttempts(held.flatMap((identity) => identity.publicKey ?? [])),
    ...open.flatMap((identity) => [...certified(identity), attempt(identity)]),
    ...usable.map((one) => byAgent(labelOf(one), one.publicKey, one)),
    ...agentAttempts(others),
    ...(credentials.passphrase ? locked.flatMap((identity) => [...certified(identity), attempt(identity)]) : []),
    ...passwordAttempts(credentials.password),
  ];
  return {
    agentSocket: agent?.answers ? agent.socket : undefined,
    attempts:
      attempts.length > 0 ? attempts : [{ label: "none", type: "none", method: async () => ({ type: "none" }) }],
    skipped: [
      ...(credentials.passphrase ? [] : locked.map(({ path }) => `${path} is encrypted`)),
      ...(agent && !agent.answers ? [`no agent answers at ${agent.socket}`] : []),
      ...certificateFiles
        .filter((one) => !one.certificate)
        .map(({ path }) => `${path} is no certificate of a plain key`),
      ...foreign.filter((one) => !usable.includes(one)).map((one) => `${labelOf(one)}: its private key is not here`),
    ],
  };
}

/** Returns each certificate once; the file's path says more than the agent. */
function known(files: readonly CertificateFile[], agent: Agent | undefined): readonly Certificate[] {
  const all = [...files.flatMap(({ certificate }) => certificate ?? []), ...(agent?.certificates ?? [])];
  return all.filter((one, index) => all.findIndex(({ blob }) => blob.equals(one.blob)) === index);
}

/** An old PEM file says its public half only to who unlocks it: there the names tell. */
function certifies({ path, publicKey }: Certificate, identity: Identity): boolean {
  return identity.publicKey?.equals(publicKey) ?? path === `${identity.path}-cert.pub`;
}

function labelOf({ path, description }: Certificate): string {
  return `${path ?? "agent"} (${description})`;
}

async function readKey(host: string, file: string): Promise<Identity | undefined> {
  try {
    return await readIdentity(file);
  } catch (cause) {
    throw new ConnectionError("config", host, `${host}: cannot read the key ${file}: ${cause}`, { cause });
  }
}

async function readCertificates(host: string, config: SshConfig): Promise<readonly CertificateFile[]> {
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
  agent: Agent | undefined,
  { passphrase }: Credentials,
): Identity {
  const own = identities.find(({ path }) => path === key);
  const isInAgent = canSign(agent, own?.publicKey);
  const problem = keyProblem(key, own, { isInAgent, canAsk: passphrase !== undefined });
  if (own && !problem) return own;
  throw new ConnectionError(problem?.kind ?? "config", host, `${host}: the key ${key} ${problem?.text}`, {
    hint: problem?.hint,
  });
}

function keyAttempt(
  identity: Identity,
  certificate: Certificate | undefined,
  isHeld: boolean,
  { passphrase }: Credentials,
): Attempt {
  const { path, text, publicKey } = identity;
  const plain = publicKey ? `${path} (${describeKey(publicKey)})` : path;
  const label = certificate ? labelOf(certificate) : plain;
  // An unlocked file needs no agent; only what the file cannot give is asked from there.
  if (publicKey && isHeld && (identity.isEncrypted || text === undefined))
    return byAgent(`${label} by agent`, publicKey, certificate);
  return {
    label,
    type: "publickey",
    async method(hold) {
      if (publicKey && keyType(publicKey).startsWith("sk-")) throw new Error("FIDO keys are not supported");
      const phrase = identity.isEncrypted && passphrase ? await hold(() => passphrase(path)) : undefined;
      const key = readableBySsh2(text ?? "", phrase);
      return { type: "publickey", key, ...(phrase === undefined ? {} : { passphrase: phrase }), ...shown(certificate) };
    },
  };
}

function byAgent(label: string, publicKey: Buffer, certificate: Certificate | undefined): Attempt {
  return { label, type: "agent", method: async () => ({ type: "agent", keys: [publicKey], ...shown(certificate) }) };
}

function shown(certificate: Certificate | undefined): { certificate?: Buffer } {
  return certificate ? { certificate: certificate.blob } : {};
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
    report: () => ({ tried, skipped, accepted: accepted ?? undefined }),
  };
}
