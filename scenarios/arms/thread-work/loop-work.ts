import { hrtime } from 'node:process';
import { type LoopRun, loopsAddon, type NativeLoop } from '../../harness/loops-addon.js';
import type { ThreadWork, WindowTask, WorkWindow } from '../../harness/scaling/thread-work.js';

/** A loop is tried out with this many operations first, and with more until a try takes long enough to tell its rate. */
const FIRST_OPERATIONS = 1_000;
const TELLING_NS = 1e6;
const OPERATIONS_MAX = 2 ** 31;

/** A loop in C++, over the same memory whatever the number of threads. */
export class LoopWork implements ThreadWork {
  readonly #loop: NativeLoop;
  /** Operations per second by number of threads, as last seen: how many make a window. */
  readonly #rates = new Map<number, number>();

  private constructor(loop: NativeLoop) {
    this.#loop = loop;
  }

  /** The loop, or why this build has none. */
  static make(name: string, parameters: Readonly<Record<string, number>>): LoopWork | string {
    const made = loopsAddon().make(name, parameters);
    return typeof made === 'string' ? made : new LoopWork(made);
  }

  async window({ threads, discardNs, measureNs }: WindowTask): Promise<WorkWindow> {
    this.#loop.useThreads(threads);
    const known = this.#rates.get(threads) ?? this.#findRate();
    const warming = this.#loop.run(operationsIn(discardNs, known));
    const startNs = Number(hrtime.bigint());
    const run = this.#loop.run(operationsIn(measureNs, rateOf(warming)));
    this.#rates.set(threads, rateOf(run));
    const delivered = warming.operations + run.operations;
    return {
      startNs,
      endNs: startNs + run.nanoseconds,
      operations: run.operations,
      cpuNs: run.cpuNanoseconds ?? Number.NaN,
      // An operation is sent when it is begun and delivered when its result was looked at.
      ledger: {
        ...{ sent: delivered, delivered, corrupted: warming.faults + run.faults },
        ...{ droppedCounted: 0, unacknowledgedAtClose: 0, lost: 0, duplicated: 0, reordered: 0 },
      },
    };
  }

  async release(): Promise<void> {
    this.#loop.release();
  }

  #findRate(): number {
    let run = this.#loop.run(FIRST_OPERATIONS);
    while (run.nanoseconds < TELLING_NS) run = this.#loop.run(2 * run.operations);
    return rateOf(run);
  }
}

function rateOf({ operations, nanoseconds }: LoopRun): number {
  return (operations / nanoseconds) * 1e9;
}

function operationsIn(nanoseconds: number, rate: number): number {
  return Math.min(OPERATIONS_MAX, Math.max(1, Math.round((rate * nanoseconds) / 1e9)));
}
