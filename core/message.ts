import { TransportError } from './errors.js';
import * as layout from './layout.generated.js';
import { NativeSession } from './native-session.js';
import { copyPacket } from './owned-packet.js';
import * as wireLayout from './protocol/wire-layout.generated.js';
import type { Reactor } from './reactor.js';
import { RetainedMessage } from './retained-message.js';
import { checkBytes, refuseHandOver, sendFlags } from './send-flags.js';
import { sessionIdOf } from './session-id.js';
import { isWorthPinning } from './slice-pinning.js';
import type { Packet, PacketType, ReplyTicket, SendOptions, Session, SessionId } from './transport.js';
import { byteSwap32, packetTypeName, wireWord0 } from './wire-words.js';

// The compiler of JavaScript folds constants of the module itself into its code; imported ones it reads and checks anew.
const {
  DEDICATED_BIT,
  DESCRIPTOR_EXT_LENGTH,
  DESCRIPTOR_GENERATION,
  DESCRIPTOR_MESSAGE_ID_WIRE,
  DESCRIPTOR_PAYLOAD_LENGTH,
  DESCRIPTOR_PAYLOAD_OFFSET,
  DESCRIPTOR_SLICE_WORD,
  DESCRIPTOR_SLOT_WORD,
  DESCRIPTOR_WIRE_WORD0,
  SLICE_ARENA_SHIFT,
} = layout;
const { FLAG_HIGH_PRIORITY, HEADER_BYTES, PACKET_ONE_WAY, PACKET_REQUEST, PACKET_RESPONSE, WIRE_VERSION } =
  wireLayout;

/**
 * One received message, read in place. It is valid until the handler it was given to returns; every access after that
 * throws `ERR_MSGTRANS_STALE_MESSAGE`. To keep something: {@link copy} the packet, {@link retain} its memory, or take a
 * {@link ticket} to answer later.
 *
 * Thread: the one whose transport received it.
 */
export class Message {
  private readonly reactor: Reactor;
  private readonly epoch: number;
  private readonly at: number;

  /** @internal `at`: index of the descriptor's first word. */
  constructor(reactor: Reactor, at: number) {
    this.reactor = reactor;
    this.epoch = reactor.epoch;
    this.at = at;
  }

  get sessionId(): SessionId {
    return sessionIdOf(this.word(DESCRIPTOR_SLOT_WORD), this.word(DESCRIPTOR_GENERATION));
  }

  /** A small integer for the session: see `sessionSlot` of the transport. */
  get sessionSlot(): number {
    return this.reactor.own.sessionSlot(this.word(DESCRIPTOR_SLOT_WORD));
  }

  get messageId(): number {
    return byteSwap32(this.word(DESCRIPTOR_MESSAGE_ID_WIRE));
  }

  get packetType(): PacketType {
    return packetTypeName((this.word(DESCRIPTOR_WIRE_WORD0) >>> 16) & 0xff);
  }

  /** The application's message class, 0–255. */
  get bizType(): number {
    return this.word(DESCRIPTOR_WIRE_WORD0) >>> 24;
  }

  /** Bytes of the payload. */
  get length(): number {
    return this.word(DESCRIPTOR_PAYLOAD_LENGTH);
  }

  get highPriority(): boolean {
    return ((this.word(DESCRIPTOR_EXT_LENGTH) >>> 16) & FLAG_HIGH_PRIORITY) !== 0;
  }

  /** Byte `offset` of the payload, without making a view. @throws RangeError outside the payload */
  getUint8(offset: number): number {
    const at = this.locate(offset, 1);
    return this.memory.getUint8(at);
  }

  getUint16(offset: number, littleEndian?: boolean): number {
    const at = this.locate(offset, 2);
    return this.memory.getUint16(at, littleEndian);
  }

  getUint32(offset: number, littleEndian?: boolean): number {
    const at = this.locate(offset, 4);
    return this.memory.getUint32(at, littleEndian);
  }

  getFloat64(offset: number, littleEndian?: boolean): number {
    const at = this.locate(offset, 8);
    return this.memory.getFloat64(at, littleEndian);
  }

  /** The payload in place. The view is empty once the turn is over; writing to it is allowed and harmless. */
  payload(): Uint8Array {
    const length = this.word(DESCRIPTOR_PAYLOAD_LENGTH);
    return this.reactor.views.view(
      this.word(DESCRIPTOR_SLICE_WORD),
      this.word(DESCRIPTOR_PAYLOAD_OFFSET),
      length,
    );
  }

  /** The ext header in place, under the same rules as {@link payload}. */
  extHeader(): Uint8Array {
    const length = this.word(DESCRIPTOR_EXT_LENGTH) & 0xffff;
    return this.reactor.views.extHeader(
      this.word(DESCRIPTOR_SLICE_WORD),
      this.word(DESCRIPTOR_PAYLOAD_OFFSET),
      length,
    );
  }

  /**
   * Answers: a response to a request, a one-way message with the same biz type to a one-way message.
   * @param body bytes, or a message whose payload is passed on as it lies
   * @returns as `Session.send`
   */
  reply(body: Uint8Array | Message, options?: SendOptions): boolean {
    const { reactor, at } = this;
    if (this.epoch !== reactor.epoch) throw staleMessage();
    const { words } = reactor;
    const wire = words[at + DESCRIPTOR_WIRE_WORD0];
    // The common case first: bytes in answer to a request.
    if (options === undefined && ((wire >>> 16) & 0xff) === PACKET_REQUEST && body instanceof Uint8Array) {
      return reactor.send(
        words[at + DESCRIPTOR_SLOT_WORD],
        words[at + DESCRIPTOR_GENERATION],
        (wire & 0xff00_0000) | (PACKET_RESPONSE << 16) | WIRE_VERSION,
        words[at + DESCRIPTOR_MESSAGE_ID_WIRE],
        0,
        undefined,
        body,
      );
    }
    // Then bytes in answer to a one-way message of no class, many of them from one buffer.
    const isPlain = options === undefined && wire >>> 16 === PACKET_ONE_WAY && body instanceof Uint8Array;
    if (!isPlain) return this.replyWith(body, options);
    const slotWord = words[at + DESCRIPTOR_SLOT_WORD];
    if (reactor.scatter.next(slotWord, words[at + DESCRIPTOR_GENERATION], body)) return true;
    const isBelow = this.replyWith(body, undefined);
    reactor.scatter.noteSent(body);
    return isBelow;
  }

  /**
   * Sends this message's payload to another session, as a one-way message with the same biz type unless told. When it is at
   * least 1/8 of its buffer (and 16 KB, for a session of another thread), it is sent from where it lies: what the handler
   * writes into the payload before it returns may be sent then. Another thread is shown the payload when the handlers
   * of this turn have returned, so that no two threads can reach it; if it was retained, or waits to be written to a slow
   * socket here, that thread gets a copy (`payloadCopies`). Smaller payloads, what came over `mem://` in less than 128 KB,
   * and those for other transports are copied and counted (`forwardCopies`).
   * @returns and throws as `Session.send`
   */
  forward(session: Session, options?: SendOptions): boolean {
    refuseHandOver(options);
    const bizType = options?.bizType ?? this.bizType;
    if (session instanceof NativeSession && session.isOf(this.reactor)) {
      return session.sendReceived(this.at, bizType, options);
    }
    return session.send(this.payload(), { ...options, bizType });
  }

  /** @internal The descriptor's first word, when the message is one of this reactor and its handler still runs. */
  placeIn(reactor: Reactor): number | undefined {
    this.word(0);
    return reactor === this.reactor ? this.at : undefined;
  }

  /** What is needed to answer later with `transport.reply`; holds no memory. */
  ticket(): ReplyTicket {
    return {
      sessionId: this.sessionId,
      messageId: this.messageId,
      bizType: this.bizType,
      packetType: this.packetType,
    };
  }

  /**
   * Keeps the payload beyond the turn, without copying where the message is at least 1/8 of its buffer and enough buffers
   * are left to read into, those of reactors on threads of their own included. Messages over `mem://` of up to 128 KB are
   * copied: they lie in a segment of their sender's ring, of which it has eight. Release it: what is retained is memory
   * that the transport cannot read into.
   */
  retain(): RetainedMessage {
    this.word(0);
    return RetainedMessage.of(this.reactor, this.at);
  }

  /** The whole packet in memory of its own. */
  copy(): Packet {
    this.word(0);
    return copyPacket(this.reactor, this.at);
  }

  private replyWith(body: Uint8Array | Message, options: SendOptions | undefined): boolean {
    const wire = this.word(DESCRIPTOR_WIRE_WORD0);
    const isRequest = ((wire >>> 16) & 0xff) === PACKET_REQUEST;
    if (body === this && isRequest && options === undefined && this.isInPlace()) return this.replyInPlace();
    const from = body instanceof Message ? body.placeIn(this.reactor) : undefined;
    const payload = body instanceof Message ? undefined : body;
    if (payload !== undefined || !(body instanceof Message)) checkBytes(payload, 'the body of a reply');
    const flags = sendFlags(options);
    if (body instanceof Message) refuseHandOver(options);
    const slotWord = this.word(DESCRIPTOR_SLOT_WORD);
    const word0 = wireWord0(isRequest ? PACKET_RESPONSE : PACKET_ONE_WAY, options?.bizType ?? wire >>> 24);
    const id = isRequest
      ? this.word(DESCRIPTOR_MESSAGE_ID_WIRE)
      : byteSwap32(this.reactor.table.nextMessageId(slotWord));
    const generation = this.word(DESCRIPTOR_GENERATION);
    if (from !== undefined) {
      return this.reactor.received.send(slotWord, generation, word0, id, flags, options?.extHeader, from);
    }
    const bytes = payload ?? (body as Message).payload();
    const send = () => this.reactor.send(slotWord, generation, word0, id, flags, options?.extHeader, bytes);
    return options?.handOver === true ? this.reactor.buffers.handOver(body, send) : send();
  }

  private isInPlace(): boolean {
    return (
      (this.word(DESCRIPTOR_EXT_LENGTH) & 0xffff) === 0 &&
      // The bytes of another thread are not ours to turn into a response.
      this.word(DESCRIPTOR_SLICE_WORD) >>> SLICE_ARENA_SHIFT === this.reactor.number &&
      this.reactor.isOwnSocket(this.word(DESCRIPTOR_SLOT_WORD)) &&
      (this.word(DESCRIPTOR_SLICE_WORD) & DEDICATED_BIT) === 0 &&
      // Of a run in place, what the socket does not take is copied: good for small ones, not for what may keep its slice.
      !isWorthPinning(
        this.reactor.native,
        this.word(DESCRIPTOR_SLICE_WORD),
        this.word(DESCRIPTOR_PAYLOAD_LENGTH),
      ) &&
      // A handler that took a view of this slice may have written over the headers in it.
      !this.reactor.views.isExposed(this.word(DESCRIPTOR_SLICE_WORD))
    );
  }

  private replyInPlace(): boolean {
    const { reactor } = this;
    const offset = this.word(DESCRIPTOR_PAYLOAD_OFFSET) - HEADER_BYTES;
    const length = this.word(DESCRIPTOR_PAYLOAD_LENGTH);
    reactor.bytes[offset + 2] = PACKET_RESPONSE;
    reactor.bytes[offset + 14] = 0;
    reactor.bytes[offset + 15] = 0;
    return reactor.sendInPlace(
      this.word(DESCRIPTOR_SLOT_WORD),
      this.word(DESCRIPTOR_GENERATION),
      offset,
      HEADER_BYTES + length,
    );
  }

  /** Where `offset` of the payload lies in {@link memory}. */
  private locate(offset: number, bytes: number): number {
    const { reactor, at } = this;
    if (this.epoch !== reactor.epoch) throw staleMessage();
    const { words } = reactor;
    const length = words[at + DESCRIPTOR_PAYLOAD_LENGTH];
    if (!(offset >= 0 && offset + bytes <= length)) throw outside(offset, bytes, length);
    if ((words[at + DESCRIPTOR_SLICE_WORD] & DEDICATED_BIT) !== 0) return offset;
    return words[at + DESCRIPTOR_PAYLOAD_OFFSET] + offset;
  }

  /** What the payload is read through: the arena of this reactor or of another, or a view of memory of its own. */
  private get memory(): DataView {
    const { reactor } = this;
    const sliceWord = reactor.words[this.at + DESCRIPTOR_SLICE_WORD];
    if ((sliceWord & DEDICATED_BIT) !== 0) return this.ownMemory(sliceWord);
    // One load for either: what a loop reads of each message has to be small enough to be compiled into it.
    const view = reactor.foreign.views[sliceWord >>> SLICE_ARENA_SHIFT];
    return view === undefined ? reactor.foreign.of(sliceWord).view : view;
  }

  private ownMemory(sliceWord: number): DataView {
    const length = this.word(DESCRIPTOR_PAYLOAD_LENGTH);
    return this.reactor.views.dedicatedView(sliceWord, this.word(DESCRIPTOR_PAYLOAD_OFFSET), length);
  }

  private word(index: number): number {
    if (this.epoch !== this.reactor.epoch) throw staleMessage();
    return this.reactor.words[this.at + index];
  }
}

function outside(offset: number, bytes: number, length: number): RangeError {
  return new RangeError(`cannot read ${bytes} bytes at ${offset} of a payload of ${length} bytes`);
}

/** @internal */
export function staleMessage(): TransportError {
  return new TransportError(
    'ERR_MSGTRANS_STALE_MESSAGE',
    'this message was read in place and its handler has returned; take copy(), retain() or ticket() inside the handler',
  );
}
