import { relative } from "node:path";
import { ConnectionError, describeEndpoint } from "./connection.ts";
import { coversHost, type Pin, pinName } from "./known-hosts.ts";
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

/** What the known_hosts files say of a key. `pins` are the lines that decided. */
export interface Verdict {
  readonly kind: "known" | "unknown" | "changed" | "revoked";
  readonly pins: readonly Pin[];
}

/** How a host is called in a known_hosts file. */
export interface Names {
  readonly pinned: string;
  /** OpenSSH takes a key pinned without a port for any port. */
  readonly portless: string | undefined;
}

/** Returns how this one is called there. */
export function namesOf({ alias, address, port }: HostKeyQuestion): Names {
  if (alias !== undefined) return { pinned: alias.toLowerCase(), portless: undefined };
  return { pinned: pinName(address, port), portless: port === 22 ? undefined : pinName(address, 22) };
}

/** Returns why a key of which the files say this is not taken; `undefined` where it is. `pins` are those of all files. */
export function refuse(
  question: HostKeyQuestion,
  key: Buffer,
  verdict: Verdict,
  pins: readonly Pin[],
): ConnectionError | undefined {
  const { rebuilt, acceptNew } = question;
  if (verdict.kind === "revoked") return revokedError(question, key, verdict.pins);
  if (rebuilt !== undefined && rebuilt !== true)
    return isNamed(key, rebuilt) ? undefined : otherKeyError(question, key, rebuilt);
  if (verdict.kind === "known") return undefined;
  const owners = ownersOf(question, key, pins);
  if (rebuilt) return owners === "" ? undefined : notNewError(question, key, owners);
  if (verdict.kind === "changed") return changedError(question, key, verdict.pins, owners);
  return acceptNew ? undefined : unknownError(question, key, pins, owners);
}

function isNamed(key: Buffer, prints: string): boolean {
  return prints.split(",").some((print) => print.replace("=", "") === fingerprint(key));
}

/** The other hosts for which the inventory's file has this key, and where; empty for none. */
function ownersOf(question: HostKeyQuestion, key: Buffer, pins: readonly Pin[]): string {
  const { address, port, knownHosts } = question;
  const own = [namesOf(question).pinned, pinName(address, port), pinName(address, 22)];
  const owners = pins.filter(
    (pin) =>
      pin.file === knownHosts && !pin.marker && pin.key.equals(key) && !own.some((name) => coversHost(pin.hosts, name)),
  );
  // A hashed line does not tell.
  const told = owners.map((pin) => `${pin.hosts.startsWith("|") ? "another host" : pin.hosts} (${where(pin)})`);
  return [...new Set(told)].join(", ");
}

function notNewError(question: HostKeyQuestion, key: Buffer, owners: string): ConnectionError {
  const message = `host key of ${describeEndpoint(question)} is no new one: it is that of ${owners}`;
  const { name } = question;
  const hint = `The address has moved to that machine: correct it in the inventory. If it is the same machine by another name: --rebuilt ${name}=${fingerprint(key)}. Nothing was pinned.`;
  return new ConnectionError("host-key-changed", name, message, {
    hint,
    found: describeKey(key),
    expected: "a key that no host has yet",
  });
}

function revokedError(question: HostKeyQuestion, key: Buffer, pins: readonly Pin[]): ConnectionError {
  const message = `host key of ${describeEndpoint(question)} is revoked in ${pins.map(where).join(", ")}`;
  const hint = "Do not log in. Give the host a new key, then pin that one.";
  return new ConnectionError("host-key-revoked", question.name, message, { hint, found: describeKey(key) });
}

function otherKeyError(question: HostKeyQuestion, key: Buffer, wanted: string): ConnectionError {
  const message = `host key of ${describeEndpoint(question)} is not the one that --rebuilt names`;
  const hint =
    "Compare the fingerprint with those on the machine's console, which has a key of each type: name all of them, with commas. Nothing was pinned.";
  return new ConnectionError("host-key-changed", question.name, message, {
    hint,
    found: describeKey(key),
    expected: wanted,
  });
}

function changedError(question: HostKeyQuestion, key: Buffer, pins: readonly Pin[], owners: string): ConnectionError {
  const pinned = pins.map((pin) => `${describeKey(pin.key)} (${where(pin)})`).join(", ");
  const { name } = question;
  if (owners !== "") {
    const message = `host key of ${describeEndpoint(question)} is that of ${owners}`;
    const hint = `The address has moved to another machine: correct it in the inventory.${notObeyed(question)}`;
    return new ConnectionError("host-key-changed", name, message, { hint, found: describeKey(key), expected: pinned });
  }
  const message = `host key of ${describeEndpoint(question)} changed`;
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

function unknownError(question: HostKeyQuestion, key: Buffer, pins: readonly Pin[], owners: string): ConnectionError {
  const name = namesOf(question).pinned;
  const isSigned = pins.some((pin) => pin.marker === "cert-authority" && coversHost(pin.hosts, name));
  const message = `host key of ${describeEndpoint(question)} is unknown`;
  const hint =
    (owners === ""
      ? `Compare the fingerprint with the one on the machine's console; if it is the same: --accept-new pins it in ${shown(question.knownHosts)}.`
      : `It is the key of ${owners}: if that machine has moved here, --accept-new pins it in ${shown(question.knownHosts)}.`) +
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

function where(pin: Pin): string {
  return `${shown(pin.file)}:${pin.line}`;
}

/** A path as short as it can be told. */
export function shown(file: string): string {
  const short = relative("", file);
  return short.startsWith("..") ? file : short;
}
