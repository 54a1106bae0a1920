/**
 * Judges every message of every session at the end that receives them: the next of its session, one that came late,
 * one that came twice, or bytes that belong elsewhere. Lies in memory that the thread of the other end reads to know what
 * has arrived; only the receiving thread writes.
 */
import { SAMPLED_SHARE, tokenOf } from './message-words.js';

/** Sessions by a small number of the receiver's. Memory that is never written takes addresses alone. */
const SLOTS = 1 << 22;
const SLOT_WORDS = 2;
const SLOT_NEXT = 0;
const SLOT_KEY = 1;

const COUNT_TAKEN = 0;
const COUNT_DELIVERED_F64 = 1;
const COUNT_DUPLICATED_F64 = 2;
const COUNT_REORDERED_F64 = 3;
const COUNT_CORRUPTED_F64 = 4;
const COUNTS_BYTES = 64;

/** What is known to be missing is kept by number, so that what comes late is told from what comes twice. */
const MISSING_MAX = 65_536;

/**
 * Messages that are judged together. Sessions come in no order and there are more of them than a cache holds, so each is a
 * wait for memory; asked for one behind the other, the waits are over at once.
 */
const POSTPONED_MAX = 16;
const POSTPONED_WORDS = 4;

export interface LedgerCounts {
  /** Messages that are what was sent, each once, late ones included. */
  delivered: number;
  duplicated: number;
  reordered: number;
  corrupted: number;
}

export class SequenceLedger {
  readonly memory: SharedArrayBuffer;
  readonly #slots: Int32Array;
  readonly #taken: Int32Array;
  readonly #counts: Float64Array;
  readonly #missing = new Set<number>();
  readonly #checkedMask: number;
  readonly #postponed = new Int32Array(POSTPONED_MAX * POSTPONED_WORDS);
  #postponedCount = 0;
  /** Keeps the compiler from leaving out what is loaded for the cache's sake; nobody reads it. */
  protected touched = 0;
  #arrived = 0;
  #plain = 0;

  /**
   * @param checksAll whether every message is to be read in full, or one in 64
   * @param memory of another thread's ledger, to read; else its own
   */
  constructor(checksAll = false, memory?: SharedArrayBuffer) {
    this.memory = memory ?? new SharedArrayBuffer(COUNTS_BYTES + SLOTS * SLOT_WORDS * 4);
    this.#taken = new Int32Array(this.memory, 0, 1);
    this.#counts = new Float64Array(this.memory, 0, COUNTS_BYTES / 8);
    this.#slots = new Int32Array(this.memory, COUNTS_BYTES);
    this.#checkedMask = checksAll ? 0 : SAMPLED_SHARE - 1;
  }

  /**
   * Takes one message of the session in `slot`. A key that is new to the slot, with sequence 0, is a new session's.
   * @returns whether the message is to be read in full, and {@link noteCorrupted} called when it is damaged
   */
  take(slot: number, key: number, token: number, sequence: number): boolean {
    const at = slot * SLOT_WORDS;
    const slots = this.#slots;
    this.#arrived += 1;
    if (slots[at + SLOT_KEY] !== key || slots[at] !== sequence || token !== tokenOf(key, sequence)) {
      return this.#takeUnusual(slot, key, token, sequence);
    }
    slots[at] = sequence + 1;
    this.#plain += 1;
    return ((sequence + key) & this.#checkedMask) === 0;
  }

  /** Whether a message is to be read in full, if it is one. */
  isChecked(key: number, sequence: number): boolean {
    return ((sequence + key) & this.#checkedMask) === 0;
  }

  /** As {@link take}, of a message that is not to be read in full; it is judged with those that follow, in order. */
  postpone(slot: number, key: number, token: number, sequence: number): void {
    const postponed = this.#postponed;
    const at = this.#postponedCount * POSTPONED_WORDS;
    postponed[at] = slot;
    postponed[at + 1] = key;
    postponed[at + 2] = token;
    postponed[at + 3] = sequence;
    this.#postponedCount += 1;
    if (this.#postponedCount === POSTPONED_MAX) this.settle();
  }

  /** Judges what was postponed: before another one is taken, and before anything is published. */
  settle(): void {
    const postponed = this.#postponed;
    const end = this.#postponedCount * POSTPONED_WORDS;
    this.#postponedCount = 0;
    const slots = this.#slots;
    let touched = 0;
    for (let at = 0; at < end; at += POSTPONED_WORDS) touched |= slots[postponed[at] * SLOT_WORDS];
    this.touched = touched;
    for (let at = 0; at < end; at += POSTPONED_WORDS) {
      this.take(postponed[at], postponed[at + 1], postponed[at + 2], postponed[at + 3] >>> 0);
    }
  }

  /** A message of the right session and number whose content is damaged. */
  noteCorrupted(): void {
    this.#counts[COUNT_CORRUPTED_F64] += 1;
  }

  /** Something arrived that is no message of any session, or one of another session. */
  refuse(): void {
    this.#arrived += 1;
    this.#counts[COUNT_CORRUPTED_F64] += 1;
  }

  /** Lets the other thread see what was taken. */
  publish(): void {
    this.settle();
    this.#counts[COUNT_DELIVERED_F64] += this.#plain;
    this.#plain = 0;
    // Release: pairs with the load in `arrived`; publishes the slots and counts written before.
    Atomics.store(this.#taken, COUNT_TAKEN, this.#arrived | 0);
  }

  /** Messages that were taken and published, whatever they were; wraps at 2³². */
  arrived(): number {
    // Acquire: pairs with the store in `publish`.
    return Atomics.load(this.#taken, COUNT_TAKEN);
  }

  /** Messages that are what was sent, each once. */
  get delivered(): number {
    return this.#counts[COUNT_DELIVERED_F64] + this.#plain;
  }

  /** Messages that came again; on the other thread, as of the last {@link arrived}. */
  get duplicated(): number {
    return this.#counts[COUNT_DUPLICATED_F64];
  }

  counts(): LedgerCounts {
    const counts = this.#counts;
    return {
      delivered: this.delivered,
      duplicated: this.duplicated,
      reordered: counts[COUNT_REORDERED_F64],
      corrupted: counts[COUNT_CORRUPTED_F64],
    };
  }

  #takeUnusual(slot: number, key: number, token: number, sequence: number): boolean {
    const at = slot * SLOT_WORDS;
    const slots = this.#slots;
    const counts = this.#counts;
    const isNew = sequence === 0 && (slots[at + SLOT_KEY] !== key || slots[at] === 0);
    if (token !== tokenOf(key, sequence) || (!isNew && slots[at + SLOT_KEY] !== key)) {
      // Of another session, or of none: the message that it stands for did not arrive.
      counts[COUNT_CORRUPTED_F64] += 1;
      return false;
    }
    if (isNew) {
      slots[at + SLOT_KEY] = key;
      slots[at + SLOT_NEXT] = 0;
    }
    const next = slots[at + SLOT_NEXT];
    if (sequence < next) {
      if (!this.#missing.delete(missingOf(slot, sequence))) {
        counts[COUNT_DUPLICATED_F64] += 1;
        return false;
      }
      counts[COUNT_REORDERED_F64] += 1;
    } else {
      for (let missed = next; missed < sequence && this.#missing.size < MISSING_MAX; missed += 1) {
        this.#missing.add(missingOf(slot, missed));
      }
      slots[at + SLOT_NEXT] = sequence + 1;
    }
    this.#plain += 1;
    return ((sequence + key) & this.#checkedMask) === 0;
  }
}

function missingOf(slot: number, sequence: number): number {
  return slot * 0x8000_0000 + sequence;
}
