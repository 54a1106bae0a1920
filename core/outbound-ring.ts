import * as layout from './layout.generated.js';
import { copyLongs } from './long-copy.js';
import type { NativeReactor } from './native-addon.js';
import * as wireLayout from './protocol/wire-layout.generated.js';

// The compiler of JavaScript folds constants of the module itself into its code; imported ones it reads and checks anew.
const {
  CONTROL_RING_START,
  CONTROL_RING_USED,
  RING_BYTES,
  RUN_ALIGNMENT,
  RUN_BYTES,
  RUN_FOREIGN_BIT,
  RUN_GENERATION,
  RUN_MESSAGES,
  RUN_REFERENCE_BIT,
  RUN_SLICE_BIT,
  RUN_SLICE_WORDS,
  RUN_SLOT_WORD,
  RUN_WORDS,
  SLOT_BITS,
} = layout;
const { HEADER_BYTES } = wireLayout;

const RUN_HEADER_BYTES = RUN_WORDS * 4;
/** What tells where in a slice a run's payload lies. */
const SLICE_PLACE_BYTES = RUN_SLICE_WORDS * 4;
/** No session has it: slots are used from the lowest, and there are never 2³² of them. */
const NO_SLOT_WORD = -1;
/** Up to here a payload is copied piece by piece: cheaper than the call into `TypedArray.prototype.set`. */
const PIECE_COPY_BYTES_MAX = 256;
/**
 * Another thread reads what is written here: it is handed on when so much is there, so that it works while the rest is
 * written, and finds it in a cache.
 */
const HAND_OVER_BYTES = 64 * 1024;

/**
 * The way out: packets are written in wire format into memory shared with the engine, grouped into runs of one
 * session, and the engine writes each session's runs with one system call when it takes the ring. Runs for sessions
 * whose other end is in this process are read by that thread where they lie. Layout in `native/session/batch_layout.h`.
 *
 * Consecutive packets to one session extend its run, so that a batch of answers leaves as one piece of memory.
 */
export class OutboundRing {
  /** The largest packet, header included, that goes through the ring; larger ones are handed over directly. */
  static readonly PACKET_BYTES_MAX = RING_BYTES / 2;

  private readonly native: NativeReactor;
  private readonly number: number;
  /** @internal */
  readonly words: Int32Array;
  private readonly bytes: Uint8Array;
  /** @internal */
  readonly longs: BigInt64Array;
  /** @internal Where the segment in hand begins; the engine may choose another whenever it takes the ring. */
  base: number;
  /**
   * @internal Where the next packet goes, from the segment's start; equals the control word unless the engine took the
   * ring.
   */
  position = 0;
  /** @internal Where the run in hand begins, in words of the arena. */
  runWord = 0;
  /** @internal How often a run was begun: tells whether one that was looked at is still in hand. */
  runsBegun = 0;
  private runSlotWord = 0;
  private runGeneration = 0;
  private runIsReference = false;
  /** @internal Up to where the run in hand grows; what would go beyond begins another. */
  runEndMax = 0;
  private scratch: Uint8Array | undefined;
  private scratchLongs: BigInt64Array | undefined;

  constructor(native: NativeReactor, words: Int32Array, bytes: Uint8Array) {
    this.native = native;
    this.words = words;
    this.bytes = bytes;
    this.longs = new BigInt64Array(words.buffer);
    this.number = native.number;
    this.base = native.ringOffset;
  }

  /**
   * Appends one packet. The caller has checked session, limits and {@link PACKET_BYTES_MAX}.
   * @param wireWord0 header bytes 0–3, little-endian
   * @param messageIdWire header bytes 4–7, little-endian, that is, the id with its bytes swapped
   * @param reserved the header's flags
   */
  append(
    slotWord: number,
    generation: number,
    wireWord0: number,
    messageIdWire: number,
    reserved: number,
    extHeader: Uint8Array | undefined,
    payload: Uint8Array,
  ): void {
    const length = payload.length;
    const extLength = extHeader === undefined ? 0 : extHeader.length;
    const total = HEADER_BYTES + extLength + length;
    this.extendOrOpenRun(slotWord, generation, total);
    const at = (this.base + this.position) >>> 2;
    this.writeHeader(at, wireWord0, messageIdWire, reserved, extLength, length);
    if (extLength > 0) {
      this.bytes.set(extHeader!, this.base + this.position + HEADER_BYTES);
      this.bytes.set(payload, this.base + this.position + HEADER_BYTES + extLength);
    } else {
      this.copyPayload(payload, length, at + 4);
    }
    this.closeRun(total, 1);
  }

  /** As {@link append}, for a session that another thread holds: it does not count among what that one has queued. */
  appendForeign(
    slotWord: number,
    generation: number,
    wireWord0: number,
    reserved: number,
    extHeader: Uint8Array | undefined,
    payload: Uint8Array,
  ): void {
    this.runSlotWord = NO_SLOT_WORD;
    this.append(slotWord, generation, wireWord0, 0, reserved, extHeader, payload);
    this.words[this.runWord + RUN_MESSAGES] |= RUN_FOREIGN_BIT;
    // Nothing that counts may join this run.
    this.runSlotWord = NO_SLOT_WORD;
    this.runGeneration = -1;
  }

  /**
   * Appends a packet whose payload lies in a slice of this reactor and is sent from there. The session's socket is this
   * reactor's, too. The slice is held until the ring is taken.
   * @param offset of the payload, as in a descriptor
   */
  appendSlice(
    slotWord: number,
    generation: number,
    wireWord0: number,
    messageIdWire: number,
    reserved: number,
    extHeader: Uint8Array | undefined,
    slice: number,
    offset: number,
    length: number,
  ): void {
    const extLength = extHeader === undefined ? 0 : extHeader.length;
    const total = SLICE_PLACE_BYTES + HEADER_BYTES + extLength;
    this.openRun(slotWord, generation, total, false);
    const at = (this.base + this.position) >>> 2;
    const { words } = this;
    words[at] = slice;
    words[at + 1] = offset;
    words[at + 2] = length;
    const header = at + RUN_SLICE_WORDS;
    this.writeHeader(header, wireWord0, messageIdWire, reserved, extLength, length);
    if (extLength > 0) this.bytes.set(extHeader!, (header << 2) + HEADER_BYTES);
    this.closeRun(total, RUN_SLICE_BIT | 1);
    // Nothing extends such a run: there is no generation 0.
    this.runGeneration = 0;
  }

  /**
   * Appends packets that are complete and lie in a slice of this reactor, as {@link appendSlice}.
   */
  appendSlicePacket(
    slotWord: number,
    generation: number,
    slice: number,
    offset: number,
    length: number,
  ): void {
    this.openRun(slotWord, generation, SLICE_PLACE_BYTES, false);
    const at = (this.base + this.position) >>> 2;
    const { words } = this;
    words[at] = slice;
    words[at + 1] = offset;
    words[at + 2] = length;
    this.closeRun(SLICE_PLACE_BYTES, RUN_SLICE_BIT | 1);
    this.runGeneration = 0;
  }

  /** Appends a packet whose payload is copied from elsewhere in the arena, without making a view of it. */
  appendWithin(
    slotWord: number,
    generation: number,
    wireWord0: number,
    messageIdWire: number,
    reserved: number,
    extHeader: Uint8Array | undefined,
    offset: number,
    length: number,
  ): void {
    const extLength = extHeader === undefined ? 0 : extHeader.length;
    const total = HEADER_BYTES + extLength + length;
    this.extendOrOpenRun(slotWord, generation, total);
    const at = (this.base + this.position) >>> 2;
    this.writeHeader(at, wireWord0, messageIdWire, reserved, extLength, length);
    const { words, bytes } = this;
    const target = (at << 2) + HEADER_BYTES;
    if (extLength > 0) bytes.set(extHeader!, target);
    if (length <= PIECE_COPY_BYTES_MAX && ((extLength | offset) & 3) === 0) {
      // The bytes behind the last word's are in the slice, and are written over or never sent.
      const from = offset >>> 2;
      const to = (target + extLength) >>> 2;
      const count = (length + 3) >>> 2;
      for (let i = 0; i < count; i++) words[to + i] = words[from + i];
    } else {
      bytes.copyWithin(target + extLength, offset, offset + length);
    }
    this.closeRun(total, 1);
  }

  /**
   * Appends packets that already lie in a received slice, complete and in wire format, without copying them. They
   * must stay as they are until the ring is taken, which is before the slice is read into again.
   */
  appendReference(slotWord: number, generation: number, arenaOffset: number, length: number): void {
    const words = this.words;
    if (
      this.runIsReference &&
      words[CONTROL_RING_USED] === this.position &&
      this.position > 0 &&
      slotWord === this.runSlotWord &&
      generation === this.runGeneration
    ) {
      const data = this.runWord + RUN_WORDS;
      if (words[data] + words[data + 1] === arenaOffset) {
        words[data + 1] += length;
        words[this.runWord + RUN_MESSAGES] += 1;
        return;
      }
    }
    this.openRun(slotWord, generation, 8, true);
    const at = (this.base + this.position) >>> 2;
    words[at] = arenaOffset;
    words[at + 1] = length;
    this.closeRun(8, RUN_REFERENCE_BIT | 1);
  }

  /** @internal Whether the run in hand takes packets for that slot, and still lies in the ring. */
  isRunOf(slotWord: number, generation: number): boolean {
    return (
      this.position > 0 &&
      this.words[CONTROL_RING_USED] === this.position &&
      !this.runIsReference &&
      slotWord === this.runSlotWord &&
      generation === this.runGeneration
    );
  }

  /**
   * @internal Begins a run for another session than the one in hand, with room for one packet of `total` bytes that counts
   * as written: the caller writes it before anything else happens. Nothing is handed on for it.
   * @returns the word of the packet's header, or -1 when nothing was done
   */
  beginRunOfOne(slotWord: number, generation: number, total: number): number {
    const { words, position } = this;
    const at = (position + RUN_ALIGNMENT - 1) & ~(RUN_ALIGNMENT - 1);
    const endMax = slotWord >>> SLOT_BITS === this.number ? RING_BYTES : HAND_OVER_BYTES;
    const end = at + RUN_HEADER_BYTES + total;
    if (
      position === 0 ||
      words[CONTROL_RING_USED] !== position ||
      end > endMax ||
      (slotWord === this.runSlotWord && generation === this.runGeneration)
    ) {
      return -1;
    }
    const run = (this.base + at) >>> 2;
    words[run + RUN_SLOT_WORD] = slotWord;
    words[run + RUN_GENERATION] = generation;
    words[run + RUN_BYTES] = total;
    words[run + RUN_MESSAGES] = 1;
    this.runWord = run;
    this.runSlotWord = slotWord;
    this.runGeneration = generation;
    this.runIsReference = false;
    this.runEndMax = endMax;
    this.runsBegun += 1;
    this.position = end;
    words[CONTROL_RING_USED] = end;
    return run + RUN_WORDS;
  }

  /** More than half full: time to let the peers work while the batch goes on. */
  get halfFull(): boolean {
    return this.words[CONTROL_RING_USED] > RING_BYTES / 2;
  }

  /** The memory of a scratch payload is not kept alive longer than a turn. */
  forgetScratch(): void {
    this.scratch = undefined;
    this.scratchLongs = undefined;
  }

  private extendOrOpenRun(slotWord: number, generation: number, total: number): void {
    const position = this.position;
    if (
      this.words[CONTROL_RING_USED] !== position ||
      position === 0 ||
      this.runIsReference ||
      slotWord !== this.runSlotWord ||
      generation !== this.runGeneration ||
      (position & 3) !== 0 ||
      position + total > this.runEndMax
    ) {
      this.openRun(slotWord, generation, total, false);
    }
  }

  /** Begins a run: what came before belongs to another session, was taken, or would leave the next packet unaligned. */
  private openRun(slotWord: number, generation: number, total: number, reference: boolean): void {
    const taken = this.words[CONTROL_RING_USED] !== this.position;
    let at = taken ? 0 : (this.position + RUN_ALIGNMENT - 1) & ~(RUN_ALIGNMENT - 1);
    const endMax = slotWord >>> SLOT_BITS === this.number ? RING_BYTES : HAND_OVER_BYTES;
    if (at > 0 && at + RUN_HEADER_BYTES + total > endMax) {
      this.native.flush();
      at = 0;
    }
    const words = this.words;
    if (at === 0) this.base = this.native.ringOffset + words[CONTROL_RING_START];
    const run = (this.base + at) >>> 2;
    words[run + RUN_SLOT_WORD] = slotWord;
    words[run + RUN_GENERATION] = generation;
    words[run + RUN_BYTES] = 0;
    words[run + RUN_MESSAGES] = 0;
    this.runWord = run;
    this.runSlotWord = slotWord;
    this.runGeneration = generation;
    this.runIsReference = reference;
    this.runEndMax = endMax;
    this.runsBegun += 1;
    this.position = at + RUN_HEADER_BYTES;
  }

  private writeHeader(
    at: number,
    wireWord0: number,
    messageIdWire: number,
    reserved: number,
    extLength: number,
    length: number,
  ): void {
    const { words } = this;
    words[at] = wireWord0;
    words[at + 1] = messageIdWire;
    words[at + 2] =
      (extLength >>> 8) |
      ((extLength & 0xff) << 8) |
      ((length >>> 24) << 16) |
      (((length >>> 16) & 0xff) << 24);
    words[at + 3] =
      ((length >>> 8) & 0xff) | ((length & 0xff) << 8) | ((reserved >>> 8) << 16) | ((reserved & 0xff) << 24);
  }

  private closeRun(total: number, messages: number): void {
    const words = this.words;
    words[this.runWord + RUN_BYTES] += total;
    words[this.runWord + RUN_MESSAGES] += messages;
    this.position += total;
    words[CONTROL_RING_USED] = this.position;
  }

  private copyPayload(payload: Uint8Array, length: number, at: number): void {
    // A program that answers from one scratch buffer gets another view of it, made once and used for every answer.
    if (
      payload === this.scratch &&
      this.scratchLongs !== undefined &&
      this.scratchLongs.length << 3 === length &&
      (at & 1) === 0
    ) {
      copyLongs(this.longs, at >>> 1, this.scratchLongs);
      return;
    }
    this.bytes.set(payload, at << 2);
    if (length === 0 || length > PIECE_COPY_BYTES_MAX || ((length | payload.byteOffset) & 7) !== 0) return;
    if (payload !== this.scratch) {
      this.scratch = payload;
      this.scratchLongs = undefined;
    } else if (this.scratchLongs === undefined || this.scratchLongs.length << 3 !== length) {
      this.scratchLongs = new BigInt64Array(payload.buffer, payload.byteOffset, length >>> 3);
    }
  }
}
