import { hrtime } from 'node:process';
import type { Made, SuiteArm, Workload } from './suite.js';

/** Arms whose loop runs in JavaScript, because what is measured is JavaScript or the way out of it. */

export interface ScriptLoop {
  /** Goes round so many times and returns something made of its results, so that none can be left out. */
  loop(rounds: number): number;
  /** What `loop` must return; where it is given, anything else is a fault. */
  expected?(rounds: number): number;
  release?(): void;
}

let sink = 0;

/** What all loops returned, folded together: read by nobody, but the engine cannot know. */
export function consumed(): number {
  return sink;
}

export function scriptArm(name: string, make: () => ScriptLoop): SuiteArm {
  return { name, make: (): Made => ({ workload: scriptWorkload(1, make()) }) };
}

/** @param operationsPerRound operations that the loop does each time that it goes round */
export function scriptWorkload(operationsPerRound: number, script: ScriptLoop): Workload {
  return {
    run(operations) {
      const rounds = Math.ceil(operations / operationsPerRound);
      const startNs = hrtime.bigint();
      const result = script.loop(rounds);
      const nanoseconds = Number(hrtime.bigint() - startNs);
      sink = (sink ^ result) | 0;
      const wrong = script.expected !== undefined && script.expected(rounds) !== result;
      return {
        nanoseconds: Math.max(1, nanoseconds),
        operations: rounds * operationsPerRound,
        faults: wrong ? 1 : 0,
        threads: 1,
        figures: {},
      };
    },
    release() {
      script.release?.();
    },
  };
}
