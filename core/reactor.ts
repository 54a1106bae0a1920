import { Diagnostics } from './diagnostics.js';
import { DirectPackets } from './direct-packets.js';
import { ForeignArenas } from './foreign-arenas.js';
import * as layout from './layout.generated.js';
import type { NativeReactor } from './native-addon.js';
import type { ResolvedOptions } from './options.js';
import { OutboundRing } from './outbound-ring.js';
import { OwnReactors } from './own-reactors.js';
import * as wireLayout from './protocol/wire-layout.generated.js';
import { ReceivedPackets } from './received-packets.js';
import { REFERENCE_BYTES_MIN, ReferencePackets } from './reference-packets.js';
import { SendBuffers } from './send-buffers.js';
import { SendBurst } from './send-burst.js';
import { notOpen, tooLarge, totalFull, writeQueueFull } from './send-errors.js';
import { SendScatter } from './send-scatter.js';
import { sessionIdOf } from './session-id.js';
import { SessionTable } from './session-table.js';
import { RequestStatistics } from './statistics/request-statistics.js';
import { TurnViews } from './turn-views.js';
import { byteSwap32, wireWord0 } from './wire-words.js';

// The compiler of JavaScript folds constants of the module itself into its code; imported ones it reads and checks anew.
const {
  CLOSE_SLOW_CONSUMER,
  CONTROL_QUEUED_TOTAL_F64,
  EVENT_WORDS,
  LEND_BYTES_MIN,
  SEGMENT_SLOTS,
  SLOT_BITS,
  SLOT_FLAGS,
  SLOT_GENERATION,
  SLOT_OPEN,
  SLOT_PEER_GENERATION,
  SLOT_PEER_WORD,
  SLOT_QUEUED_BYTES,
  SLOT_STATE,
  SLOT_STATE_WORDS,
  SLOT_TOLD_FULL,
  SLOT_WANTS_DRAIN,
} = layout;
const { HEADER_BYTES, PACKET_ONE_WAY } = wireLayout;

/**
 * What the parts of one transport share: the engine, the memory shared with it, and the one way out for packets.
 */
export class Reactor {
  readonly native: NativeReactor;
  readonly options: ResolvedOptions;
  readonly table: SessionTable;
  readonly ring: OutboundRing;
  readonly burst: SendBurst;
  readonly scatter: SendScatter;
  /** The memory of other reactors that hand messages to this one. */
  readonly foreign: ForeignArenas;
  /** The arena in signed words: ids and lengths stay small integers to the compiler. */
  readonly words: Int32Array;
  readonly bytes: Uint8Array;
  readonly view: DataView;
  readonly views: TurnViews;
  /** The way of packets that are too large for the ring. */
  readonly direct: DirectPackets;
  /** The buffers that users allocate. */
  readonly buffers: SendBuffers;
  /** The way of packets that are written from where their payload lies. */
  private readonly references: ReferencePackets;
  /** The way of received payloads that are passed on. */
  readonly received: ReceivedPackets;
  /** This reactor and those on threads of their own. */
  readonly own: OwnReactors;
  /** Number of this reactor in slot words and slice words. */
  readonly number: number;
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
  readonly diagnostics: Diagnostics;
  readonly requestStatistics = new RequestStatistics();
  private readonly doubles: Float64Array;
  // Options that every send looks at, one load away.
  private readonly payloadBytesMax: number;
  private readonly extHeaderBytesMax: number;
  private readonly highWatermarkBytes: number;
  private readonly totalBytesMax: number;

  constructor(native: NativeReactor, options: ResolvedOptions) {
    this.native = native;
    this.number = native.number;
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
    this.diagnostics = new Diagnostics(options.eventQueueCapacity);
    this.foreign = new ForeignArenas(native, this.view);
    this.views = new TurnViews(native, this.bytes, this.foreign);
    this.direct = new DirectPackets(native, options);
    this.table = new SessionTable(native);
    this.own = new OwnReactors(native, this.table);
    this.ring = new OutboundRing(native, this.words, this.bytes);
    this.burst = new SendBurst(this.ring, this.table, this.highWatermarkBytes);
    this.scatter = new SendScatter(this.ring, this.table, this.number, options);
    this.buffers = new SendBuffers(native, options);
    this.references = new ReferencePackets(this);
    this.received = new ReceivedPackets(this);
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
      throw tooLarge(length, extLength, this.options);
    const total = HEADER_BYTES + extLength + length;
    const segment = this.table.segment(slotWord);
    const at = (slotWord & (SEGMENT_SLOTS - 1)) * SLOT_STATE_WORDS;
    if (segment[at + SLOT_GENERATION] !== generation || segment[at + SLOT_STATE] !== SLOT_OPEN) {
      throw notOpen(this.table, slotWord, generation);
    }
    let queued = segment[at + SLOT_QUEUED_BYTES] + total;
    if (queued > this.highWatermarkBytes || this.isTotalAbove(total)) {
      if (!this.makeRoom(slotWord, generation, total)) return false;
      queued = segment[at + SLOT_QUEUED_BYTES] + total;
    }
    segment[at + SLOT_QUEUED_BYTES] = queued;
    const peerWord = segment[at + SLOT_PEER_WORD];
    if (
      length >= REFERENCE_BYTES_MIN &&
      peerWord === slotWord &&
      slotWord >>> SLOT_BITS === this.number &&
      this.references.send(slotWord, generation, wireWord0, messageIdWire, reserved, extHeader, payload)
    ) {
      queued = segment[at + SLOT_QUEUED_BYTES];
    } else if (
      length >= LEND_BYTES_MIN &&
      this.references.give(slotWord, generation, wireWord0, messageIdWire, reserved, extHeader, payload, true)
    ) {
      queued = segment[at + SLOT_QUEUED_BYTES];
    } else if (total <= OutboundRing.PACKET_BYTES_MAX) {
      this.ring.append(
        peerWord,
        segment[at + SLOT_PEER_GENERATION],
        wireWord0,
        messageIdWire,
        reserved,
        extHeader,
        payload,
      );
    } else {
      this.direct.send(slotWord, generation, wireWord0, messageIdWire, reserved, extHeader, payload);
      queued = segment[at + SLOT_QUEUED_BYTES];
    }
    if (queued <= this.highWatermarkBytes) return true;
    this.tellFull(slotWord, generation);
    return false;
  }

  /**
   * Sends one one-way message to any session of the process. One that this transport holds is sent to as by {@link send};
   * another's is handed to its thread, which takes it as soon as it turns.
   * @returns as {@link send}; for another's session, whether all that is under way is below half of its bound
   */
  sendById(
    slotWord: number,
    generation: number,
    bizType: number,
    reserved: number,
    extHeader: Uint8Array | undefined,
    payload: Uint8Array,
  ): boolean {
    const word0 = wireWord0(PACKET_ONE_WAY, bizType);
    if (this.own.holds(slotWord)) {
      const id = byteSwap32(this.table.nextMessageId(slotWord));
      return this.send(slotWord, generation, word0, id, reserved, extHeader, payload);
    }
    return this.sendElsewhere(slotWord, generation, word0, reserved, extHeader, payload);
  }

  private sendElsewhere(
    slotWord: number,
    generation: number,
    word0: number,
    reserved: number,
    extHeader: Uint8Array | undefined,
    payload: Uint8Array,
  ): boolean {
    const extLength = extHeader === undefined ? 0 : extHeader.length;
    if (payload.length > this.payloadBytesMax || extLength > this.extHeaderBytesMax) {
      throw tooLarge(payload.length, extLength, this.options);
    }
    const peerWord = this.table.word(slotWord, SLOT_PEER_WORD);
    const peerGeneration = this.table.word(slotWord, SLOT_PEER_GENERATION);
    // Looked at after its other end was read: the session is still the one that this other end belongs to.
    if (!this.table.isOpen(slotWord, generation)) throw notOpen(this.table, slotWord, generation);
    const total = HEADER_BYTES + extLength + payload.length;
    if (this.isTotalAbove(total)) {
      this.native.flush();
      if (this.isTotalAbove(total)) throw totalFull(sessionIdOf(slotWord, generation), total, this.options);
    }
    if (
      payload.length >= LEND_BYTES_MIN &&
      this.references.give(slotWord, generation, word0, 0, reserved, extHeader, payload, false)
    ) {
      // Handed over as it lies.
    } else if (total <= OutboundRing.PACKET_BYTES_MAX) {
      this.ring.appendForeign(peerWord, peerGeneration, word0, reserved, extHeader, payload);
    } else {
      this.direct.send(slotWord, generation, word0, 0, reserved, extHeader, payload, false);
    }
    return !this.isTotalAbove(this.totalBytesMax / 2);
  }

  /** Bytes accepted for the session and not taken yet. */
  queuedBytes(slotWord: number): number {
    return this.table.queuedBytes(slotWord);
  }

  /** Asks for one drain event once everything sent so far was taken. */
  wantDrain(slotWord: number, generation: number): void {
    // A socket of this reactor looks at the flag with every write; any other session has to be told.
    if (this.isOwnSocket(slotWord)) this.table.setFlags(slotWord, SLOT_WANTS_DRAIN);
    else if ((this.table.word(slotWord, SLOT_FLAGS) & SLOT_WANTS_DRAIN) === 0) {
      this.table.setFlags(slotWord, SLOT_WANTS_DRAIN);
      this.native.wantDrain(slotWord, generation);
    }
  }

  /** Whether the session's socket is read and written on this thread. */
  isOwnSocket(slotWord: number): boolean {
    return slotWord >>> SLOT_BITS === this.number && this.table.word(slotWord, SLOT_PEER_WORD) === slotWord;
  }

  /** `send` is about to return false: the drain event is the transport's, too. */
  private tellFull(slotWord: number, generation: number): void {
    this.table.setFlags(slotWord, SLOT_TOLD_FULL);
    this.wantDrain(slotWord, generation);
  }

  /**
   * Sends a received packet back on its own session as a response, without copying it: its header is turned into that
   * of the response where it lies.
   */
  sendInPlace(slotWord: number, generation: number, arenaOffset: number, total: number): boolean {
    const segment = this.table.segment(slotWord);
    const at = (slotWord & (SEGMENT_SLOTS - 1)) * SLOT_STATE_WORDS;
    if (segment[at + SLOT_GENERATION] !== generation || segment[at + SLOT_STATE] !== SLOT_OPEN) {
      throw notOpen(this.table, slotWord, generation);
    }
    if (!this.take(slotWord, generation, total)) return false;
    this.ring.appendReference(slotWord, generation, arenaOffset, total);
    return this.tellWhenFull(slotWord, generation);
  }

  /**
   * Whether an open session takes `total` bytes more, after the slow-consumer policy has had its say; then they count
   * as queued.
   * @throws TransportError `ERR_MSGTRANS_WRITE_QUEUE_FULL`
   */
  take(slotWord: number, generation: number, total: number): boolean {
    const segment = this.table.segment(slotWord);
    const at = (slotWord & (SEGMENT_SLOTS - 1)) * SLOT_STATE_WORDS;
    const isHigh =
      segment[at + SLOT_QUEUED_BYTES] + total > this.highWatermarkBytes || this.isTotalAbove(total);
    if (isHigh && !this.makeRoom(slotWord, generation, total)) return false;
    segment[at + SLOT_QUEUED_BYTES] += total;
    return true;
  }

  /** What a send returns: whether the session holds no more than the high watermark. */
  tellWhenFull(slotWord: number, generation: number): boolean {
    if (this.table.word(slotWord, SLOT_QUEUED_BYTES) <= this.highWatermarkBytes) return true;
    this.tellFull(slotWord, generation);
    return false;
  }

  /** @throws TransportError when no session could take such a message */
  checkSizes(length: number, extLength: number): void {
    if (length > this.payloadBytesMax || extLength > this.extHeaderBytesMax)
      throw tooLarge(length, extLength, this.options);
  }

  /** Above the high watermark: writes what can be written, then lets the slow-consumer policy decide. */
  private makeRoom(slotWord: number, generation: number, total: number): boolean {
    const { writeQueueBytesMax, slowConsumerPolicy } = this.options;
    const queued = () => this.table.queuedBytes(slotWord);
    const fits = () => queued() + total <= writeQueueBytesMax && !this.isTotalAbove(total);
    if (fits()) return true;
    this.native.flush();
    // A single packet larger than the bound is taken by an empty queue: otherwise it could never be sent.
    if (fits() || queued() === 0) return true;
    if (this.diagnostics.isWatched) {
      const sessionId = sessionIdOf(slotWord, generation);
      this.diagnostics.tell({
        kind: 'slow-consumer',
        sessionId,
        policy: slowConsumerPolicy,
        queuedBytes: queued(),
      });
    }
    switch (slowConsumerPolicy) {
      case 'close':
        this.native.closeSession(slotWord, generation, CLOSE_SLOW_CONSUMER, false);
        return false;
      case 'drop-newest':
        this.messagesDropped += 1;
        this.tellFull(slotWord, generation);
        return false;
      default:
        this.tellFull(slotWord, generation);
        throw writeQueueFull(sessionIdOf(slotWord, generation), queued(), total, this.options);
    }
  }

  /** Whether `more` bytes would bring the queues of all sessions together above their bound. */
  private isTotalAbove(more: number): boolean {
    return this.doubles[CONTROL_QUEUED_TOTAL_F64] + more > this.totalBytesMax;
  }
}
