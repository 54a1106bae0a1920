/**
 * What a message holds where both ends of a session live in one process (scenarios/harness/CONTROL.md), in 32-bit words:
 *
 *   0 key        of the session: no two sessions of a group have the same
 *   1 token      from key and sequence
 *   2 sequence   of the session, from 0
 *   3 4 time     when it left, or was meant to leave, in ns, high and low word; of one message in 64, else 0
 *   5 … filler   of the messages that are checked whole: word i is (i * 0x9e3779b1) ^ token
 *
 * Words are written and read in the byte order of the machine: both ends are on it.
 */

/** Messages begin with the words that are always written. */
export const MESSAGE_WORDS_MIN = 5;
/** One message of a session in this many is timed and, unless all are, read in full; a power of two. */
export const SAMPLED_SHARE = 64;
const WORD = 0x1_0000_0000;

/** The key of one session. For one seed this is a permutation, so keys of a group differ. */
export function sessionKey(seed: number, index: number): number {
  // The finaliser of MurmurHash3 (Austin Appleby) for 32 bits: each of its steps can be undone.
  let value = (seed + index) | 0;
  value = Math.imul(value ^ (value >>> 16), 0x85ebca6b);
  value = Math.imul(value ^ (value >>> 13), 0xc2b2ae35);
  return value ^ (value >>> 16);
}

/** What message `sequence` of the session carries, so that no other message passes for it. */
export function tokenOf(key: number, sequence: number): number {
  const value = Math.imul(key ^ sequence, 0x9e3779b1);
  return (value ^ (value >>> 15)) | 0;
}

/** Whether the message is timed. By key as well, or all sessions that take turns would be timed in the same turn. */
export function isSampled(key: number, sequence: number): boolean {
  return ((sequence + key) & (SAMPLED_SHARE - 1)) === 0;
}

export function writeFiller(words: Int32Array, token: number): void {
  const { length } = words;
  for (let i = MESSAGE_WORDS_MIN; i < length; i += 1) words[i] = Math.imul(i, 0x9e3779b1) ^ token;
}

/** Reads numbers of a payload in place: a message of the engine, or words that came over a port. */
export interface PayloadReader {
  readonly length: number;
  getUint32(offset: number, littleEndian?: boolean): number;
  payload(): Uint8Array;
}

/** Longer payloads are worth a view of their words. */
const VIEW_BYTES_MIN = 1_024;

/** Whether every word behind the first ones is what {@link writeFiller} wrote. */
export function isFillerIntact(reader: PayloadReader, token: number): boolean {
  const end = reader.length;
  let difference = 0;
  if (end >= VIEW_BYTES_MIN) {
    const bytes = reader.payload();
    const words = new Int32Array(bytes.buffer, bytes.byteOffset, bytes.length >>> 2);
    for (let i = MESSAGE_WORDS_MIN; i < words.length; i += 1) {
      difference |= words[i] ^ Math.imul(i, 0x9e3779b1) ^ token;
    }
    return difference === 0;
  }
  for (let at = MESSAGE_WORDS_MIN * 4; at < end; at += 4) {
    difference |= (reader.getUint32(at, true) | 0) ^ Math.imul(at >>> 2, 0x9e3779b1) ^ token;
  }
  return difference === 0;
}

export function writeTime(words: Int32Array, timeNs: number): void {
  words[3] = timeNs / WORD;
  words[4] = timeNs % WORD;
}

export function readTime(reader: PayloadReader): number {
  return reader.getUint32(12, true) * WORD + reader.getUint32(16, true);
}
