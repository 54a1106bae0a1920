import type { TransportError } from './errors.js';
import {
  DESCRIPTOR_PAYLOAD_LENGTH,
  DESCRIPTOR_PAYLOAD_OFFSET,
  DESCRIPTOR_SLICE_WORD,
  SLICE_ID_MASK,
  SLOT_PEER_GENERATION,
  SLOT_PEER_WORD,
} from './layout.generated.js';
import { Message } from './message.js';
import { OutboundRing } from './outbound-ring.js';
import { HEADER_BYTES, PACKET_ONE_WAY } from './protocol/wire-layout.generated.js';
import type { Reactor } from './reactor.js';
import type { SlicePlace } from './send-buffers.js';
import { checkBytes, refuseHandOver, sendFlags } from './send-flags.js';
import { sessionGeneration } from './session-id.js';
import { isWorthLending, isWorthPinning } from './slice-pinning.js';
import type { SendOptions, SessionId } from './transport.js';
import { wireWord0 } from './wire-words.js';

/** Up to here a packet is copied for each session: it takes no more room in the ring than a reference to it. */
const INLINE_BYTES_MAX = 64;

/** Options of one broadcast. */
export interface BroadcastOptions extends SendOptions {
  /** Ids of sessions of the transport; all that are open unless told. One that is named twice gets it twice. */
  sessions?: Iterable<SessionId>;
}

/** What became of a broadcast. */
export interface BroadcastResult {
  /** Sessions that took it, those above their high watermark included. */
  readonly accepted: number;
  /** Sessions that did not: closed, of another transport, or full (then the slow-consumer policy has acted). */
  readonly skipped: number;
}

/** Bytes that many sessions are sent, and where a slice has them. */
interface Payload {
  /** For sessions on other threads, and for packets too small to refer to. */
  bytes(): Uint8Array;
  readonly length: number;
  /** In a slice of this reactor, as in a descriptor; without one the packet is copied into a slice when that pays. */
  readonly slice: SlicePlace | undefined;
  /** In memory that can be lent to other threads. */
  readonly lendable: { sliceWord: number; offset: number } | undefined;
}

/** A payload in JavaScript memory, or in a buffer of `allocate`. */
function ownPayload(reactor: Reactor, bytes: Uint8Array): Payload {
  const slice = reactor.buffers.placeOf(bytes);
  return { bytes: () => bytes, length: bytes.length, slice, lendable: undefined };
}

/** The payload of the message whose descriptor begins at word `from`. */
function receivedPayload(reactor: Reactor, from: number): Payload {
  const { words, views } = reactor;
  const sliceWord = words[from + DESCRIPTOR_SLICE_WORD];
  const offset = words[from + DESCRIPTOR_PAYLOAD_OFFSET];
  const length = words[from + DESCRIPTOR_PAYLOAD_LENGTH];
  let bytes: Uint8Array | undefined;
  return {
    bytes: () => {
      if (bytes === undefined) {
        bytes = views.innerBytes(sliceWord, offset, length);
        reactor.received.copies += 1;
      }
      return bytes;
    },
    length,
    slice: isWorthPinning(reactor.native, sliceWord, length)
      ? { id: sliceWord & SLICE_ID_MASK, offset }
      : undefined,
    lendable: isWorthLending(reactor.native, sliceWord, length) ? { sliceWord, offset } : undefined,
  };
}

/**
 * Sends one one-way message without an id to many sessions of a transport. Those with a socket of this reactor are written
 * from one piece of memory; those in process and on other threads are lent a large received payload, and get a copy of
 * others.
 * @throws TransportError as `HighPerformanceTransport.broadcast`
 */
export function broadcast(
  reactor: Reactor,
  body: Uint8Array | Message,
  options: BroadcastOptions | undefined,
): BroadcastResult {
  const targets =
    options?.sessions === undefined
      ? reactor.own.openSessions()
      : slotsOf(options.sessions, (slotWord) => reactor.own.holds(slotWord));
  if (!(body instanceof Message)) {
    checkBytes(body, 'the body of a broadcast');
    const send = () => sendToAll(reactor, targets, ownPayload(reactor, body), options);
    return options?.handOver === true ? reactor.buffers.handOver(body, send) : send();
  }
  refuseHandOver(options);
  const from = body.placeIn(reactor);
  const payload = from === undefined ? ownPayload(reactor, body.payload()) : receivedPayload(reactor, from);
  return sendToAll(reactor, targets, payload, { ...options, bizType: options?.bizType ?? body.bizType });
}

function sendToAll(
  reactor: Reactor,
  targets: Iterable<[slotWord: number, generation: number]>,
  payload: Payload,
  options: SendOptions | undefined,
): BroadcastResult {
  const flags = sendFlags(options);
  const word0 = wireWord0(PACKET_ONE_WAY, options?.bizType ?? 0);
  const extHeader = options?.extHeader;
  const extLength = extHeader === undefined ? 0 : extHeader.length;
  reactor.checkSizes(payload.length, extLength);
  const total = HEADER_BYTES + extLength + payload.length;
  const { ring, table } = reactor;
  let packet: [slice: number, offset: number] | undefined;
  let accepted = 0;
  let skipped = 0;
  try {
    for (const [slotWord, generation] of targets) {
      if (!table.isOpen(slotWord, generation) || !takes(reactor, slotWord, generation, total)) {
        skipped += 1;
        continue;
      }
      const peerWord = table.word(slotWord, SLOT_PEER_WORD);
      const peerGeneration = table.word(slotWord, SLOT_PEER_GENERATION);
      if (total <= INLINE_BYTES_MAX || !reactor.isOwnSocket(slotWord)) {
        if (payload.lendable !== undefined) {
          const { sliceWord, offset } = payload.lendable;
          reactor.received.lend(
            slotWord,
            generation,
            word0,
            0,
            flags,
            extHeader,
            sliceWord,
            offset,
            payload.length,
          );
        } else if (total <= OutboundRing.PACKET_BYTES_MAX) {
          ring.append(peerWord, peerGeneration, word0, 0, flags, extHeader, payload.bytes());
        } else {
          reactor.direct.send(slotWord, generation, word0, 0, flags, extHeader, payload.bytes());
        }
      } else if (payload.slice !== undefined) {
        const { id, offset } = payload.slice;
        ring.appendSlice(slotWord, generation, word0, 0, flags, extHeader, id, offset, payload.length);
      } else {
        packet ??= reactor.direct.makePacket(word0, 0, flags, extHeader, payload.bytes());
        ring.appendSlicePacket(slotWord, generation, packet[0], packet[1], total);
      }
      accepted += 1;
      reactor.tellWhenFull(slotWord, generation);
    }
  } finally {
    if (packet !== undefined) reactor.native.releaseSent(packet[0]);
  }
  return { accepted, skipped };
}

/** The slot words and generations of session ids; of another transport's sessions there is nothing. */
function* slotsOf(
  ids: Iterable<SessionId>,
  holds: (slotWord: number) => boolean,
): Generator<[slotWord: number, generation: number]> {
  for (const id of ids) {
    const slotWord = (id % 0x1_0000_0000) | 0;
    // Generation 0 is none's: such an id is skipped, and counted.
    yield holds(slotWord) ? [slotWord, sessionGeneration(id)] : [slotWord, 0];
  }
}

/** As `Reactor.take`; a session that is full is skipped, whatever the policy. */
function takes(reactor: Reactor, slotWord: number, generation: number, total: number): boolean {
  try {
    return reactor.take(slotWord, generation, total);
  } catch (error) {
    if ((error as TransportError).code === 'ERR_MSGTRANS_WRITE_QUEUE_FULL') return false;
    throw error;
  }
}
