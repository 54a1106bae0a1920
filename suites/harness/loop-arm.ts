import { createRequire } from 'node:module';
import { join, resolve } from 'node:path';
import type { MetricName } from '../../scenarios/harness/metrics.js';
import type { Made, Measured, SuiteArm, SuiteParameters } from './suite.js';

/** Arms whose loop runs in C++: `native/loops/`, through an addon that is no part of the product. */

interface NativeLoop {
  run(
    operations: number,
  ): Omit<Measured, 'figures'> & { checksum: number; figures: Partial<Record<MetricName, number>> };
  release(): void;
}

/** Crossings between JavaScript and C++, for `js-boundary`. */
export interface Crossings {
  noArguments(): void;
  twoIntegers(left: number, right: number): number;
  /** Copies the first 64 bytes. */
  copyBytes(bytes: Uint8Array): void;
  /** Calls `handler` so many times from C++. */
  callBack(handler: () => void, times: number): void;
  /** A new external ArrayBuffer over 64 KB that always are the same. */
  expose(): ArrayBuffer;
  detach(buffer: ArrayBuffer): void;
}

interface LoopsAddon extends Crossings {
  names(): string[];
  /** A loop, or the reason why it is not measurable here. */
  make(name: string, parameters: SuiteParameters): NativeLoop | string;
}

// From the sources (`suites/harness/`) and from the build (`dist/suites/harness/`) alike.
const ROOT = resolve(import.meta.dirname, import.meta.dirname.includes('/dist/') ? '../../..' : '../..');
export const LOOPS_PATH = join(ROOT, 'native', 'loops', 'build', 'Release', 'suite_loops.node');

let loaded: LoopsAddon | undefined;

/** The addon, loaded on first use. Throws with the command that builds it. */
export function loopsAddon(): LoopsAddon {
  if (loaded !== undefined) return loaded;
  try {
    loaded = createRequire(import.meta.url)(LOOPS_PATH) as LoopsAddon;
  } catch (error) {
    throw new Error(
      `the loops could not be loaded from ${LOOPS_PATH}; "npm run suite -- --list" builds them`,
      {
        cause: error,
      },
    );
  }
  return loaded;
}

/** The arm `name` of the loops registered under `<loops>/<name>`. */
export function loopArm(loops: string, name: string): SuiteArm {
  return { name, make: (parameters) => makeLoop(`${loops}/${name}`, parameters) };
}

export function loopArms(loops: string, names: readonly string[]): SuiteArm[] {
  return names.map((name) => loopArm(loops, name));
}

function makeLoop(name: string, parameters: SuiteParameters): Made {
  const made = loopsAddon().make(name, parameters);
  if (typeof made === 'string') return { notMeasurable: made };
  return { workload: { run: (operations) => made.run(operations), release: () => made.release() } };
}
