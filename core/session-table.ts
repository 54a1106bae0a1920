import * as layout from './layout.generated.js';
import type { NativeReactor } from './native-addon.js';
import { sessionSlotWord } from './session-id.js';
import type { SessionId } from './transport.js';
import { rangeOutside } from './transport-errors.js';

// The compiler of JavaScript folds constants of the module itself into its code; imported ones it reads and checks anew.
const {
  SEGMENT_SLOTS,
  SLOT_BITS,
  SLOT_FLAGS,
  SLOT_GENERATION,
  SLOT_MASK,
  SLOT_MESSAGE_ID,
  SLOT_OPEN,
  SLOT_PEER_WORD,
  SLOT_QUEUED_BYTES,
  SLOT_SETTLED_BYTES,
  SLOT_STATE,
  SLOT_STATE_WORDS,
} = layout;

/** The slots of one reactor, in segments that never move. */
interface SlotSegments {
  readonly states: Int32Array[];
  /** What the other end had taken when it was last looked at: wanted when a queue seems full, and not by each send. */
  readonly seenBytes: Int32Array[];
}

/**
 * The slots of every reactor as JavaScript reads them: generation, state, queued bytes and flags of each session.
 * Reading one costs two indices, no call.
 *
 * Slots are named by their slot word: reactor (8 bits) | slot (24 bits).
 */
export class SessionTable {
  private readonly reactors: SlotSegments[] = [];
  private readonly native: NativeReactor;
  /** @internal Keeps the compiler from leaving out what is loaded for the cache's sake; nobody reads it. */
  touched = 0;

  constructor(native: NativeReactor) {
    this.native = native;
  }

  /** The segment that holds the slot; its words begin at `(slotWord % SEGMENT_SLOTS) * SLOT_STATE_WORDS`. */
  segment(slotWord: number): Int32Array {
    const reactor = this.reactors[slotWord >>> SLOT_BITS];
    if (reactor === undefined) return this.learn(slotWord);
    const segment = reactor.states[((slotWord & SLOT_MASK) / SEGMENT_SLOTS) | 0];
    return segment === undefined ? this.learn(slotWord) : segment;
  }

  private learn(slotWord: number): Int32Array {
    const number = slotWord >>> SLOT_BITS;
    const index = ((slotWord & SLOT_MASK) / SEGMENT_SLOTS) | 0;
    const buffer = this.native.slotSegment(number, index);
    // A slot that never was: all zero, which is free.
    if (buffer === undefined) return new Int32Array(SEGMENT_SLOTS * SLOT_STATE_WORDS);
    // Filled without holes, so that the array keeps its fast form.
    while (this.reactors.length <= number) this.reactors.push({ states: [], seenBytes: [] });
    const states = new Int32Array(buffer);
    this.reactors[number].states[index] = states;
    this.reactors[number].seenBytes[index] = new Int32Array(SEGMENT_SLOTS);
    return states;
  }

  /** Whether this very session is open, that is, accepts sends. */
  isOpen(slotWord: number, generation: number): boolean {
    const segment = this.segment(slotWord);
    const at = (slotWord & (SEGMENT_SLOTS - 1)) * SLOT_STATE_WORDS;
    return segment[at + SLOT_GENERATION] === generation && segment[at + SLOT_STATE] === SLOT_OPEN;
  }

  word(slotWord: number, index: number): number {
    return this.segment(slotWord)[(slotWord & (SEGMENT_SLOTS - 1)) * SLOT_STATE_WORDS + index];
  }

  /**
   * Bytes that were accepted for the session and not taken. What another thread took meanwhile is subtracted first.
   */
  queuedBytes(slotWord: number): number {
    const segment = this.segment(slotWord);
    const slot = slotWord & (SEGMENT_SLOTS - 1);
    const at = slot * SLOT_STATE_WORDS;
    // The other end may be another session's by now: what is closing is not asked about any more.
    if (segment[at + SLOT_STATE] !== SLOT_OPEN) return segment[at + SLOT_QUEUED_BYTES];
    const settled = this.word(segment[at + SLOT_PEER_WORD], SLOT_SETTLED_BYTES);
    // Both wrap at 2³²; their difference does not.
    const seenBytes = this.seenBytesOf(slotWord);
    const taken = (settled - seenBytes[slot]) | 0;
    if (taken !== 0) {
      segment[at + SLOT_QUEUED_BYTES] -= taken;
      seenBytes[slot] = settled;
    }
    return segment[at + SLOT_QUEUED_BYTES];
  }

  /** The sessions of a reactor that are open now: pairs of slot word and generation. */
  *openSessions(reactor: number): Generator<[slotWord: number, generation: number]> {
    for (let first = 0; first <= SLOT_MASK; first += SEGMENT_SLOTS) {
      const word = (reactor << SLOT_BITS) | first;
      const segment = this.segment(word);
      if (this.reactors[reactor]?.states[first / SEGMENT_SLOTS] !== segment) return;
      for (let slot = 0; slot < SEGMENT_SLOTS; slot++) {
        const at = slot * SLOT_STATE_WORDS;
        if (segment[at + SLOT_STATE] === SLOT_OPEN) yield [word | slot, segment[at + SLOT_GENERATION]];
      }
    }
  }

  setFlags(slotWord: number, flags: number): void {
    this.segment(slotWord)[(slotWord & (SEGMENT_SLOTS - 1)) * SLOT_STATE_WORDS + SLOT_FLAGS] |= flags;
  }

  clearFlags(slotWord: number, flags: number): void {
    this.segment(slotWord)[(slotWord & (SEGMENT_SLOTS - 1)) * SLOT_STATE_WORDS + SLOT_FLAGS] &= ~flags;
  }

  /** The next message id of this side of the session: from 1, wrapping to 1. */
  nextMessageId(slotWord: number): number {
    const segment = this.segment(slotWord);
    const at = (slotWord & (SEGMENT_SLOTS - 1)) * SLOT_STATE_WORDS + SLOT_MESSAGE_ID;
    segment[at] += 1;
    if (segment[at] === 0) segment[at] = 1;
    return segment[at] >>> 0;
  }

  /** Loads the lines of these sessions' slots one behind the other, so that the waits for memory overlap. */
  touch(ids: readonly SessionId[], begin: number, end: number): void {
    if (!(begin >= 0 && begin <= end && end <= ids.length)) throw rangeOutside(begin, end, ids.length);
    let touched = 0;
    let number = -1;
    let states: readonly Int32Array[] = [];
    // Few instructions for each: the processor looks ahead by a number of them, and as many loads wait together.
    for (let i = begin; i < end; i++) {
      const slotWord = sessionSlotWord(ids[i]);
      if (slotWord >>> SLOT_BITS !== number) {
        number = slotWord >>> SLOT_BITS;
        const reactor = this.reactors[number];
        if (reactor === undefined) return; // the first send learns of it
        states = reactor.states;
      }
      const index = ((slotWord & SLOT_MASK) / SEGMENT_SLOTS) | 0;
      if (index >= states.length) return;
      touched |= states[index][(slotWord & (SEGMENT_SLOTS - 1)) * SLOT_STATE_WORDS];
    }
    this.touched = touched;
  }

  /** A session has opened in this slot: nothing was taken from it yet. */
  opened(slotWord: number): void {
    this.segment(slotWord);
    this.seenBytesOf(slotWord)[slotWord & (SEGMENT_SLOTS - 1)] = 0;
  }

  private seenBytesOf(slotWord: number): Int32Array {
    return this.reactors[slotWord >>> SLOT_BITS].seenBytes[((slotWord & SLOT_MASK) / SEGMENT_SLOTS) | 0];
  }
}
