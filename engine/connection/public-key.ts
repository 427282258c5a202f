import { createHash } from "node:crypto";

/** Returns the field that starts here, a length in four bytes and as many more, and where the next one starts (RFC 4251, "string"). */
export function fieldAt(blob: Buffer, at: number): [field: Buffer, end: number] {
  const end = at + 4 + blob.readUInt32BE(at);
  return [blob.subarray(at + 4, end), end];
}

/** Returns these bytes with their length in four bytes before them. */
export function field(bytes: Buffer): Buffer {
  const length = Buffer.alloc(4);
  length.writeUInt32BE(bytes.length);
  return Buffer.concat([length, bytes]);
}

/** Returns the key of a line as it stands in a `.pub` file; undefined when the text starts with none. */
export function publicLine(text: string): Buffer | undefined {
  const blob = /^(?:ssh-|ecdsa-|sk-)\S+ ([A-Za-z0-9+/]+=*)/.exec(text)?.[1];
  return blob === undefined ? undefined : Buffer.from(blob, "base64");
}

/** Returns the type in a public key blob, such as `ssh-ed25519`. Empty when the blob is not a key. */
export function keyType(key: Buffer): string {
  if (key.length < 4) return "";
  return fieldAt(key, 0)[0].toString("latin1");
}

/** Returns a key as people compare it: `ED25519 SHA256:…`. */
export function describeKey(key: Buffer): string {
  return `${shortType(keyType(key))} ${fingerprint(key)}`;
}

/** Returns `SHA256:…`, as `ssh-keygen -l` prints it. */
export function fingerprint(key: Buffer): string {
  return `SHA256:${createHash("sha256").update(key).digest("base64").replace(/=+$/, "")}`;
}

function shortType(type: string): string {
  const plain = type.replace(/^ssh-|-v01@openssh\.com$/g, "").toUpperCase();
  return plain.startsWith("ECDSA-") ? plain.replace(/-SHA2-NISTP\d+/, "") : plain;
}
