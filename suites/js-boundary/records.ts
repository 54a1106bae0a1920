import { scriptArm } from '../harness/script-arm.js';
import type { SuiteArm } from '../harness/suite.js';

/**
 * Reading a descriptor of 32 bytes out of a batch of 1 024, as a flyweight does and as one might otherwise. Every arm
 * has a loop of its own: in a shared one the engine would compile for all of them at once.
 */

const RECORDS = 1_024;
const RECORD_BYTES = 32;
const RECORD_WORDS = RECORD_BYTES / 4;

function filledBatch(): ArrayBuffer {
  const words = new Uint32Array(RECORDS * RECORD_WORDS);
  for (let index = 0; index < words.length; index++) words[index] = index & 0xff;
  return words.buffer;
}

/** By count of records read in turn, up to the whole batch: the sum of the first four words of each. */
const SUMS: Float64Array = (() => {
  const words = new Uint32Array(filledBatch());
  const sums = new Float64Array(RECORDS + 1);
  for (let record = 0; record < RECORDS; record++) {
    const at = record * RECORD_WORDS;
    sums[record + 1] = sums[record] + words[at] + words[at + 1] + words[at + 2] + words[at + 3];
  }
  return sums;
})();

function expected(operations: number): number {
  return Math.floor(operations / RECORDS) * SUMS[RECORDS] + SUMS[operations % RECORDS];
}

export const recordArms: readonly SuiteArm[] = [
  scriptArm('native', () => {
    const words = new Uint32Array(filledBatch());
    return {
      expected,
      loop(operations) {
        let sum = 0;
        for (let index = 0; index < operations; index++) {
          const at = (index % RECORDS) * RECORD_WORDS;
          sum += words[at] + words[at + 1] + words[at + 2] + words[at + 3];
        }
        return sum;
      },
    };
  }),
  scriptArm('data-view', () => {
    const view = new DataView(filledBatch());
    return {
      expected,
      loop(operations) {
        let sum = 0;
        for (let index = 0; index < operations; index++) {
          const at = (index % RECORDS) * RECORD_BYTES;
          sum += view.getUint32(at, true) + view.getUint32(at + 4, true);
          sum += view.getUint32(at + 8, true) + view.getUint32(at + 12, true);
        }
        return sum;
      },
    };
  }),
  scriptArm('buffer', () => {
    const buffer = Buffer.from(filledBatch());
    return {
      expected,
      loop(operations) {
        let sum = 0;
        for (let index = 0; index < operations; index++) {
          const at = (index % RECORDS) * RECORD_BYTES;
          sum += buffer.readUInt32LE(at) + buffer.readUInt32LE(at + 4);
          sum += buffer.readUInt32LE(at + 8) + buffer.readUInt32LE(at + 12);
        }
        return sum;
      },
    };
  }),
  scriptArm('object-per-record', () => {
    const words = new Uint32Array(filledBatch());
    // Kept until the batch comes round again, as an event object lives until its handler has returned.
    const kept: { slot: number; offset: number; length: number; type: number }[] = new Array(RECORDS);
    return {
      expected,
      loop(operations) {
        let sum = 0;
        for (let index = 0; index < operations; index++) {
          const record = index % RECORDS;
          const at = record * RECORD_WORDS;
          const made = {
            slot: words[at],
            offset: words[at + 1],
            length: words[at + 2],
            type: words[at + 3],
          };
          kept[record] = made;
          sum += made.slot + made.offset + made.length + made.type;
        }
        return sum;
      },
    };
  }),
];
