/** As much of protobuf's wire format as a trace needs: a shell on a host has no library for it. */

/** A field that holds other fields. */
export function message(field: number, ...fields: readonly Buffer[]): Buffer {
  return bytes(field, Buffer.concat(fields));
}

/** A field of text. */
export function text(field: number, value: string): Buffer {
  return bytes(field, Buffer.from(value));
}

/** A field of bytes. */
export function bytes(field: number, value: Buffer): Buffer {
  return Buffer.concat([encoded((field << 3) | 2), encoded(value.length), value]);
}

/** A field of a small number. */
export function varint(field: number, value: number): Buffer {
  return Buffer.concat([encoded(field << 3), encoded(value)]);
}

/** A field of eight bytes, the lowest first. */
export function fixed64(field: number, value: bigint): Buffer {
  const eight = Buffer.alloc(8);
  eight.writeBigUInt64LE(value);
  return Buffer.concat([encoded((field << 3) | 1), eight]);
}

function encoded(value: number): Buffer {
  const low = value & 0x7f;
  return value > 0x7f ? Buffer.concat([Buffer.of(low | 0x80), encoded(value >>> 7)]) : Buffer.of(low);
}
