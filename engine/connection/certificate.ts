import { readIfThere } from "./known-hosts.ts";
import { describeKey, field, fieldAt, keyType, publicLine } from "./public-key.ts";

/** A public key that a certificate authority has signed for logins. */
export interface Certificate {
  /** The file that it is from; undefined for one that only the agent holds. */
  readonly path: string | undefined;
  /** As a host is shown it. */
  readonly blob: Buffer;
  /** The key that is certified, as a public key of its own. */
  readonly publicKey: Buffer;
  /** Such as `ED25519-CERT SHA256:… for deploy, until 2026-11-26T03:00:00Z`, with the fingerprint that `ssh-keygen -l` prints. */
  readonly description: string;
}

/** Ends a certificate's type. What stands before it is the type of the key, or the name of an algorithm that signs. */
const SUFFIX = "-cert-v01@openssh.com";

/** How many fields of a certificate are the key's own, by type (OpenSSH's PROTOCOL.certkeys). Those for FIDO keys are left out. */
const KEY_FIELDS: Readonly<Record<string, number>> = {
  "ssh-ed25519": 1,
  "ssh-rsa": 2,
  "ecdsa-sha2-nistp256": 2,
  "ecdsa-sha2-nistp384": 2,
  "ecdsa-sha2-nistp521": 2,
};
/** The last second that a Date can hold; for ever is the largest number of 8 bytes. */
const LAST_SECOND = 8_640_000_000_000n;

/** True for a public key that a certificate authority has signed. */
export function isCertificate(publicKey: Buffer): boolean {
  return keyType(publicKey).endsWith(SUFFIX);
}

/** Returns the algorithm under which a host is shown a certificate: `rsa-sha2-256` → `rsa-sha2-256-cert-v01@openssh.com`. */
export function certifiedAlgorithm(algorithm: string): string {
  return `${algorithm}${SUFFIX}`;
}

/** Returns what a certificate says; `undefined` when it is none, one for a FIDO key, or cut off. `now` in milliseconds since 1970. */
export function parseCertificate(blob: Buffer, path: string | undefined, now: number): Certificate | undefined {
  const type = keyType(blob).slice(0, -SUFFIX.length);
  const count = KEY_FIELDS[type];
  if (!isCertificate(blob) || count === undefined) return undefined;
  try {
    const [, afterType] = fieldAt(blob, 0);
    const [, afterNonce] = fieldAt(blob, afterType);
    const afterKey = Array.from({ length: count }).reduce<number>((at) => fieldAt(blob, at)[1], afterNonce);
    const publicKey = Buffer.concat([field(Buffer.from(type)), blob.subarray(afterNonce, afterKey)]);
    // A serial number of 8 bytes, a type of 4, a name for logs; then who may log in, from when, until when.
    const [, afterName] = fieldAt(blob, afterKey + 8 + 4);
    const [principals, afterPrincipals] = fieldAt(blob, afterName);
    const until = validity(blob.readBigUInt64BE(afterPrincipals + 8), now);
    const description = `${describeKey(publicKey).replace(" ", "-CERT ")} for ${namesIn(principals)}${until}`;
    return { path, blob, publicKey, description };
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}

function namesIn(principals: Buffer): string {
  const names: string[] = [];
  for (let at = 0; at < principals.length; ) {
    const [name, end] = fieldAt(principals, at);
    names.push(name.toString());
    at = end;
  }
  return names.join(", ") || "nobody by name";
}

function validity(seconds: bigint, now: number): string {
  if (seconds > LAST_SECOND) return "";
  const until = new Date(Number(seconds) * 1000);
  const text = until.toISOString().replace(".000Z", "Z");
  return until.getTime() < now ? `, expired ${text}` : `, until ${text}`;
}

/** A file that holds a certificate, or something that is none. */
export interface CertificateFile {
  readonly path: string;
  readonly certificate: Certificate | undefined;
}

/** Returns those of the files that are there: named ones, and `KEY-cert.pub` beside keys. Throws errors of the file system. */
export async function certificatesIn(
  named: readonly string[],
  keys: readonly string[],
): Promise<readonly CertificateFile[]> {
  const paths = [...new Set([...named, ...keys.map((key) => `${key}-cert.pub`)])];
  const files = await Promise.all(paths.map(async (path) => ({ path, text: await readIfThere(path) })));
  return files
    .filter(({ text }) => text !== "")
    .map(({ path, text }) => ({
      path,
      certificate: parseCertificate(publicLine(text) ?? Buffer.alloc(0), path, Date.now()),
    }));
}
