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

const SEEN_WORDS = 2;
const SEEN_BYTES = 0;
const SEEN_GENERATION = 1;

const NO_SEGMENTS: readonly Int32Array[] = [];

/** The slots of one reactor, in segments that never move. */
interface SlotSegments {
  readonly states: Int32Array[];
  /**
   * Two words for each slot: what the other end had taken when it was last looked at, and of which generation. Wanted
   * when a queue seems full, and not by each send.
   */
  readonly seen: Int32Array[];
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
    while (this.reactors.length <= number) this.reactors.push({ states: [], seen: [] });
    const states = new Int32Array(buffer);
    this.reactors[number].states[index] = states;
    this.reactors[number].seen[index] = new Int32Array(SEGMENT_SLOTS * SEEN_WORDS);
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
    const seen = this.seenOf(slotWord);
    const seenAt = slot * SEEN_WORDS;
    const generation = segment[at + SLOT_GENERATION];
    // Of the session before in this slot nothing counts. The generation says so, and no event: a broadcast may send to
    // a session, and look at its queue, before JavaScript is told that it has opened.
    const before = seen[seenAt + SEEN_GENERATION] === generation ? seen[seenAt + SEEN_BYTES] : 0;
    // Both wrap at 2³²; their difference does not.
    const taken = (settled - before) | 0;
    if (taken !== 0) {
      segment[at + SLOT_QUEUED_BYTES] -= taken;
      seen[seenAt + SEEN_BYTES] = settled;
      seen[seenAt + SEEN_GENERATION] = generation;
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
    let states = NO_SEGMENTS;
    // Few instructions for each: the processor looks ahead by a number of them, and as many loads wait together.
    for (let i = begin; i < end; i++) {
      const slotWord = sessionSlotWord(ids[i]);
      if (slotWord >>> SLOT_BITS !== number) {
        number = slotWord >>> SLOT_BITS;
        // The first send learns of it.
        states = this.reactors[number]?.states ?? NO_SEGMENTS;
      }
      const index = ((slotWord & SLOT_MASK) / SEGMENT_SLOTS) | 0;
      // Segments become known in any order: one that is not, yet, may lie before others that are.
      const segment = index < states.length ? states[index] : undefined;
      if (segment === undefined) continue;
      touched |= segment[(slotWord & (SEGMENT_SLOTS - 1)) * SLOT_STATE_WORDS];
    }
    this.touched = touched;
  }

  private seenOf(slotWord: number): Int32Array {
    return this.reactors[slotWord >>> SLOT_BITS].seen[((slotWord & SLOT_MASK) / SEGMENT_SLOTS) | 0];
  }
}
