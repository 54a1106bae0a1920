import { availableParallelism } from 'node:os';
import type { CheckDefinition } from '../scenarios/harness/scenario-schema.js';
import { loopArms } from './harness/loop-arm.js';
import type { Suite, SuiteCase } from './harness/suite.js';
import { fasterThan } from './harness/targets.js';

const KEYS = 100_000;
const ARMS = ['native', 'baseline', 'baseline:mutex', 'rival:tbb', 'rival:libcuckoo', 'rival:liburcu'];
/** 1, 2, and as many as there are processors. */
const THREADS = [...new Set([1, 2, availableParallelism()])];

/** The numbers are about two threads. */
const MIX_TARGETS: Readonly<Record<string, readonly CheckDefinition[]>> = {
  'mix/threads=2,writes=0': [fasterThan('baseline', 5), fasterThan('rival:tbb', 3)],
  'mix/threads=2,writes=5': [fasterThan('baseline', 5), fasterThan('rival:tbb', 3)],
  'mix/threads=2,writes=50': [fasterThan('baseline', 10), fasterThan('rival:tbb', 1.5)],
};

function mix(threads: number, writes: number): SuiteCase {
  const name = `mix/threads=${threads},writes=${writes}`;
  return {
    name,
    parameters: { keys: KEYS, threads, writes },
    // What the machine gives is known for reads only: the lines of a bucket, and nothing that is done with them.
    arms: loopArms('lock-free-map/mix', writes === 0 ? [...ARMS, 'limit'] : ARMS),
    targets: MIX_TARGETS[name] ?? [],
  };
}

function fill(work: 'insert' | 'remove', threads: number): SuiteCase {
  return {
    name: `${work}/threads=${threads}`,
    parameters: { threads },
    arms: loopArms(`lock-free-map/${work}`, ARMS),
  };
}

/** u64 keys to u64 values; `writes` is the share of operations that insert or remove, in per cent. */
export const lockFreeMap: Suite = {
  name: 'lock-free-map',
  title: 'The lock-free map, against unordered_map behind locks, TBB, libcuckoo and liburcu',
  cases: [
    ...THREADS.flatMap((threads) => [0, 5, 50].map((writes) => mix(threads, writes))),
    ...THREADS.flatMap((threads) => [fill('insert', threads), fill('remove', threads)]),
  ],
};
