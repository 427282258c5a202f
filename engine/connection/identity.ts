import { createPrivateKey } from "node:crypto";
import { connect } from "node:net";
import { keyType, readIfThere } from "./known-hosts.ts";

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

/** Returns those of the files that are there: the certificates that are named, and `KEY-cert.pub` beside keys. */
export async function certificatesIn(named: readonly string[], keys: readonly string[]): Promise<readonly string[]> {
  const paths = [...new Set([...named, ...keys.map((key) => `${key}-cert.pub`)])];
  const texts = await Promise.all(paths.map(readIfThere));
  return paths.filter((_, index) => texts[index] !== "");
}

/** True for a public key that a certificate authority has signed. */
export function isCertificate(publicKey: Buffer): boolean {
  return keyType(publicKey).includes("-cert-v01@");
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
  const [cipher, afterCipher] = stringAt(blob, OPENSSH_MAGIC.length);
  const [, afterKdf] = stringAt(blob, afterCipher);
  const [, afterOptions] = stringAt(blob, afterKdf);
  const KEY_COUNT_BYTES = 4;
  const [publicKey] = stringAt(blob, afterOptions + KEY_COUNT_BYTES);
  return { cipher: cipher.toString(), publicKey };
}

function stringAt(blob: Buffer, at: number): [Buffer, number] {
  const end = at + 4 + blob.readUInt32BE(at);
  return [blob.subarray(at + 4, end), end];
}

function openSshPublicKey(text: string): Buffer | undefined {
  return openSshFields(text)?.publicKey;
}

function isEncrypted(text: string): boolean {
  const cipher = openSshFields(text)?.cipher;
  if (cipher !== undefined) return cipher !== "none";
  return text.includes("BEGIN ENCRYPTED PRIVATE KEY") || /^Proc-Type: 4,ENCRYPTED/m.test(text);
}

function publicLine(text: string): Buffer | undefined {
  const blob = /^(?:ssh-|ecdsa-|sk-)\S+ ([A-Za-z0-9+/]+=*)/.exec(text)?.[1];
  return blob === undefined ? undefined : Buffer.from(blob, "base64");
}

const ANSWER_TIMEOUT_MS = 5_000;
const REQUEST_IDENTITIES = Buffer.from([0, 0, 0, 1, 11]);
const IDENTITIES_ANSWER = 12;

/** Returns the public keys that the ssh-agent at this socket holds; `undefined` when no agent answers there. */
export async function agentKeys(socketPath: string): Promise<readonly Buffer[] | undefined> {
  const answer = await ask(socketPath);
  return answer === undefined ? undefined : parseIdentities(answer);
}

function ask(socketPath: string): Promise<Buffer | undefined> {
  return new Promise((resolve) => {
    const socket = connect(socketPath);
    let received = Buffer.alloc(0);
    socket.setTimeout(ANSWER_TIMEOUT_MS, () => socket.destroy());
    socket.on("connect", () => socket.write(REQUEST_IDENTITIES));
    socket.on("data", (chunk: Buffer) => {
      received = Buffer.concat([received, chunk]);
      if (received.length < 4 || received.length < 4 + received.readUInt32BE(0)) return;
      resolve(received.subarray(4, 4 + received.readUInt32BE(0)));
      socket.destroy();
    });
    // A dead socket is as good as no agent: the other identities are still tried, and "close" follows.
    socket.on("error", () => resolve(undefined));
    socket.on("close", () => resolve(undefined));
  });
}

function parseIdentities(answer: Buffer): readonly Buffer[] | undefined {
  if (answer[0] !== IDENTITIES_ANSWER) return undefined;
  const strings: Buffer[] = [];
  for (let at = 5; at + 4 <= answer.length; ) {
    const end = at + 4 + answer.readUInt32BE(at);
    strings.push(answer.subarray(at + 4, end));
    at = end;
  }
  // Key, comment, key, comment, …
  return strings.filter((_, index) => index % 2 === 0);
}
