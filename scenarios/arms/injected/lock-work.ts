import { Worker } from 'node:worker_threads';
import type { Work } from './injected-work.js';
import { SharedLock } from './shared-lock.js';

/**
 * Uses of the lock for each turn of the helper thread. Waking that thread is most of what the lock costs: with turns in
 * proportion to the uses, the amount of work decides the slowdown.
 */
export const USES_PER_TURN = 128;

/** One acquisition per unit of a lock that a helper thread of this process takes in turns, and sometimes holds. */
export class LockWork implements Work {
  readonly #lock = new SharedLock();
  #waits = 0;
  #guarded = 0;

  constructor() {
    const holder = new Worker(new URL('./lock-holder.js', import.meta.url), {
      workerData: this.#lock.memory,
    });
    // It never ends by itself, and ends with the process.
    holder.unref();
  }

  run(units: number): void {
    this.#lock.noteUses(units);
    for (let unit = 0; unit < units; unit++) {
      if (this.#lock.acquire()) this.#waits++;
      this.#guarded++;
      this.#lock.release();
    }
  }

  counters(): Record<string, number> {
    return {
      injected_acquisitions: this.#guarded,
      injected_waits: this.#waits,
      injected_holder_turns: this.#lock.turns,
    };
  }
}
