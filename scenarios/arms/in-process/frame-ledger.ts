import { frameTime, isFrameIntact } from './frame-words.js';
import { type PayloadReader, SAMPLED_SHARE } from './message-words.js';
import type { LedgerCounts } from './sequence-ledger.js';

const NO_TICK = 0xffff_ffff;

/** Judges the frames that the players of a group receive: each tick once, in order, of the player's own group, and whole. */
export class FrameLedger {
  readonly #next: Uint32Array;
  readonly #groups: Uint32Array;
  readonly #frameBytes: number;
  readonly #missing = new Set<number>();
  #joined = 0;
  readonly #counts = { delivered: 0, duplicated: 0, reordered: 0, corrupted: 0 };

  constructor(players: number, frameBytes: number) {
    // A player joins at the tick that it sees first.
    this.#next = new Uint32Array(players).fill(NO_TICK);
    this.#groups = new Uint32Array(players);
    this.#frameBytes = frameBytes;
  }

  /** @returns when the tick of the frame was meant to be; 0 when it is none that counts */
  take(index: number, reader: PayloadReader): number {
    if (reader.length !== this.#frameBytes) return this.#corrupted();
    const tick = reader.getUint32(8, true);
    const group = reader.getUint32(12, true);
    const next = this.#next[index];
    if (next === NO_TICK) {
      this.#groups[index] = group;
      this.#joined += 1;
    }
    if (group !== this.#groups[index]) return this.#corrupted();
    const isChecked = (tick + index) % SAMPLED_SHARE === 0;
    if (isChecked && !isFrameIntact(reader, tick)) this.#counts.corrupted += 1;
    if (next !== NO_TICK && tick !== next && !this.#takeUnusual(index, tick, next)) return 0;
    if (next === NO_TICK || tick >= next) this.#next[index] = tick + 1;
    this.#counts.delivered += 1;
    return frameTime(reader);
  }

  get delivered(): number {
    return this.#counts.delivered;
  }

  /** Frames that should have come before others that came. */
  get missing(): number {
    return this.#missing.size;
  }

  /** Whether every player has seen a tick. */
  get hasAllJoined(): boolean {
    return this.#joined === this.#next.length;
  }

  counts(): LedgerCounts {
    return { ...this.#counts };
  }

  #takeUnusual(index: number, tick: number, next: number): boolean {
    if (tick > next) {
      for (let missed = next; missed < tick; missed += 1) this.#missing.add(this.#missingOf(index, missed));
      return true;
    }
    const isLate = this.#missing.delete(this.#missingOf(index, tick));
    if (isLate) this.#counts.reordered += 1;
    else this.#counts.duplicated += 1;
    return isLate;
  }

  #missingOf(index: number, tick: number): number {
    return index * 0x1_0000_0000 + tick;
  }

  #corrupted(): number {
    this.#counts.corrupted += 1;
    return 0;
  }
}
