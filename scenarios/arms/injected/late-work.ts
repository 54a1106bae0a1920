import type { Work } from './injected-work.js';

/** The kernel adds what it takes to wake a sleeping thread, some 50 µs and more. */
const LATE_MS = 0.02;

/** Sleep: each unit is a moment in which the server does nothing, and leaves its processor to others. */
export class LateWork implements Work {
  /** Nobody ever notifies it: waiting there is a pause. */
  readonly #word = new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT));

  run(units: number): void {
    for (let unit = 0; unit < units; unit++) Atomics.wait(this.#word, 0, 0, LATE_MS);
  }

  counters(): Record<string, number> {
    return {};
  }
}
