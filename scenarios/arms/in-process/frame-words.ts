/**
 * A frame of a broadcast, in 32-bit words (scenarios/harness/CONTROL.md):
 *
 *   0 1 time    when its tick was meant to be, in ns, high and low word
 *   2 tick      number, from 0
 *   3 group     of interest
 *   4 … filler  word i is (i * 0x9e3779b1) ^ tick
 */
import type { PayloadReader } from './message-words.js';

export const FRAME_WORDS_MIN = 4;
const WORD = 0x1_0000_0000;

export function writeFrame(words: Int32Array, meantNs: number, tick: number, group: number): void {
  words[0] = meantNs / WORD;
  words[1] = meantNs % WORD;
  words[2] = tick;
  words[3] = group;
  for (let i = FRAME_WORDS_MIN; i < words.length; i += 1) words[i] = Math.imul(i, 0x9e3779b1) ^ tick;
}

export function frameTime(reader: PayloadReader): number {
  return reader.getUint32(0, true) * WORD + reader.getUint32(4, true);
}

export function isFrameIntact(reader: PayloadReader, tick: number): boolean {
  let difference = 0;
  for (let at = FRAME_WORDS_MIN * 4; at < reader.length; at += 4) {
    difference |= (reader.getUint32(at, true) | 0) ^ Math.imul(at >>> 2, 0x9e3779b1) ^ tick;
  }
  return difference === 0;
}
