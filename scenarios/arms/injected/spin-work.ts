import type { Work } from './injected-work.js';

/** Arithmetic whose every step needs the one before: about a nanosecond each, and nothing that a compiler could leave out. */
export class SpinWork implements Work {
  #state = 1;

  run(units: number): void {
    let state = this.#state;
    for (let unit = 0; unit < units; unit++) state = (Math.imul(state, 0x5bd1e995) + 0x9e3779b9) | 0;
    this.#state = state;
  }

  counters(): Record<string, number> {
    return {};
  }
}
