import { scriptArm } from '../harness/script-arm.js';
import type { SuiteArm } from '../harness/suite.js';

/**
 * The application's record of a session, found for 100 000 random ids: by slot in an array, or by id in a `Map`. Every
 * arm has a loop of its own.
 */

const SESSIONS = 100_000;
/** A power of two, so that the walk over the asked ids wraps by a mask. */
const ASKED = 1 << 17;
const ASKED_MASK = ASKED - 1;

/** The same order for every arm and round (Lehmer, 1951, with the factor of MINSTD). */
function askedSlots(): Int32Array {
  let state = 1;
  return Int32Array.from({ length: ASKED }, () => {
    state = (state * 48_271) % 2_147_483_647;
    return state % SESSIONS;
  });
}

/** By count of ids asked in turn, up to all: the sum of the numbers found. */
function sumsOf(asked: Int32Array): Float64Array {
  const sums = new Float64Array(ASKED + 1);
  for (let index = 0; index < ASKED; index++) sums[index + 1] = sums[index] + asked[index];
  return sums;
}

function expectedFor(asked: Int32Array): (operations: number) => number {
  const sums = sumsOf(asked);
  return (operations) => Math.floor(operations / ASKED) * sums[ASKED] + sums[operations & ASKED_MASK];
}

export const lookupArms: readonly SuiteArm[] = [
  scriptArm('native', () => {
    const asked = askedSlots();
    const records = Array.from({ length: SESSIONS }, (_, number) => ({ number }));
    return {
      expected: expectedFor(asked),
      loop(operations) {
        let sum = 0;
        for (let index = 0; index < operations; index++) sum += records[asked[index & ASKED_MASK]].number;
        return sum;
      },
    };
  }),
  scriptArm('baseline', () => {
    const asked = askedSlots();
    // Ids above 2³¹ would not be small integers to the engine; slots are, which favours the Map.
    const records = new Map(Array.from({ length: SESSIONS }, (_, number) => [number, { number }]));
    return {
      expected: expectedFor(asked),
      loop(operations) {
        let sum = 0;
        for (let index = 0; index < operations; index++) {
          sum += records.get(asked[index & ASKED_MASK])?.number ?? 0;
        }
        return sum;
      },
    };
  }),
];
