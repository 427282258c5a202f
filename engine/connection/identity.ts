import { createPrivateKey } from "node:crypto";
import { isCertificate } from "./certificate.ts";
import { readIfThere } from "./known-hosts.ts";
import { fieldAt, keyType, publicLine } from "./public-key.ts";

/** A key file as far as it can be read without its passphrase. */
export interface Identity {
  readonly path: string;
  /** The private key's text, `undefined` where only its public half is on this machine. */
  readonly text: string | undefined;
  /** `undefined` for an old PEM file without a `.pub` beside it. */
  readonly publicKey: Buffer | undefined;
  readonly isEncrypted: boolean;
}

/** Returns what the file and its `.pub` hold; `undefined` when neither is there. Throws errors of the file system. */
export async function readIdentity(path: string): Promise<Identity | undefined> {
  const [text, beside] = await Promise.all([readIfThere(path), readIfThere(`${path}.pub`)]);
  const isPrivate = text.includes("PRIVATE KEY-----");
  const publicKey = openSshPublicKey(text) ?? publicLine(text) ?? publicLine(beside);
  if (!isPrivate && !publicKey) return undefined;
  return { path, text: isPrivate ? text : undefined, publicKey, isEncrypted: isEncrypted(text) };
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
    const hint =
      "Name the private key. Its certificate is found beside it, as KEY-cert.pub, or by CertificateFile of the SSH configuration.";
    return { kind: "config", text: "is a certificate and no private key", hint };
  }
  if (isInAgent) return undefined;
  if (identity.text === undefined)
    return { kind: "config", text: "is a public key, and no agent holds its private half", hint: undefined };
  if (!identity.isEncrypted || canAsk) return undefined;
  return { kind: "auth", text: "is encrypted and no agent holds it", hint: `Unlock it once: ssh-add ${path}` };
}

/**
 * Returns a private key in a form that ssh2 reads: PKCS#8, as `openssl` writes it, becomes PKCS#1 or SEC1; others stay.
 * Throws on a wrong passphrase for PKCS#8, and on an Ed25519 key in PKCS#8.
 */
export function readableBySsh2(text: string, passphrase: string | undefined): string {
  if (!/-----BEGIN (ENCRYPTED )?PRIVATE KEY-----/.test(text)) return text;
  const key = createPrivateKey(passphrase === undefined ? text : { key: text, passphrase });
  if (key.asymmetricKeyType === "rsa") return key.export({ type: "pkcs1", format: "pem" }).toString();
  if (key.asymmetricKeyType === "ec") return key.export({ type: "sec1", format: "pem" }).toString();
  throw new Error(`${key.asymmetricKeyType} in PKCS#8 is not supported: convert it with ssh-keygen`);
}

const OPENSSH_MAGIC = "openssh-key-v1\0";

/** Returns the fields before the private part of an OpenSSH key: cipher, kdf, kdf options, then the public key. */
function openSshFields(text: string): { cipher: string; publicKey: Buffer } | undefined {
  const body = /-----BEGIN OPENSSH PRIVATE KEY-----([\s\S]+?)-----END/.exec(text)?.[1];
  const blob = Buffer.from(body ?? "", "base64");
  if (!blob.toString("latin1").startsWith(OPENSSH_MAGIC)) return undefined;
  const [cipher, afterCipher] = fieldAt(blob, OPENSSH_MAGIC.length);
  const [, afterKdf] = fieldAt(blob, afterCipher);
  const [, afterOptions] = fieldAt(blob, afterKdf);
  const KEY_COUNT_BYTES = 4;
  const [publicKey] = fieldAt(blob, afterOptions + KEY_COUNT_BYTES);
  return { cipher: cipher.toString(), publicKey };
}

function openSshPublicKey(text: string): Buffer | undefined {
  return openSshFields(text)?.publicKey;
}

function isEncrypted(text: string): boolean {
  const cipher = openSshFields(text)?.cipher;
  if (cipher !== undefined) return cipher !== "none";
  return text.includes("BEGIN ENCRYPTED PRIVATE KEY") || /^Proc-Type: 4,ENCRYPTED/m.test(text);
}
