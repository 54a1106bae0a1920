import { TransportError } from './errors.js';
import {
  CLOSE_SLOW_CONSUMER,
  CONTROL_QUEUED_TOTAL_F64,
  EVENT_WORDS,
  SEGMENT_SLOTS,
  SLOT_CLOSING,
  SLOT_FLAGS,
  SLOT_GENERATION,
  SLOT_MASK,
  SLOT_OPEN,
  SLOT_QUEUED_BYTES,
  SLOT_STATE,
  SLOT_STATE_WORDS,
  SLOT_TOLD_FULL,
  SLOT_WANTS_DRAIN,
} from './layout.generated.js';
import type { NativeReactor } from './native-addon.js';
import type { ResolvedOptions } from './options.js';
import { OutboundRing } from './outbound-ring.js';
import { HEADER_BYTES } from './protocol/wire-layout.generated.js';
import { sessionIdOf } from './session-id.js';
import { SessionTable } from './session-table.js';
import { TurnViews } from './turn-views.js';

const NO_BYTES = new Uint8Array(0);

/**
 * What the parts of one transport share: the engine, the memory shared with it, and the one way out for packets.
 */
export class Reactor {
  readonly native: NativeReactor;
  readonly options: ResolvedOptions;
  readonly table: SessionTable;
  readonly ring: OutboundRing;
  /** The arena in signed words: ids and lengths stay small integers to the compiler. */
  readonly words: Int32Array;
  readonly bytes: Uint8Array;
  readonly view: DataView;
  readonly views: TurnViews;
  /** Index of the first descriptor word and of the first event word in {@link words}. */
  readonly descriptorWord: number;
  readonly eventWord: number;
  /**
   * Changes whenever the messages of a batch become void: a message object compares it on every access, so one that
   * was kept can never speak for a later message.
   */
  epoch = 1;
  /** Messages that `drop-newest` dropped. */
  messagesDropped = 0;
  private readonly doubles: Float64Array;
  // Options that every send looks at, one load away.
  private readonly payloadBytesMax: number;
  private readonly extHeaderBytesMax: number;
  private readonly highWatermarkBytes: number;
  private readonly totalBytesMax: number;
  private readonly header = new Uint8Array(HEADER_BYTES);
  private readonly headerView = new DataView(this.header.buffer);

  constructor(native: NativeReactor, options: ResolvedOptions) {
    this.native = native;
    this.options = options;
    this.words = new Int32Array(native.arena);
    this.bytes = new Uint8Array(native.arena);
    this.view = new DataView(native.arena);
    this.doubles = new Float64Array(native.arena, 0, 8);
    this.payloadBytesMax = options.payloadBytesMax;
    this.extHeaderBytesMax = options.extHeaderBytesMax;
    this.highWatermarkBytes = options.writeQueueHighWatermarkBytes;
    this.totalBytesMax = options.writeQueueTotalBytesMax;
    this.descriptorWord = native.descriptorOffset / 4;
    this.eventWord = native.eventOffset / 4;
    this.views = new TurnViews(native, this.bytes);
    this.table = new SessionTable(native);
    this.ring = new OutboundRing(native, this.words, this.bytes);
  }

  eventAt(index: number, word: number): number {
    return this.words[this.eventWord + index * EVENT_WORDS + word];
  }

  /**
   * Sends one packet to an open session.
   * @returns true, or false above the high watermark (and when `drop-newest` dropped it or `close` closed the session)
   * @throws TransportError `ERR_MSGTRANS_CLOSED`, `ERR_MSGTRANS_STALE_SESSION`, `ERR_MSGTRANS_PAYLOAD_TOO_LARGE`,
   *   `ERR_MSGTRANS_EXT_HEADER_TOO_LARGE`, `ERR_MSGTRANS_WRITE_QUEUE_FULL`
   */
  send(
    slotWord: number,
    generation: number,
    wireWord0: number,
    messageIdWire: number,
    reserved: number,
    extHeader: Uint8Array | undefined,
    payload: Uint8Array,
  ): boolean {
    const extLength = extHeader === undefined ? 0 : extHeader.length;
    const length = payload.length;
    if (length > this.payloadBytesMax || extLength > this.extHeaderBytesMax)
      throw this.tooLarge(length, extLength);
    const total = HEADER_BYTES + extLength + length;
    const slot = slotWord & SLOT_MASK;
    const segment = this.table.segment(slot);
    const at = (slot % SEGMENT_SLOTS) * SLOT_STATE_WORDS;
    if (segment[at + SLOT_GENERATION] !== generation || segment[at + SLOT_STATE] !== SLOT_OPEN) {
      throw this.notOpen(slotWord, generation);
    }
    let queued = segment[at + SLOT_QUEUED_BYTES] + total;
    if (queued > this.highWatermarkBytes || this.isTotalAbove(total)) {
      if (!this.makeRoom(slotWord, generation, total)) return false;
      queued = segment[at + SLOT_QUEUED_BYTES] + total;
    }
    segment[at + SLOT_QUEUED_BYTES] = queued;
    if (total <= OutboundRing.PACKET_BYTES_MAX) {
      this.ring.append(slotWord, generation, wireWord0, messageIdWire, reserved, extHeader, payload);
    } else {
      this.sendDirect(slot, generation, wireWord0, messageIdWire, reserved, extHeader ?? NO_BYTES, payload);
      queued = segment[at + SLOT_QUEUED_BYTES];
    }
    if (queued <= this.highWatermarkBytes) return true;
    segment[at + SLOT_FLAGS] |= SLOT_WANTS_DRAIN | SLOT_TOLD_FULL;
    return false;
  }

  /**
   * Sends a received packet back on its own session as a response, without copying it: its header is turned into that
   * of the response where it lies.
   */
  sendInPlace(slotWord: number, generation: number, arenaOffset: number, total: number): boolean {
    const slot = slotWord & SLOT_MASK;
    const segment = this.table.segment(slot);
    const at = (slot % SEGMENT_SLOTS) * SLOT_STATE_WORDS;
    if (segment[at + SLOT_GENERATION] !== generation || segment[at + SLOT_STATE] !== SLOT_OPEN) {
      throw this.notOpen(slotWord, generation);
    }
    const queued = segment[at + SLOT_QUEUED_BYTES] + total;
    const isHigh = queued > this.options.writeQueueHighWatermarkBytes || this.isTotalAbove(total);
    if (isHigh && !this.makeRoom(slotWord, generation, total)) return false;
    segment[at + SLOT_QUEUED_BYTES] += total;
    this.ring.appendReference(slotWord, generation, arenaOffset, total);
    if (segment[at + SLOT_QUEUED_BYTES] <= this.options.writeQueueHighWatermarkBytes) return true;
    segment[at + SLOT_FLAGS] |= SLOT_WANTS_DRAIN | SLOT_TOLD_FULL;
    return false;
  }

  private sendDirect(
    slot: number,
    generation: number,
    wireWord0: number,
    messageIdWire: number,
    reserved: number,
    extHeader: Uint8Array,
    payload: Uint8Array,
  ): void {
    this.headerView.setUint32(0, wireWord0, true);
    this.headerView.setUint32(4, messageIdWire, true);
    this.headerView.setUint16(8, extHeader.length);
    this.headerView.setUint32(10, payload.length);
    this.headerView.setUint16(14, reserved);
    this.native.sendDirect(slot, generation, this.header, extHeader, payload);
  }

  /** Above the high watermark: writes what can be written, then lets the slow-consumer policy decide. */
  private makeRoom(slotWord: number, generation: number, total: number): boolean {
    const { writeQueueBytesMax, writeQueueTotalBytesMax, slowConsumerPolicy } = this.options;
    const queued = () => this.table.word(slotWord, SLOT_QUEUED_BYTES);
    const fits = () => queued() + total <= writeQueueBytesMax && !this.isTotalAbove(total);
    if (fits()) return true;
    this.native.flush();
    // A single packet larger than the bound is taken by an empty queue: otherwise it could never be sent.
    if (fits() || queued() === 0) return true;
    switch (slowConsumerPolicy) {
      case 'close':
        this.native.closeSession(slotWord & SLOT_MASK, generation, CLOSE_SLOW_CONSUMER, false);
        return false;
      case 'drop-newest':
        this.messagesDropped += 1;
        this.table.setFlags(slotWord, SLOT_WANTS_DRAIN | SLOT_TOLD_FULL);
        return false;
      default:
        this.table.setFlags(slotWord, SLOT_WANTS_DRAIN | SLOT_TOLD_FULL);
        throw new TransportError(
          'ERR_MSGTRANS_WRITE_QUEUE_FULL',
          `session ${sessionIdOf(slotWord, generation)} holds ${queued()} unsent bytes and cannot take ${total} more: ` +
            `the limit is ${writeQueueBytesMax} (writeQueueBytesMax) per session and ${writeQueueTotalBytesMax} ` +
            '(writeQueueTotalBytesMax) for all; wait for its drain event before sending again',
        );
    }
  }

  /** Whether `more` bytes would bring the queues of all sessions together above their bound. */
  private isTotalAbove(more: number): boolean {
    return this.doubles[CONTROL_QUEUED_TOTAL_F64] + more > this.totalBytesMax;
  }

  private tooLarge(length: number, extLength: number): TransportError {
    const { payloadBytesMax, extHeaderBytesMax } = this.options;
    if (extLength > extHeaderBytesMax) {
      return new TransportError(
        'ERR_MSGTRANS_EXT_HEADER_TOO_LARGE',
        `an ext header of ${extLength} bytes is above the limit of ${extHeaderBytesMax} (extHeaderBytesMax); nothing was sent`,
      );
    }
    return new TransportError(
      'ERR_MSGTRANS_PAYLOAD_TOO_LARGE',
      `a payload of ${length} bytes is above the limit of ${payloadBytesMax} (payloadBytesMax); nothing was sent: ` +
        'split it, or raise the limit on both sides',
    );
  }

  private notOpen(slotWord: number, generation: number): TransportError {
    const id = sessionIdOf(slotWord, generation);
    const sameSession = this.table.word(slotWord, SLOT_GENERATION) === generation;
    if (sameSession && this.table.word(slotWord, SLOT_STATE) === SLOT_CLOSING) {
      return new TransportError('ERR_MSGTRANS_CLOSED', `session ${id} is closing and takes no more messages`);
    }
    return new TransportError(
      'ERR_MSGTRANS_STALE_SESSION',
      `session ${id} is closed; forget its id and its tickets when its close event comes`,
    );
  }
}
