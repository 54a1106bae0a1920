/**
 * A lock between threads (Drepper, "Futexes Are Tricky", 2011, the second mutex): one word that says free, held, or held
 * and waited for. Who finds it held sleeps until it is told. `Atomics` are sequentially consistent, so what a holder wrote
 * is seen by the next one. One thread, the user, takes it at will and counts its uses; the other one takes it in turns,
 * when so many uses are counted.
 */
const FREE = 0;
const HELD = 1;
const AWAITED = 2;

/** Places in the shared memory. Both counts wrap around. */
const LOCK_WORD = 0;
const TURNS_WORD = 1;
const USES_WORD = 2;
/** The count of uses that the other thread waits for. */
const DUE_WORD = 3;
const WORDS = 4;

export class SharedLock {
  readonly memory: SharedArrayBuffer;
  readonly #words: Int32Array;
  #toldAt: number | undefined;

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

  /** Turns of the other thread. */
  get turns(): number {
    return Atomics.load(this.#words, TURNS_WORD);
  }

  countTurn(): void {
    Atomics.add(this.#words, TURNS_WORD, 1);
  }

  /** By the user, before it takes the lock so many times in a row. */
  noteUses(count: number): void {
    const words = this.#words;
    const uses = Atomics.add(words, USES_WORD, count) + count;
    // Either this load sees the count that is waited for, or `awaitUses`, which stores it first, sees these uses.
    const due = Atomics.load(words, DUE_WORD);
    if (!isReached(uses, due) || due === this.#toldAt) return;
    this.#toldAt = due;
    Atomics.notify(words, USES_WORD, 1);
  }

  /** By the other thread: sleeps until `due` uses are counted. */
  awaitUses(due: number): void {
    const words = this.#words;
    Atomics.store(words, DUE_WORD, due);
    for (let uses = Atomics.load(words, USES_WORD); !isReached(uses, due); ) {
      Atomics.wait(words, USES_WORD, uses);
      uses = Atomics.load(words, USES_WORD);
    }
  }
}

function isReached(count: number, due: number): boolean {
  return ((count - due) | 0) >= 0;
}
