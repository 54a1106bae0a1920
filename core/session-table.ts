import {
  SEGMENT_SLOTS,
  SLOT_FLAGS,
  SLOT_GENERATION,
  SLOT_MASK,
  SLOT_OPEN,
  SLOT_STATE,
  SLOT_STATE_WORDS,
} from './layout.generated.js';
import type { NativeReactor } from './native-addon.js';

/**
 * The engine's slots as JavaScript reads them: generation, state, queued bytes and flags of each session, in
 * segments that never move. Reading one costs an index, no call.
 */
export class SessionTable {
  private readonly segments: Int32Array[] = [];
  private readonly messageIds: Uint32Array[] = [];
  private readonly native: NativeReactor;

  constructor(native: NativeReactor) {
    this.native = native;
  }

  /** The segment that holds `slot`; the slot's words begin at `(slot % SEGMENT_SLOTS) * SLOT_STATE_WORDS`. */
  segment(slot: number): Int32Array {
    const segment = this.segments[(slot / SEGMENT_SLOTS) | 0];
    return segment === undefined ? this.learn((slot / SEGMENT_SLOTS) | 0) : segment;
  }

  private learn(index: number): Int32Array {
    const buffer = this.native.slotSegment(index);
    const segment =
      buffer === undefined ? new Int32Array(SEGMENT_SLOTS * SLOT_STATE_WORDS) : new Int32Array(buffer);
    if (buffer !== undefined) {
      this.segments[index] = segment;
      this.messageIds[index] = new Uint32Array(SEGMENT_SLOTS);
    }
    return segment;
  }

  /** Whether this very session is open, that is, accepts sends. */
  isOpen(slotWord: number, generation: number): boolean {
    const slot = slotWord & SLOT_MASK;
    const segment = this.segment(slot);
    const at = (slot % SEGMENT_SLOTS) * SLOT_STATE_WORDS;
    return segment[at + SLOT_GENERATION] === generation && segment[at + SLOT_STATE] === SLOT_OPEN;
  }

  word(slotWord: number, index: number): number {
    const slot = slotWord & SLOT_MASK;
    return this.segment(slot)[(slot % SEGMENT_SLOTS) * SLOT_STATE_WORDS + index];
  }

  setFlags(slotWord: number, flags: number): void {
    const slot = slotWord & SLOT_MASK;
    this.segment(slot)[(slot % SEGMENT_SLOTS) * SLOT_STATE_WORDS + SLOT_FLAGS] |= flags;
  }

  clearFlags(slotWord: number, flags: number): void {
    const slot = slotWord & SLOT_MASK;
    this.segment(slot)[(slot % SEGMENT_SLOTS) * SLOT_STATE_WORDS + SLOT_FLAGS] &= ~flags;
  }

  /** The next message id of this side of the session: from 1, wrapping to 1. */
  nextMessageId(slotWord: number): number {
    const slot = slotWord & SLOT_MASK;
    this.segment(slot);
    const ids = this.messageIds[(slot / SEGMENT_SLOTS) | 0];
    const at = slot % SEGMENT_SLOTS;
    ids[at] += 1;
    if (ids[at] === 0) ids[at] = 1;
    return ids[at];
  }

  /** A session has opened in this slot: its counter starts again. */
  resetMessageIds(slotWord: number): void {
    const slot = slotWord & SLOT_MASK;
    this.segment(slot);
    this.messageIds[(slot / SEGMENT_SLOTS) | 0][slot % SEGMENT_SLOTS] = 0;
  }
}
