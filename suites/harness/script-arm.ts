import { hrtime } from 'node:process';
import type { Made, SuiteArm, Workload } from './suite.js';

/** Arms whose loop runs in JavaScript, because what is measured is JavaScript or the way out of it. */

export interface ScriptLoop {
  /** Does so many operations and returns something made of their results, so that none can be left out. */
  loop(operations: number): number;
  /** What `loop` must return; where it is given, anything else is a fault. */
  expected?(operations: number): number;
  release?(): void;
}

let sink = 0;

/** What all loops returned, folded together: read by nobody, but the engine cannot know. */
export function consumed(): number {
  return sink;
}

export function scriptArm(name: string, make: () => ScriptLoop): SuiteArm {
  return { name, make: (): Made => ({ workload: timed(make()) }) };
}

function timed(script: ScriptLoop): Workload {
  return {
    run(operations) {
      const startNs = hrtime.bigint();
      const result = script.loop(operations);
      const nanoseconds = Number(hrtime.bigint() - startNs);
      sink = (sink ^ result) | 0;
      const wrong = script.expected !== undefined && script.expected(operations) !== result;
      return {
        nanoseconds: Math.max(1, nanoseconds),
        operations,
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
