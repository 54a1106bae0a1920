import * as layout from './layout.generated.js';
import { copyLongs } from './long-copy.js';
import type { OutboundRing } from './outbound-ring.js';
import * as wireLayout from './protocol/wire-layout.generated.js';
import type { SessionTable } from './session-table.js';
import { wireWord0 } from './wire-words.js';

// The compiler of JavaScript folds constants of the module itself into its code; imported ones it reads and checks anew.
const {
  CONTROL_RING_USED,
  RUN_BYTES,
  RUN_MESSAGES,
  SEGMENT_SLOTS,
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

const WIRE_WORD0 = wireWord0(PACKET_ONE_WAY, 0);
const NOTHING = new BigInt64Array(0);
/** Longer payloads are worth the call that copies them. */
const PAYLOAD_BYTES_MAX = 256;

/**
 * The short way of a one-way packet that is like the one before: the same session, the same payload buffer, no options,
 * and the run that holds the other one still in hand. What `Reactor.send` looks up for every packet was looked up for the
 * first, and only what can have changed in between is looked at again. The bytes of all queues together are not: the
 * engine changes that figure when it takes the ring, and then the run is another one.
 *
 * A program that sends from one buffer, written anew for each message, gets it when the payload is whole pieces of 8
 * bytes; every other pays two comparisons.
 */
export class SendBurst {
  private readonly ring: OutboundRing;
  private readonly table: SessionTable;
  private readonly highWatermarkBytes: number;
  /** Undefined while there is no burst; then the fields below say nothing. */
  private session: object | undefined;
  private payload: Uint8Array | undefined;
  private source: BigInt64Array;
  private length = 0;
  private total = 0;
  // The last two words of the header.
  private word2 = 0;
  private word3 = 0;
  private run = 0;
  private generation = 0;
  private slots: Int32Array;
  private at = 0;
  /** The last packet that went the long way: the second of its kind begins a burst. */
  private lastPayload: Uint8Array | undefined;

  constructor(ring: OutboundRing, table: SessionTable, highWatermarkBytes: number) {
    this.ring = ring;
    this.table = table;
    this.highWatermarkBytes = highWatermarkBytes;
    this.source = NOTHING;
    this.slots = ring.words;
  }

  /** @returns whether the packet was sent, and the session is below its high watermark; else nothing was done */
  next(session: object, payload: Uint8Array): boolean {
    const { ring, total, slots, at } = this;
    if (session !== this.session || payload !== this.payload || ring.runsBegun !== this.run) return false;
    const { words, position } = ring;
    const end = position + total;
    const queued = slots[at + SLOT_QUEUED_BYTES] + total;
    if (
      words[CONTROL_RING_USED] !== position ||
      end > ring.runEndMax ||
      (position & 7) !== 0 ||
      queued > this.highWatermarkBytes ||
      slots[at + SLOT_STATE] !== SLOT_OPEN ||
      slots[at + SLOT_GENERATION] !== this.generation ||
      // Transferred or resized meanwhile.
      payload.length !== this.length
    ) {
      return false;
    }
    slots[at + SLOT_QUEUED_BYTES] = queued;
    let id = (slots[at + SLOT_MESSAGE_ID] + 1) | 0;
    if (id === 0) id = 1;
    slots[at + SLOT_MESSAGE_ID] = id;
    const header = (ring.base + position) >>> 2;
    words[header] = WIRE_WORD0;
    words[header + 1] = (id >>> 24) | ((id >>> 8) & 0xff00) | ((id & 0xff00) << 8) | (id << 24);
    words[header + 2] = this.word2;
    words[header + 3] = this.word3;
    copyLongs(ring.longs, ((header << 2) + HEADER_BYTES) >>> 3, this.source);
    const run = ring.runWord;
    words[run + RUN_BYTES] += total;
    words[run + RUN_MESSAGES] += 1;
    ring.position = end;
    words[CONTROL_RING_USED] = end;
    return true;
  }

  /** A packet without options went the long way, and was accepted: if it is like the one before, others may follow. */
  noteSent(session: object, slotWord: number, generation: number, payload: Uint8Array): void {
    const { length } = payload;
    if (payload !== this.lastPayload) {
      this.lastPayload = payload;
      this.session = undefined;
      return;
    }
    if (length === 0 || length > PAYLOAD_BYTES_MAX || ((length | payload.byteOffset) & 7) !== 0) return;
    const slots = this.table.segment(slotWord);
    const at = (slotWord & (SEGMENT_SLOTS - 1)) * SLOT_STATE_WORDS;
    if (!this.ring.isRunOf(slots[at + SLOT_PEER_WORD], slots[at + SLOT_PEER_GENERATION])) return;
    this.session = session;
    if (payload !== this.payload || this.source.length << 3 !== length) {
      this.payload = payload;
      this.source = new BigInt64Array(payload.buffer, payload.byteOffset, length >>> 3);
      this.length = length;
      this.total = HEADER_BYTES + length;
      this.word2 = 0;
      this.word3 = ((length >>> 8) & 0xff) | ((length & 0xff) << 8);
    }
    this.run = this.ring.runsBegun;
    this.generation = generation;
    this.slots = slots;
    this.at = at;
  }

  /** The memory of a payload is not kept alive longer than a turn. */
  forget(): void {
    this.session = this.payload = this.lastPayload = undefined;
    this.source = NOTHING;
  }
}
