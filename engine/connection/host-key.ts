import { relative } from "node:path";
import { ConnectionError, describeEndpoint } from "./connection.ts";
import {
  coversHost,
  editFile,
  type Pin,
  parseKnownHosts,
  pinName,
  readIfThere,
  withoutHost,
  withPin,
} from "./known-hosts.ts";
import { describeKey, fingerprint } from "./public-key.ts";

/** A host whose key is to be verified, and what the operator allows. */
export interface HostKeyQuestion {
  readonly name: string;
  readonly address: string;
  readonly port: number;
  readonly alias: string | undefined;
  /** Looked at first, and the only file that is ever written. */
  readonly knownHosts: string;
  readonly otherFiles: readonly string[];
  readonly rebuilt?: true | string | undefined;
  readonly acceptNew?: boolean | undefined;
  /** HostKeyAlgorithms: no other may be offered, in this order. */
  readonly algorithms?: readonly string[] | undefined;
  /** The user's configuration asks to take any key (StrictHostKeyChecking no), which is not done. */
  readonly isCheckOff?: boolean | undefined;
  /** A jump host: not in the inventory, so no flag can name it. */
  readonly isHop?: boolean | undefined;
}

/** The verification of one host's key during one connection. */
export interface HostKeyCheck {
  /** Key algorithms to offer, those of the pinned keys first. */
  readonly algorithms: readonly string[];
  /** True when the key may be trusted. Gives the same answer when asked again, as on a re-key. */
  verify(key: Buffer): boolean;
  /** Why `verify` said no. */
  refusal(): ConnectionError | undefined;
  /** Writes what `verify` allowed, if it is new. To be called once the host has proved the key and the login is done. */
  pin(): Promise<void>;
}

/** What the known_hosts files say of a key. `pins` are the lines that decided. */
export interface Verdict {
  readonly kind: "known" | "unknown" | "changed" | "revoked";
  readonly pins: readonly Pin[];
}

/**
 * Returns a check against the host's pins. Throws `ConnectionError` when a known_hosts file cannot be read, or no algorithm is
 * left that may be offered.
 */
export async function hostKeyCheck(question: HostKeyQuestion): Promise<HostKeyCheck> {
  const files = [question.knownHosts, ...question.otherFiles];
  const pins = await Promise.all(files.map((file) => readPins(file, question.name)));
  const names = namesOf(question);
  let allowed: Buffer | undefined;
  let isNew = false;
  let refusal: ConnectionError | undefined;
  return {
    algorithms: algorithmsFor(decisivePins(pins, names.pinned), question),
    verify(key) {
      if (allowed?.equals(key)) return true;
      const verdict = judge(key, pins, names);
      refusal = refuse(question, key, verdict, pins.flat());
      if (refusal) return false;
      allowed = key;
      isNew = verdict.kind !== "known";
      return true;
    },
    refusal: () => refusal,
    async pin() {
      if (allowed && isNew) await writePin(question, names.pinned, allowed);
    },
  };
}

interface Names {
  readonly pinned: string;
  /** OpenSSH takes a key pinned without a port for any port. */
  readonly portless: string | undefined;
}

function namesOf({ alias, address, port }: HostKeyQuestion): Names {
  if (alias !== undefined) return { pinned: alias.toLowerCase(), portless: undefined };
  return { pinned: pinName(address, port), portless: port === 22 ? undefined : pinName(address, 22) };
}

/** Returns what these files, in order, say of the key: the first file is decisive as soon as it knows the host at all. */
export function judge(key: Buffer, files: readonly (readonly Pin[])[], names: Names): Verdict {
  const holdsKey = (pin: Pin): boolean => pin.key.equals(key);
  const isFor = (pin: Pin): boolean =>
    coversHost(pin.hosts, names.pinned) || (names.portless !== undefined && coversHost(pin.hosts, names.portless));
  const revoked = files.flat().filter((pin) => pin.marker === "revoked" && holdsKey(pin) && isFor(pin));
  if (revoked.length > 0) return { kind: "revoked", pins: revoked };

  const decisive = decisivePins(files, names.pinned);
  const matching = decisive.filter(holdsKey);
  if (matching.length > 0) return { kind: "known", pins: matching };
  // Also when only the type differs: offering another type must not make an impostor look new.
  if (decisive.length > 0) return { kind: "changed", pins: decisive };
  const portless = files.flat().filter((pin) => !pin.marker && holdsKey(pin) && isFor(pin));
  return portless.length > 0 ? { kind: "known", pins: portless } : { kind: "unknown", pins: [] };
}

function decisivePins([first = [], ...others]: readonly (readonly Pin[])[], name: string): readonly Pin[] {
  const isFor = (pin: Pin): boolean => pin.marker === undefined && coversHost(pin.hosts, name);
  const own = first.filter(isFor);
  return own.length > 0 ? own : others.flat().filter(isFor);
}

const RSA = ["rsa-sha2-512", "rsa-sha2-256"];
const DEFAULT_ALGORITHMS = [
  "ssh-ed25519",
  "ecdsa-sha2-nistp256",
  "ecdsa-sha2-nistp384",
  "ecdsa-sha2-nistp521",
  // Not ssh-rsa: that is RSA with SHA-1.
  ...RSA,
];

// Without this a host that is pinned by its ECDSA key would offer its Ed25519 key, and look changed.
function algorithmsFor(pins: readonly Pin[], { name, algorithms }: HostKeyQuestion): readonly string[] {
  const offered = algorithms?.filter((algorithm) => DEFAULT_ALGORITHMS.includes(algorithm)) ?? DEFAULT_ALGORITHMS;
  if (offered.length === 0) {
    const message = `${name}: HostKeyAlgorithms of the SSH configuration leaves none that is supported: found ${algorithms}, expected one of ${DEFAULT_ALGORITHMS.join(", ")}`;
    const hint = "Add one of these to HostKeyAlgorithms for this host in ~/.ssh/config, or in ansible_ssh_common_args.";
    throw new ConnectionError("config", name, message, { hint });
  }
  const pinned = pins.flatMap((pin) => (pin.type === "ssh-rsa" ? RSA : [pin.type]));
  const first = offered.filter((algorithm) => pinned.includes(algorithm));
  return [...new Set([...first, ...offered])];
}

function refuse(
  question: HostKeyQuestion,
  key: Buffer,
  verdict: Verdict,
  pins: readonly Pin[],
): ConnectionError | undefined {
  const { rebuilt, acceptNew } = question;
  if (verdict.kind === "revoked") return revokedError(question, key, verdict.pins);
  if (typeof rebuilt === "string" && rebuilt !== fingerprint(key)) return otherKeyError(question, key, rebuilt);
  if (verdict.kind === "known" || rebuilt !== undefined) return undefined;
  if (verdict.kind === "changed") return changedError(question, key, verdict.pins);
  return acceptNew ? undefined : unknownError(question, key, pins);
}

function revokedError(question: HostKeyQuestion, key: Buffer, pins: readonly Pin[]): ConnectionError {
  const message = `host key of ${describeEndpoint(question)} is revoked in ${pins.map(where).join(", ")}`;
  const hint = "Do not log in. Give the host a new key, then pin that one.";
  return new ConnectionError("host-key-revoked", question.name, message, { hint, found: describeKey(key) });
}

function otherKeyError(question: HostKeyQuestion, key: Buffer, wanted: string): ConnectionError {
  const message = `host key of ${describeEndpoint(question)} is not the one that --rebuilt names`;
  const hint = "Compare the fingerprint with the one on the machine's console. Nothing was pinned.";
  return new ConnectionError("host-key-changed", question.name, message, {
    hint,
    found: describeKey(key),
    expected: wanted,
  });
}

function changedError(question: HostKeyQuestion, key: Buffer, pins: readonly Pin[]): ConnectionError {
  const pinned = pins.map((pin) => `${describeKey(pin.key)} (${where(pin)})`).join(", ");
  const message = `host key of ${describeEndpoint(question)} changed`;
  const { name } = question;
  const pinnedAs = namesOf(question).pinned;
  const hint = question.isHop
    ? `If the machine was rebuilt: ${pins.map((pin) => `ssh-keygen -R '${pinnedAs}' -f ${shown(pin.file)}`)[0]} and then --accept-new. If not, someone may be in between.`
    : `If the machine was rebuilt: --rebuilt ${name}  (or --rebuilt ${name}=${fingerprint(key)} to insist on this key). If not, someone may be in between.`;
  return new ConnectionError("host-key-changed", name, message, {
    hint: hint + notObeyed(question),
    found: describeKey(key),
    expected: pinned,
  });
}

// Whoever wrote that option expects no error here, and should not have to search for why there is one.
function notObeyed({ isCheckOff }: HostKeyQuestion): string {
  return isCheckOff
    ? " StrictHostKeyChecking=no of the SSH configuration is not obeyed: every host key is verified."
    : "";
}

function unknownError(question: HostKeyQuestion, key: Buffer, pins: readonly Pin[]): ConnectionError {
  const name = namesOf(question).pinned;
  const isSigned = pins.some((pin) => pin.marker === "cert-authority" && coversHost(pin.hosts, name));
  const message = `host key of ${describeEndpoint(question)} is unknown`;
  const hint =
    `Compare the fingerprint with the one on the machine's console; if it is the same: --accept-new pins it in ${shown(question.knownHosts)}.` +
    (isSigned
      ? " A @cert-authority covers this host, but host certificates are not supported: pin the key itself."
      : "") +
    notObeyed(question);
  return new ConnectionError("host-key-unknown", question.name, message, {
    hint,
    found: describeKey(key),
    expected: "a key that a known_hosts file has",
  });
}

async function readPins(file: string, name: string): Promise<readonly Pin[]> {
  try {
    return parseKnownHosts(await readIfThere(file), file);
  } catch (cause) {
    throw new ConnectionError("config", name, `${name}: cannot read ${shown(file)}: ${cause}`, { cause });
  }
}

async function writePin({ name, knownHosts, rebuilt }: HostKeyQuestion, pinned: string, key: Buffer): Promise<void> {
  const isPinned = (text: string): boolean =>
    parseKnownHosts(text, "").some((pin) => !pin.marker && coversHost(pin.hosts, pinned) && pin.key.equals(key));
  try {
    await editFile(knownHosts, (text) => {
      const kept = rebuilt === undefined ? text : withoutHost(text, pinned);
      // Another host of this run may have the same address.
      return isPinned(kept) ? kept : withPin(kept, pinned, key);
    });
  } catch (cause) {
    throw new ConnectionError("config", name, `${name}: cannot pin its host key in ${shown(knownHosts)}: ${cause}`, {
      cause,
    });
  }
}

function where(pin: Pin): string {
  return `${shown(pin.file)}:${pin.line}`;
}

function shown(file: string): string {
  const short = relative("", file);
  return short.startsWith("..") ? file : short;
}
