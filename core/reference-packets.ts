import type { DirectPackets } from './direct-packets.js';
import type { NativeReactor } from './native-addon.js';
import type { ResolvedOptions } from './options.js';
import type { OutboundRing } from './outbound-ring.js';
import { isPlainMemory } from './plain-memory.js';
import type { SendBuffers } from './send-buffers.js';

/** Payloads from here on are looked at for where they lie; what is smaller is copied in less time. */
export const REFERENCE_BYTES_MIN = 4 * 1024;
/** From here on a system call for one packet costs less than copying it into the ring. */
const BORROWED_BYTES_MIN = 64 * 1024;

/** What of a reactor is needed here. */
interface SendingParts {
  readonly native: NativeReactor;
  readonly ring: OutboundRing;
  readonly direct: DirectPackets;
  readonly buffers: SendBuffers;
  readonly options: ResolvedOptions;
}

/** Packets to sockets of this reactor whose payload is written from where it lies. */
export class ReferencePackets {
  private readonly native: NativeReactor;
  private readonly ring: OutboundRing;
  private readonly direct: DirectPackets;
  private readonly buffers: SendBuffers;
  private readonly isDebugging: boolean;

  constructor({ native, ring, direct, buffers, options }: SendingParts) {
    this.native = native;
    this.ring = ring;
    this.direct = direct;
    this.buffers = buffers;
    this.isDebugging = options.debugBuffers;
  }

  /**
   * Sends one packet, which counts as queued already.
   * @returns false: it is to be copied; nothing was sent
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
    const place = this.buffers.placeOf(payload);
    if (place !== undefined) {
      const { id, offset } = place;
      const { length } = payload;
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
      // What it is now is what is to be sent.
      if (this.isDebugging) this.native.flush();
      return true;
    }
    if (payload.length < BORROWED_BYTES_MIN) return false;
    const loan = this.direct.sendBorrowed(
      slotWord,
      generation,
      wireWord0,
      messageIdWire,
      reserved,
      extHeader,
      payload,
    );
    // Asked only when the socket has left something over, which stays where it lies if that is a place to stay.
    if (loan >= 0 && !isPlainMemory(payload.buffer)) this.native.copyBorrowed(loan);
    return true;
  }

  /**
   * Gives a buffer that is being handed over to whoever has the session, on another thread or in process.
   * @returns false: it is to be copied; nothing was sent
   */
  give(
    slotWord: number,
    generation: number,
    wireWord0: number,
    messageIdWire: number,
    reserved: number,
    extHeader: Uint8Array | undefined,
    payload: Uint8Array,
    isHolder: boolean,
  ): boolean {
    const place = this.buffers.placeOfGiven(payload);
    if (place === undefined) return false;
    const { direct } = this;
    const { length } = payload;
    return direct.giveSlice(
      slotWord,
      generation,
      wireWord0,
      messageIdWire,
      reserved,
      extHeader,
      place,
      length,
      isHolder,
    );
  }
}
