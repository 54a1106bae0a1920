/**
 * The reply of the `counter` handler (scenarios/harness/CONTROL.md): 64 bytes, of which the filler is written once
 * and the first 16 for each request. For transports that copy what they send before `reply` returns.
 */
import { endianness } from 'node:os';

export const COUNTER_REPLY_BYTES = 64;
/** Bytes 0–7 the counter, 8–15 the token; the filler begins here. */
const FILLER_OFFSET = 16;

/** Byte `index` of the filler. */
export function fillerByte(index: number): number {
  return (index * 7 + 13) & 0xff;
}

export class CounterReply {
  readonly bytes: Uint8Array;
  readonly #words: Uint32Array;

  constructor() {
    if (endianness() !== 'LE')
      throw new Error('the counter is written in host order, which must be little-endian');
    const memory = new ArrayBuffer(COUNTER_REPLY_BYTES);
    this.bytes = new Uint8Array(memory);
    this.#words = new Uint32Array(memory, 0, FILLER_OFFSET / 4);
    for (let index = FILLER_OFFSET; index < COUNTER_REPLY_BYTES; index += 1) {
      this.bytes[index] = fillerByte(index);
    }
  }

  /** Sets the counter and the token (its two little-endian words) and returns the 64 bytes, valid until the next call. */
  write(counter: number, tokenLow: number, tokenHigh: number): Uint8Array {
    const words = this.#words;
    words[0] = counter;
    words[1] = counter / 0x1_0000_0000;
    words[2] = tokenLow;
    words[3] = tokenHigh;
    return this.bytes;
  }
}
