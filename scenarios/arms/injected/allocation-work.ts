import type { Work } from './injected-work.js';

/** Enough that some of them survive a collection of the young generation, as those of a real program do. */
const KEPT = 1_024;

/** One array of eight numbers per unit, kept until as many others have come: work for the allocator and for the collector. */
export class AllocationWork implements Work {
  readonly #kept: number[][] = Array.from({ length: KEPT }, () => []);
  #next = 0;

  run(units: number): void {
    for (let unit = 0; unit < units; unit++) {
      const at = this.#next;
      this.#kept[at] = [at, unit, 2, 3, 4, 5, 6, 7];
      this.#next = (at + 1) % KEPT;
    }
  }

  counters(): Record<string, number> {
    return { injected_objects_kept: this.#kept.filter(({ length }) => length > 0).length };
  }
}
