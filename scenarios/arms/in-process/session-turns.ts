import { createRandom } from '../../harness/statistics/random.js';

/** The sessions of a group one after the other, in an order of chance, over and over. */
export class SessionTurns {
  readonly #order: Uint32Array;
  #at = 0;

  constructor(sessions: number, seed: number) {
    const inOrder = Array.from({ length: sessions }, (_, index) => index);
    this.#order = Uint32Array.from(createRandom(seed).shuffled(inOrder));
  }

  /** Whose turn it is. */
  get current(): number {
    return this.#order[this.#at];
  }

  /** Whose turn it is, and the next one's from now on. */
  take(): number {
    const at = this.#at;
    this.#at = at + 1 === this.#order.length ? 0 : at + 1;
    return this.#order[at];
  }
}
