import { ConnectionError } from "./connection.ts";
import { type HostKeyQuestion, type Names, namesOf, refuse, shown, type Verdict } from "./host-key-refusal.ts";
import { coversHost, editFile, type Pin, parseKnownHosts, readIfThere, withoutHost, withPin } from "./known-hosts.ts";

export type { HostKeyQuestion, Verdict } from "./host-key-refusal.ts";

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
function algorithmsFor(pins: readonly Pin[], { name, algorithms, rebuilt }: HostKeyQuestion): readonly string[] {
  const offered = algorithms?.filter((algorithm) => DEFAULT_ALGORITHMS.includes(algorithm)) ?? DEFAULT_ALGORITHMS;
  if (offered.length === 0) {
    const message = `${name}: HostKeyAlgorithms of the SSH configuration leaves none that is supported: found ${algorithms}, expected one of ${DEFAULT_ALGORITHMS.join(", ")}`;
    const hint = "Add one of these to HostKeyAlgorithms for this host in ~/.ssh/config, or in ansible_ssh_common_args.";
    throw new ConnectionError("config", name, message, { hint });
  }
  // What the machine had before says nothing of what it has now.
  const pinned = (rebuilt === undefined ? pins : []).flatMap((pin) => (pin.type === "ssh-rsa" ? RSA : [pin.type]));
  const first = offered.filter((algorithm) => pinned.includes(algorithm));
  return [...new Set([...first, ...offered])];
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
