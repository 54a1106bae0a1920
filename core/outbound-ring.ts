import {
  CONTROL_RING_USED,
  RING_BYTES,
  RUN_ALIGNMENT,
  RUN_BYTES,
  RUN_GENERATION,
  RUN_MESSAGES,
  RUN_REFERENCE_BIT,
  RUN_SLOT_WORD,
  RUN_WORDS,
} from './layout.generated.js';
import type { NativeReactor } from './native-addon.js';
import { HEADER_BYTES } from './protocol/wire-layout.generated.js';

const RUN_HEADER_BYTES = RUN_WORDS * 4;
/** Up to here a payload is copied word by word: cheaper than the call into `TypedArray.prototype.set`. */
const WORD_COPY_BYTES_MAX = 256;

/**
 * The way out: packets are written in wire format into memory shared with the engine, grouped into runs of one
 * session, and the engine writes each session's runs with one system call when it takes the ring. Layout in
 * `native/session/batch_layout.h`.
 *
 * Consecutive packets to one session extend its run, so that a batch of answers leaves as one piece of memory.
 */
export class OutboundRing {
  /** The largest packet, header included, that goes through the ring; larger ones are handed over directly. */
  static readonly PACKET_BYTES_MAX = RING_BYTES / 4;

  private readonly native: NativeReactor;
  private readonly words: Int32Array;
  private readonly bytes: Uint8Array;
  private readonly base: number;
  /** Where the next packet goes, from the ring's start; equals the control word unless the engine took the ring. */
  private position = 0;
  private runWord = 0;
  private runSlotWord = 0;
  private runGeneration = 0;
  private runIsReference = false;
  private scratch: Uint8Array | undefined;
  private scratchWords: Int32Array | undefined;

  constructor(native: NativeReactor, words: Int32Array, bytes: Uint8Array) {
    this.native = native;
    this.words = words;
    this.bytes = bytes;
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
    const words = this.words;
    const position = this.position;
    if (
      words[CONTROL_RING_USED] !== position ||
      position === 0 ||
      this.runIsReference ||
      slotWord !== this.runSlotWord ||
      generation !== this.runGeneration ||
      (position & 3) !== 0 ||
      position + total > RING_BYTES
    ) {
      this.openRun(slotWord, generation, total, false);
    }
    const at = (this.base + this.position) >>> 2;
    words[at] = wireWord0;
    words[at + 1] = messageIdWire;
    words[at + 2] =
      (extLength >>> 8) |
      ((extLength & 0xff) << 8) |
      ((length >>> 24) << 16) |
      (((length >>> 16) & 0xff) << 24);
    words[at + 3] =
      ((length >>> 8) & 0xff) | ((length & 0xff) << 8) | ((reserved >>> 8) << 16) | ((reserved & 0xff) << 24);
    if (extLength > 0) {
      this.bytes.set(extHeader!, this.base + this.position + HEADER_BYTES);
      this.bytes.set(payload, this.base + this.position + HEADER_BYTES + extLength);
    } else {
      this.copyPayload(payload, length, at + 4);
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

  /** More than half full: time to let the peers work while the batch goes on. */
  get halfFull(): boolean {
    return this.words[CONTROL_RING_USED] > RING_BYTES / 2;
  }

  /** The memory of a scratch payload is not kept alive longer than a turn. */
  forgetScratch(): void {
    this.scratch = undefined;
    this.scratchWords = undefined;
  }

  /** Begins a run: what came before belongs to another session, was taken, or would leave the next packet unaligned. */
  private openRun(slotWord: number, generation: number, total: number, reference: boolean): void {
    const taken = this.words[CONTROL_RING_USED] !== this.position;
    let at = taken ? 0 : (this.position + RUN_ALIGNMENT - 1) & ~(RUN_ALIGNMENT - 1);
    if (at + RUN_HEADER_BYTES + total > RING_BYTES) {
      this.native.flush();
      at = 0;
    }
    const words = this.words;
    const run = (this.base + at) >>> 2;
    words[run + RUN_SLOT_WORD] = slotWord;
    words[run + RUN_GENERATION] = generation;
    words[run + RUN_BYTES] = 0;
    words[run + RUN_MESSAGES] = 0;
    this.runWord = run;
    this.runSlotWord = slotWord;
    this.runGeneration = generation;
    this.runIsReference = reference;
    this.position = at + RUN_HEADER_BYTES;
  }

  private closeRun(total: number, messages: number): void {
    const words = this.words;
    words[this.runWord + RUN_BYTES] += total;
    words[this.runWord + RUN_MESSAGES] += messages;
    this.position += total;
    words[CONTROL_RING_USED] = this.position;
  }

  private copyPayload(payload: Uint8Array, length: number, at: number): void {
    // A program that answers from one scratch buffer gets a word view of it, made once and used for every answer.
    if (
      payload === this.scratch &&
      this.scratchWords !== undefined &&
      this.scratchWords.length << 2 === length
    ) {
      const source = this.scratchWords;
      const words = this.words;
      const count = source.length;
      let i = 0;
      for (; i + 3 < count; i += 4) {
        words[at + i] = source[i];
        words[at + i + 1] = source[i + 1];
        words[at + i + 2] = source[i + 2];
        words[at + i + 3] = source[i + 3];
      }
      for (; i < count; i++) words[at + i] = source[i];
      return;
    }
    this.bytes.set(payload, at << 2);
    if (length > 0 && length <= WORD_COPY_BYTES_MAX && ((length | payload.byteOffset) & 3) === 0) {
      this.scratchWords =
        payload === this.scratch
          ? new Int32Array(payload.buffer, payload.byteOffset, length >>> 2)
          : undefined;
      this.scratch = payload;
    }
  }
}
