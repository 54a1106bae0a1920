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
/** Counts the uses of the first holder, and wraps around. */
const USES_WORD = 3;
/** 1 while the other holder sleeps for want of them. */
const UNUSED_WORD = 4;
const WORDS = 5;

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

  /** By the first holder before it takes the lock, once for several times in a row: there is somebody to be in the way of. */
  noteUse(): void {
    const words = this.#words;
    Atomics.add(words, USES_WORD, 1);
    // Either this load sees that the other holder is about to sleep, or its wait sees the use (both sequentially consistent).
    if (Atomics.load(words, UNUSED_WORD) === 1) Atomics.notify(words, USES_WORD, 1);
  }

  get uses(): number {
    return Atomics.load(this.#words, USES_WORD);
  }

  /** Sleeps for as long as there is no further use. */
  awaitUseAfter(uses: number): void {
    const words = this.#words;
    Atomics.store(words, UNUSED_WORD, 1);
    Atomics.wait(words, USES_WORD, uses);
    Atomics.store(words, UNUSED_WORD, 0);
  }

  pause(milliseconds: number): void {
    Atomics.wait(this.#words, PAUSE_WORD, 0, milliseconds);
  }
}
