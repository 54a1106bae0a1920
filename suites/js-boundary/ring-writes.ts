import { scriptArm } from '../harness/script-arm.js';
import type { SuiteArm } from '../harness/suite.js';

/**
 * Writing a header and 64 bytes into a ring, in the ways there are. Every arm has a loop of its own; writing the header
 * is shared, since it is the same for all.
 */

const PAYLOAD_BYTES = 64;
const PAYLOAD_WORDS = PAYLOAD_BYTES / 4;
const HEADER_WORDS = 8;
const ENTRY_WORDS = HEADER_WORDS + PAYLOAD_WORDS;
const RING_ENTRIES = 1_024;
const RECEIVED = 1_024;
const LAST_WORD = PAYLOAD_WORDS - 1;

/** Payloads as they were received: each ends with its own number. */
function receivedPayloads(): Uint32Array<ArrayBuffer> {
  const words = new Uint32Array(RECEIVED * PAYLOAD_WORDS);
  for (let index = 0; index < RECEIVED; index++) words[index * PAYLOAD_WORDS + LAST_WORD] = index;
  return words;
}

/** Returns where the payload goes, in words. */
function writeHeader(ring: Uint32Array, index: number): number {
  const at = (index % RING_ENTRIES) * ENTRY_WORDS;
  ring[at] = PAYLOAD_BYTES;
  ring[at + 1] = index;
  ring[at + 2] = 1;
  ring[at + 3] = 2;
  ring[at + 4] = 3;
  ring[at + 5] = 4;
  ring[at + 6] = 5;
  ring[at + 7] = 6;
  return at + HEADER_WORDS;
}

/** The sum of the last words that were written, read back from the ring. */
function expected(operations: number): number {
  const rest = operations % RECEIVED;
  const whole = (operations - rest) / RECEIVED;
  return whole * ((RECEIVED * (RECEIVED - 1)) / 2) + (rest * (rest - 1)) / 2;
}

export const ringArms: readonly SuiteArm[] = [
  // Bytes that JavaScript makes itself, as aligned words: nothing is copied.
  scriptArm('native', () => {
    const ring = new Uint32Array(RING_ENTRIES * ENTRY_WORDS);
    return {
      expected,
      loop(operations) {
        let sum = 0;
        for (let index = 0; index < operations; index++) {
          const at = writeHeader(ring, index);
          for (let word = 0; word < PAYLOAD_WORDS; word++) ring[at + word] = index % RECEIVED;
          sum += ring[at + LAST_WORD];
        }
        return sum;
      },
    };
  }),
  scriptArm('copied-by-words', () => {
    const ring = new Uint32Array(RING_ENTRIES * ENTRY_WORDS);
    const received = receivedPayloads();
    return {
      expected,
      loop(operations) {
        let sum = 0;
        for (let index = 0; index < operations; index++) {
          const at = writeHeader(ring, index);
          const from = (index % RECEIVED) * PAYLOAD_WORDS;
          for (let word = 0; word < PAYLOAD_WORDS; word++) ring[at + word] = received[from + word];
          sum += ring[at + LAST_WORD];
        }
        return sum;
      },
    };
  }),
  scriptArm('copied-by-set', () => {
    const ring = new Uint32Array(RING_ENTRIES * ENTRY_WORDS);
    const bytes = new Uint8Array(ring.buffer);
    const received = new Uint8Array(receivedPayloads().buffer);
    return {
      expected,
      loop(operations) {
        let sum = 0;
        for (let index = 0; index < operations; index++) {
          const at = writeHeader(ring, index);
          const from = (index % RECEIVED) * PAYLOAD_BYTES;
          bytes.set(received.subarray(from, from + PAYLOAD_BYTES), at * 4);
          sum += ring[at + LAST_WORD];
        }
        return sum;
      },
    };
  }),
  scriptArm('copied-by-bytes', () => {
    const ring = new Uint32Array(RING_ENTRIES * ENTRY_WORDS);
    const bytes = new Uint8Array(ring.buffer);
    const received = new Uint8Array(receivedPayloads().buffer);
    return {
      expected,
      loop(operations) {
        let sum = 0;
        for (let index = 0; index < operations; index++) {
          const at = writeHeader(ring, index);
          const from = (index % RECEIVED) * PAYLOAD_BYTES;
          for (let byte = 0; byte < PAYLOAD_BYTES; byte++) bytes[at * 4 + byte] = received[from + byte];
          sum += ring[at + LAST_WORD];
        }
        return sum;
      },
    };
  }),
];
