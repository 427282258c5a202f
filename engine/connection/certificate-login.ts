import { certifiedAlgorithm } from "./certificate.ts";
import { field, fieldAt } from "./public-key.ts";

/** A key as ssh2 reads it. */
export interface ParsedKey {
  readonly type: string;
  getPublicSSH(): Buffer;
}

type Sign = (data: Buffer, done: (signature: Buffer) => void) => void;

/** What is used of ssh2's object for the protocol, which its types leave out: `lib/protocol/Protocol.js` of 1.17. */
interface Protocol {
  authPK(user: string, key: ParsedKey, algorithm?: string, sign?: Sign): void;
  readonly _packetRW: { readonly write: PacketWriter };
}

interface PacketWriter {
  /** Where the payload starts in what `alloc` returns. */
  readonly allocStart: number;
  alloc(bytes: number): Buffer;
  finalize(packet: Buffer): Buffer;
}

/**
 * From now on, shows a certificate where ssh2 would show the plain key; `undefined` ends that. ssh2 knows no certificates:
 * it names one algorithm in the request and in the signature, and OpenSSH wants the certificate's in the one and the plain
 * key's in the other (PROTOCOL.certkeys).
 */
export function showCertificate(client: unknown, certificate: Buffer | undefined): void {
  const { _protocol: protocol } = client as { _protocol: Protocol };
  const { authPK }: Protocol = Object.getPrototypeOf(protocol);
  protocol.authPK = (user, key, algorithm, sign) => {
    if (certificate === undefined) return authPK.call(protocol, user, key, algorithm, sign);
    const plain = algorithm ?? key.type;
    const signed: Sign = (data, done) =>
      sign?.(data, (signature) => renamed(protocol._packetRW.write, data, plain, () => done(signature)));
    return authPK.call(protocol, user, withBlob(key, certificate), certifiedAlgorithm(plain), sign && signed);
  };
}

/** Returns the same key, shown as its certificate. */
export function withBlob(key: ParsedKey, certificate: Buffer): ParsedKey {
  return Object.create(key, { getPublicSSH: { value: () => certificate } });
}

/** Lets ssh2 write the request that holds the signature, and puts the plain algorithm's name into it. */
function renamed(writer: PacketWriter, data: Buffer, algorithm: string, write: () => void): void {
  const { finalize } = writer;
  writer.finalize = (packet) => {
    // What is signed is the session's id and the request as far as the signature.
    const [, start] = fieldAt(data, 0);
    const request = data.subarray(start);
    const [signature] = fieldAt(packet, writer.allocStart + request.length);
    const [, afterName] = fieldAt(signature, 0);
    const [value] = fieldAt(signature, afterName);
    const payload = Buffer.concat([request, field(Buffer.concat([field(Buffer.from(algorithm)), field(value)]))]);
    const shorter = writer.alloc(payload.length);
    shorter.set(payload, writer.allocStart);
    return finalize.call(writer, shorter);
  };
  try {
    write();
  } finally {
    writer.finalize = finalize;
  }
}
