import { LockFreeMap } from '../../core/index.js';
import { scriptArm } from '../harness/script-arm.js';
import type { SuiteArm } from '../harness/suite.js';

/**
 * Reading the map that all threads share from JavaScript: a crossing for each key, or one for a batch of keys. The
 * engine's own `Map` stands beside it; no other thread can read that. Half of the keys are absent.
 */

const ENTRIES = 100_000;
const BATCH = 256;
/** Batches asked for in turn; a power of two. */
const BATCHES = 512;

/** Mixed numbers of 52 bits: random, and exact in JavaScript. */
function keyOf(entry: number): number {
  const low = Math.imul(entry ^ (entry >>> 16), 0x45d9f3b) >>> 0;
  const high = Math.imul(low ^ (low >>> 15), 0x2c1b3c6d) >>> 0;
  return (high & 0xf_ffff) * 2 ** 32 + ((low ^ entry) >>> 0);
}

/** The keys in the order in which they are asked for (Lehmer, 1951, with the factor of MINSTD), as batches in a row. */
function askedKeys(): Float64Array {
  let state = 1;
  return Float64Array.from({ length: BATCH * BATCHES }, () => {
    state = (state * 48_271) % 2_147_483_647;
    return keyOf(state % (2 * ENTRIES));
  });
}

function filled<Target extends { set(key: number, value: number): unknown }>(target: Target): Target {
  for (let entry = 0; entry < ENTRIES; entry++) target.set(keyOf(2 * entry), 2 * entry);
  return target;
}

/** By count of keys asked in turn, up to all: the sum of the values found. */
function expectedFor(asked: Float64Array): (operations: number) => number {
  const model = filled(new Map<number, number>());
  const sums = new Float64Array(asked.length + 1);
  for (let index = 0; index < asked.length; index++)
    sums[index + 1] = sums[index] + (model.get(asked[index]) ?? 0);
  return (operations) => {
    const rest = operations % asked.length;
    return ((operations - rest) / asked.length) * sums[asked.length] + sums[rest];
  };
}

function sharedMap(): LockFreeMap<'u64'> {
  return filled(LockFreeMap.create({ keys: 'u64', initialCapacity: ENTRIES }));
}

export const mapArms: readonly SuiteArm[] = [
  scriptArm('native', () => {
    const asked = askedKeys();
    const map = sharedMap();
    const batches = Array.from({ length: BATCHES }, (_, batch) =>
      asked.subarray(batch * BATCH, (batch + 1) * BATCH),
    );
    const values = new Float64Array(BATCH);
    const found = new Uint8Array(BATCH);
    return {
      expected: expectedFor(asked),
      loop(operations) {
        let sum = 0;
        for (let done = 0; done < operations; done += BATCH) {
          const keys = batches[(done / BATCH) & (BATCHES - 1)];
          const count = Math.min(BATCH, operations - done);
          map.getMany(count === BATCH ? keys : keys.subarray(0, count), values, found);
          for (let index = 0; index < count; index++) sum += found[index] === 1 ? values[index] : 0;
        }
        return sum;
      },
      release: () => map.close(),
    };
  }),
  scriptArm('native:single', () => {
    const asked = askedKeys();
    const map = sharedMap();
    return {
      expected: expectedFor(asked),
      loop(operations) {
        let sum = 0;
        for (let index = 0; index < operations; index++) sum += map.get(asked[index % asked.length]) ?? 0;
        return sum;
      },
      release: () => map.close(),
    };
  }),
  scriptArm('baseline', () => {
    const asked = askedKeys();
    const map = filled(new Map<number, number>());
    return {
      expected: expectedFor(asked),
      loop(operations) {
        let sum = 0;
        for (let index = 0; index < operations; index++) sum += map.get(asked[index % asked.length]) ?? 0;
        return sum;
      },
    };
  }),
];
