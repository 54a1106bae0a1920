/** Between the highest number that passed and the lowest that failed there may be this share, at the end. */
const RESOLUTION = 0.05;
/** The first step away from the guess; each further one is its square, so that a good guess is cheap and a bad one soon left. */
const STEP = 1.1;

/**
 * Finds the highest number that passes, of a thing that passes below some number and fails above it: walks away from a guess
 * until there is one of each, then halves. Ask for `next`, try it, and report.
 */
export class SessionSearch {
  readonly #most: number;
  #passed = 0;
  #failed: number | null = null;
  #next: number;
  #step = STEP;

  /** Tries no more than `most`; begins at `guess`. */
  constructor(most: number, guess: number) {
    this.#most = most;
    this.#next = Math.min(most, Math.max(1, Math.round(guess)));
  }

  /** The number to try, or null when it is found. */
  get next(): number | null {
    if (this.#passed === this.#most) return null;
    if (this.#failed === null) return this.#next;
    const apart = this.#failed - this.#passed;
    return this.#next === 0 || apart <= Math.max(1, RESOLUTION * this.#passed) ? null : this.#next;
  }

  /** The highest number that has passed; 0 when none has. */
  get best(): number {
    return this.#passed;
  }

  report(count: number, passed: boolean): void {
    if (passed) this.#passed = Math.max(this.#passed, count);
    else this.#failed = Math.min(this.#failed ?? count, count);
    if (this.#failed === null) this.#next = Math.min(this.#most, Math.ceil(this.#passed * this.#step));
    else if (this.#passed === 0) this.#next = Math.floor(this.#failed / this.#step);
    else this.#next = Math.floor((this.#passed + this.#failed) / 2);
    this.#step **= 2;
  }
}
