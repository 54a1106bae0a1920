import type { FaultPhase } from '../harness/soak-schema.js';

/** What a load does besides its steady work, one phase after the other, round and round. */
export interface PlacedPhase {
  phase: FaultPhase;
  /** Seconds of the run at which it began. */
  startSeconds: number;
  endSeconds: number;
}

/**
 * The phase of a moment. The cycle of a run that is shorter than two cycles is compressed, so that every phase comes up
 * twice even then.
 */
export class FaultSchedule {
  readonly #phases: readonly FaultPhase[];
  readonly #cycleSeconds: number;

  /** @param phases at least one, each longer than nothing */
  constructor(phases: readonly FaultPhase[], durationSeconds: number) {
    const cycle = phases.reduce((sum, { seconds }) => sum + seconds, 0);
    const factor = Math.min(1, durationSeconds / 2 / cycle);
    this.#phases = phases.map((phase) => ({ ...phase, seconds: phase.seconds * factor }));
    this.#cycleSeconds = cycle * factor;
  }

  at(seconds: number): PlacedPhase {
    const begin = Math.floor(seconds / this.#cycleSeconds) * this.#cycleSeconds;
    let startSeconds = begin;
    for (const phase of this.#phases) {
      const endSeconds = startSeconds + phase.seconds;
      if (seconds < endSeconds) return { phase, startSeconds, endSeconds };
      startSeconds = endSeconds;
    }
    // Rounding: the last instant of a cycle.
    const phase = this.#phases[this.#phases.length - 1];
    return { phase, startSeconds: startSeconds - phase.seconds, endSeconds: begin + this.#cycleSeconds };
  }
}
