/** Payloads whose every byte follows from their length and a seed that they bear, for programs that pass them on. */

export function patterned(length: number, seed: number): Buffer {
  const payload = Buffer.alloc(length);
  for (let i = 0; i < length; i += 1) payload[i] = (i * 31 + seed * 17 + (i >>> 8)) & 0xff;
  payload.writeUInt32LE(seed, 0);
  return payload;
}

/** Whether a payload is what {@link patterned} made. */
export function isWhole(payload: Uint8Array): boolean {
  const bytes = Buffer.from(payload.buffer, payload.byteOffset, payload.byteLength);
  return bytes.equals(patterned(bytes.length, bytes.readUInt32LE(0)));
}
