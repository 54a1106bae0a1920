import {
  DEDICATED_BIT,
  DESCRIPTOR_EXT_LENGTH,
  DESCRIPTOR_GENERATION,
  DESCRIPTOR_MESSAGE_ID_WIRE,
  DESCRIPTOR_PAYLOAD_LENGTH,
  DESCRIPTOR_PAYLOAD_OFFSET,
  DESCRIPTOR_SLICE_ID,
  DESCRIPTOR_SLOT_WORD,
  DESCRIPTOR_WIRE_WORD0,
  SLOT_MASK,
} from './layout.generated.js';
import { TransportError } from './errors.js';
import { copyPacket } from './owned-packet.js';
import {
  FLAG_HIGH_PRIORITY,
  HEADER_BYTES,
  PACKET_REQUEST,
  PACKET_RESPONSE,
  WIRE_VERSION,
} from './protocol/wire-layout.generated.js';
import type { Reactor } from './reactor.js';
import { RetainedMessage } from './retained-message.js';
import { sendFlags } from './send-flags.js';
import { sessionIdOf } from './session-id.js';
import type { Packet, PacketType, ReplyTicket, SendOptions, Session, SessionId } from './transport.js';
import type { TurnViews } from './turn-views.js';
import { byteSwap32, packetTypeName, wireWord0 } from './wire-words.js';

/**
 * One received message, read in place. It is valid until the handler it was given to returns; every access after that
 * throws `ERR_MSGTRANS_STALE_MESSAGE`. To keep something: {@link copy} the packet, {@link retain} its memory, or take a
 * {@link ticket} to answer later.
 *
 * Thread: the one whose transport received it.
 */
export class Message {
  private readonly reactor: Reactor;
  private readonly views: TurnViews;
  private readonly epoch: number;
  private readonly at: number;

  /** @internal `at`: index of the descriptor's first word. */
  constructor(reactor: Reactor, views: TurnViews, at: number) {
    this.reactor = reactor;
    this.views = views;
    this.epoch = reactor.epoch;
    this.at = at;
  }

  get sessionId(): SessionId {
    return sessionIdOf(this.word(DESCRIPTOR_SLOT_WORD), this.word(DESCRIPTOR_GENERATION));
  }

  /** The slot of the session, a small integer: see `sessionSlot`. */
  get sessionSlot(): number {
    return this.word(DESCRIPTOR_SLOT_WORD) & SLOT_MASK;
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
    return this.reading().getUint8(this.locate(offset, 1));
  }

  getUint16(offset: number, littleEndian?: boolean): number {
    return this.reading().getUint16(this.locate(offset, 2), littleEndian);
  }

  getUint32(offset: number, littleEndian?: boolean): number {
    return this.reading().getUint32(this.locate(offset, 4), littleEndian);
  }

  getFloat64(offset: number, littleEndian?: boolean): number {
    return this.reading().getFloat64(this.locate(offset, 8), littleEndian);
  }

  /** The payload in place. The view is empty once the turn is over; writing to it is allowed and harmless. */
  payload(): Uint8Array {
    const length = this.word(DESCRIPTOR_PAYLOAD_LENGTH);
    return this.views.view(this.word(DESCRIPTOR_SLICE_ID), this.word(DESCRIPTOR_PAYLOAD_OFFSET), length);
  }

  /** The ext header in place, under the same rules as {@link payload}. */
  extHeader(): Uint8Array {
    const length = this.word(DESCRIPTOR_EXT_LENGTH) & 0xffff;
    return this.views.view(this.word(DESCRIPTOR_SLICE_ID), this.word(DESCRIPTOR_PAYLOAD_OFFSET) - length, length);
  }

  /**
   * Answers: a response to a request, a one-way message with the same biz type to a one-way message.
   * @param body bytes, or a message whose payload is passed on as it lies
   * @returns as `Session.send`
   */
  reply(body: Uint8Array | Message, options?: SendOptions): boolean {
    const wire = this.word(DESCRIPTOR_WIRE_WORD0);
    const slotWord = this.word(DESCRIPTOR_SLOT_WORD);
    const generation = this.word(DESCRIPTOR_GENERATION);
    const isRequest = ((wire >>> 16) & 0xff) === PACKET_REQUEST;
    if (body === this && isRequest && options === undefined && this.isInPlace()) return this.replyInPlace();
    const payload = body instanceof Message ? body.payload() : body;
    if (options === undefined && isRequest) {
      const word0 = (wire & 0xff00_0000) | (PACKET_RESPONSE << 16) | WIRE_VERSION;
      const id = this.word(DESCRIPTOR_MESSAGE_ID_WIRE);
      return this.reactor.send(slotWord, generation, word0, id, 0, undefined, payload);
    }
    const flags = sendFlags(options);
    const word0 = wireWord0(isRequest ? PACKET_RESPONSE : 0, options?.bizType ?? wire >>> 24);
    const id = isRequest ? this.word(DESCRIPTOR_MESSAGE_ID_WIRE) : byteSwap32(this.reactor.table.nextMessageId(slotWord));
    return this.reactor.send(slotWord, generation, word0, id, flags, options?.extHeader, payload);
  }

  /** Sends this message's payload to another session of the same transport, as a one-way message. */
  forward(session: Session, options?: SendOptions): boolean {
    return session.send(this.payload(), { ...options, bizType: options?.bizType ?? this.bizType });
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
   * Keeps the payload beyond the turn, without copying where the message is large enough to be worth its buffer.
   * Release it: what is retained is memory that the transport cannot read into.
   */
  retain(): RetainedMessage {
    return RetainedMessage.of(this.reactor, this.at, this.checked());
  }

  /** The whole packet in memory of its own. */
  copy(): Packet {
    this.checked();
    return copyPacket(this.reactor, this.views, this.at);
  }

  private isInPlace(): boolean {
    return (
      (this.word(DESCRIPTOR_EXT_LENGTH) & 0xffff) === 0 && (this.word(DESCRIPTOR_SLICE_ID) & DEDICATED_BIT) === 0
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

  private reading(): DataView {
    if ((this.word(DESCRIPTOR_SLICE_ID) & DEDICATED_BIT) === 0) return this.reactor.view;
    const payload = this.payload();
    return new DataView(payload.buffer, payload.byteOffset, payload.byteLength);
  }

  private locate(offset: number, bytes: number): number {
    const length = this.word(DESCRIPTOR_PAYLOAD_LENGTH);
    if (!(offset >= 0 && offset + bytes <= length)) {
      throw new RangeError(`cannot read ${bytes} bytes at ${offset} of a payload of ${length} bytes`);
    }
    const start = this.word(DESCRIPTOR_SLICE_ID) & DEDICATED_BIT ? 0 : this.word(DESCRIPTOR_PAYLOAD_OFFSET);
    return start + offset;
  }

  private word(index: number): number {
    if (this.epoch !== this.reactor.epoch) throw staleMessage();
    return this.reactor.words[this.at + index];
  }

  private checked(): TurnViews {
    if (this.epoch !== this.reactor.epoch) throw staleMessage();
    return this.views;
  }
}

function staleMessage(): TransportError {
  return new TransportError(
    'ERR_MSGTRANS_STALE_MESSAGE',
    'this message was read in place and its handler has returned; take copy(), retain() or ticket() inside the handler',
  );
}
