/**
 * A lock between threads (Drepper, "Futexes Are Tricky", 2011, the second mutex): one word that says free, held, or held
 * and waited for. Who finds it held sleeps until it is told. `Atomics` are sequentially consistent, so what a holder wrote
 * is seen by the next one.
 */
const FREE = 0;
const HELD = 1;
const AWAITED = 2;

/** Places in the shared memory. */
const LOCK_WORD = 0;
const TURNS_WORD = 1;
/** Nobody ever notifies it: waiting there is a pause. */
const PAUSE_WORD = 2;
const WORDS = 3;

export class SharedLock {
  readonly memory: SharedArrayBuffer;
  readonly #words: Int32Array;

  constructor(memory = new SharedArrayBuffer(WORDS * Int32Array.BYTES_PER_ELEMENT)) {
    this.memory = memory;
    this.#words = new Int32Array(memory);
  }

  /** Returns whether it was held by another thread and had to be waited for. */
  acquire(): boolean {
    const words = this.#words;
    if (Atomics.compareExchange(words, LOCK_WORD, FREE, HELD) === FREE) return false;
    while (Atomics.exchange(words, LOCK_WORD, AWAITED) !== FREE) Atomics.wait(words, LOCK_WORD, AWAITED);
    return true;
  }

  release(): void {
    const words = this.#words;
    if (Atomics.exchange(words, LOCK_WORD, FREE) === AWAITED) Atomics.notify(words, LOCK_WORD, 1);
  }

  /** Turns of the other holder. */
  get turns(): number {
    return Atomics.load(this.#words, TURNS_WORD);
  }

  countTurn(): void {
    Atomics.add(this.#words, TURNS_WORD, 1);
  }

  pause(milliseconds: number): void {
    Atomics.wait(this.#words, PAUSE_WORD, 0, milliseconds);
  }
}
