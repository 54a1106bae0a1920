import * as layout from './layout.generated.js';
import { copyLongs } from './long-copy.js';
import type { ResolvedOptions } from './options.js';
import type { OutboundRing } from './outbound-ring.js';
import * as wireLayout from './protocol/wire-layout.generated.js';
import type { SessionTable } from './session-table.js';
import { wireWord0 } from './wire-words.js';

// The compiler of JavaScript folds constants of the module itself into its code; imported ones it reads and checks anew.
const {
  CONTROL_QUEUED_TOTAL_F64,
  SEGMENT_SLOTS,
  SLOT_BITS,
  SLOT_GENERATION,
  SLOT_MESSAGE_ID,
  SLOT_OPEN,
  SLOT_PEER_GENERATION,
  SLOT_PEER_WORD,
  SLOT_QUEUED_BYTES,
  SLOT_STATE,
  SLOT_STATE_WORDS,
} = layout;
const { HEADER_BYTES, PACKET_ONE_WAY } = wireLayout;

const NOTHING = new BigInt64Array(0);
/** What no caller can pass. `undefined` can be passed, and has to reach the check of arguments. */
const NO_PAYLOAD: Uint8Array = new Uint8Array(0);
const WIRE_WORD0 = wireWord0(PACKET_ONE_WAY, 0);
/** Longer payloads are worth the call that copies them. */
const PAYLOAD_BYTES_MAX = 256;

/**
 * The short way of a one-way packet to another session than the one before, from the same payload buffer and without
 * options: a program that writes each message into one buffer, and sends to many sessions in turn. What depends on the
 * payload alone was looked up for an earlier packet; what depends on the session is looked up here, in one pass. Whatever
 * is not plain (a full queue, a session that has gone, a ring that has to be handed on) is left to `Reactor.send`.
 *
 * Packets to the same session as before are left to `SendBurst`, which has still less to look up.
 */
export class SendScatter {
  private readonly ring: OutboundRing;
  private readonly table: SessionTable;
  /** Sessions of this reactor alone. */
  private readonly number: number;
  private readonly doubles: Float64Array;
  private readonly highWatermarkBytes: number;
  private readonly totalBytesMax: number;
  /** `NO_PAYLOAD` while none came twice; then the fields below say nothing. */
  private payload = NO_PAYLOAD;
  private source: BigInt64Array = NOTHING;
  private length = 0;
  private total = 0;
  // The last word of the header.
  private word3 = 0;
  private lastPayload = NO_PAYLOAD;

  constructor(ring: OutboundRing, table: SessionTable, number: number, options: ResolvedOptions) {
    this.ring = ring;
    this.table = table;
    this.number = number;
    this.doubles = new Float64Array(ring.words.buffer, 0, CONTROL_QUEUED_TOTAL_F64 + 1);
    this.highWatermarkBytes = options.writeQueueHighWatermarkBytes;
    this.totalBytesMax = options.writeQueueTotalBytesMax;
  }

  /** @returns whether the packet was sent, and the session is below its high watermark; else nothing was done */
  next(slotWord: number, generation: number, payload: Uint8Array): boolean {
    // Transferred or resized meanwhile, a payload has another length.
    if (payload !== this.payload || payload.length !== this.length) return false;
    if (slotWord >>> SLOT_BITS !== this.number) return false;
    const { table, ring, total } = this;
    const slots = table.segment(slotWord);
    const at = (slotWord & (SEGMENT_SLOTS - 1)) * SLOT_STATE_WORDS;
    const queued = slots[at + SLOT_QUEUED_BYTES] + total;
    if (
      slots[at + SLOT_GENERATION] !== generation ||
      slots[at + SLOT_STATE] !== SLOT_OPEN ||
      queued > this.highWatermarkBytes ||
      this.doubles[CONTROL_QUEUED_TOTAL_F64] + total > this.totalBytesMax
    ) {
      return false;
    }
    const header = ring.beginRunOfOne(slots[at + SLOT_PEER_WORD], slots[at + SLOT_PEER_GENERATION], total);
    if (header < 0) return false;
    slots[at + SLOT_QUEUED_BYTES] = queued;
    let id = (slots[at + SLOT_MESSAGE_ID] + 1) | 0;
    if (id === 0) id = 1;
    slots[at + SLOT_MESSAGE_ID] = id;
    const { words } = ring;
    words[header] = WIRE_WORD0;
    words[header + 1] = (id >>> 24) | ((id >>> 8) & 0xff00) | ((id & 0xff00) << 8) | (id << 24);
    words[header + 2] = 0;
    words[header + 3] = this.word3;
    copyLongs(ring.longs, ((header << 2) + HEADER_BYTES) >>> 3, this.source);
    return true;
  }

  /** A packet without options went the long way: when its payload is that of the one before, others may follow. */
  noteSent(payload: Uint8Array): void {
    if (payload !== this.lastPayload) {
      this.lastPayload = payload;
      this.payload = NO_PAYLOAD;
      return;
    }
    const { length } = payload;
    if (payload === this.payload && length === this.length) return;
    if (length === 0 || length > PAYLOAD_BYTES_MAX || ((length | payload.byteOffset) & 7) !== 0) return;
    this.payload = payload;
    this.source = new BigInt64Array(payload.buffer, payload.byteOffset, length >>> 3);
    this.length = length;
    this.total = HEADER_BYTES + length;
    this.word3 = ((length >>> 8) & 0xff) | ((length & 0xff) << 8);
  }

  /** The memory of a payload is not kept alive longer than a turn. */
  forget(): void {
    if (this.lastPayload === NO_PAYLOAD) return;
    this.payload = this.lastPayload = NO_PAYLOAD;
    this.source = NOTHING;
  }
}
