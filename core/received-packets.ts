import type { DirectPackets } from './direct-packets.js';
import {
  DEDICATED_BIT,
  DESCRIPTOR_PAYLOAD_LENGTH,
  DESCRIPTOR_PAYLOAD_OFFSET,
  DESCRIPTOR_SLICE_WORD,
  SLICE_ARENA_SHIFT,
  SLICE_ID_MASK,
} from './layout.generated.js';
import type { NativeReactor } from './native-addon.js';
import { OutboundRing } from './outbound-ring.js';
import { HEADER_BYTES } from './protocol/wire-layout.generated.js';
import type { Reactor } from './reactor.js';
import { notOpen } from './send-errors.js';
import { isWorthLending, isWorthPinning } from './slice-pinning.js';
import type { TurnViews } from './turn-views.js';

/** Payloads of received messages that are passed on: from where they lie, where that is worth it, else copied. */
export class ReceivedPackets {
  /** Received payloads that were copied to be passed on. */
  copies = 0;
  private readonly reactor: Reactor;
  private readonly native: NativeReactor;
  private readonly ring: OutboundRing;
  private readonly direct: DirectPackets;
  private readonly views: TurnViews;

  constructor(reactor: Reactor) {
    this.reactor = reactor;
    this.native = reactor.native;
    this.ring = reactor.ring;
    this.direct = reactor.direct;
    this.views = reactor.views;
  }

  /**
   * Sends a received payload on: from where it lies when it is a good part of its slice (and large enough to be lent, for
   * another thread or from one), else copied (and counted).
   * @param from word of the message's descriptor
   * @returns and throws as {@link Reactor.send}
   */
  send(
    slotWord: number,
    generation: number,
    wireWord0: number,
    messageIdWire: number,
    reserved: number,
    extHeader: Uint8Array | undefined,
    from: number,
  ): boolean {
    const length = this.reactor.words[from + DESCRIPTOR_PAYLOAD_LENGTH];
    const offset = this.reactor.words[from + DESCRIPTOR_PAYLOAD_OFFSET];
    const slice = this.reactor.words[from + DESCRIPTOR_SLICE_WORD];
    const extLength = extHeader === undefined ? 0 : extHeader.length;
    const { reactor } = this;
    reactor.checkSizes(length, extLength);
    if (!reactor.table.isOpen(slotWord, generation)) throw notOpen(reactor.table, slotWord, generation);
    const isOwnSocket = reactor.isOwnSocket(slotWord);
    if (isOwnSocket && isWorthPinning(this.native, slice, length)) {
      if (!reactor.take(slotWord, generation, HEADER_BYTES + extLength + length)) return false;
      const id = slice & SLICE_ID_MASK;
      this.ring.appendSlice(
        slotWord,
        generation,
        wireWord0,
        messageIdWire,
        reserved,
        extHeader,
        id,
        offset,
        length,
      );
      return reactor.tellWhenFull(slotWord, generation);
    }
    const total = HEADER_BYTES + extLength + length;
    if (isWorthLending(this.native, slice, length)) {
      if (!reactor.take(slotWord, generation, total)) return false;
      this.lend(slotWord, generation, wireWord0, messageIdWire, reserved, extHeader, slice, offset, length);
      return reactor.tellWhenFull(slotWord, generation);
    }
    this.copies += 1;
    const isInArena = slice >>> SLICE_ARENA_SHIFT === reactor.number && (slice & DEDICATED_BIT) === 0;
    if (isOwnSocket && isInArena && total <= OutboundRing.PACKET_BYTES_MAX) {
      if (!reactor.take(slotWord, generation, total)) return false;
      this.ring.appendWithin(
        slotWord,
        generation,
        wireWord0,
        messageIdWire,
        reserved,
        extHeader,
        offset,
        length,
      );
      return reactor.tellWhenFull(slotWord, generation);
    }
    const payload = this.views.innerBytes(slice, offset, length);
    return reactor.send(slotWord, generation, wireWord0, messageIdWire, reserved, extHeader, payload);
  }

  /** Lends a large received payload to whoever has the session, or copies it; it counts as queued already. */
  lend(
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
    const { direct } = this;
    if (
      direct.sendSlice(
        slotWord,
        generation,
        wireWord0,
        messageIdWire,
        reserved,
        extHeader,
        slice,
        offset,
        length,
      )
    )
      return;
    this.copies += 1;
    const payload = this.views.innerBytes(slice, offset, length);
    direct.send(slotWord, generation, wireWord0, messageIdWire, reserved, extHeader, payload);
  }
}
