import { createRequire } from 'node:module';
import { join, resolve } from 'node:path';
import type { MetricName } from './metrics.js';

/** The loops in C++ (`native/loops/`) that suites and scenarios measure, in an addon that is no part of the product. */

export interface NativeLoop {
  run(operations: number): LoopRun;
  /** From the next run on so many threads share the work. Throws where a loop has a number of its own. */
  useThreads(count: number): void;
  release(): void;
}

export interface LoopRun {
  nanoseconds: number;
  operations: number;
  checksum: number;
  /** Operations whose result was wrong. */
  faults: number;
  threads: number;
  /** Processor time of the threads that did the work, where the loop tells. */
  cpuNanoseconds?: number;
  figures: Partial<Record<MetricName, number>>;
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

export interface LoopsAddon extends Crossings {
  names(): string[];
  /** A loop, or the reason why it is not measurable here. */
  make(name: string, parameters: Readonly<Record<string, number>>): NativeLoop | string;
}

// From the sources (`scenarios/harness/`) and from the build (`dist/scenarios/harness/`) alike.
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
