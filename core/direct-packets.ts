import type { NativeReactor } from './native-addon.js';
import type { ResolvedOptions } from './options.js';
import { HEADER_BYTES } from './protocol/wire-layout.generated.js';
import type { SlicePlace } from './send-buffers.js';
import { budgetSpent } from './send-errors.js';

const NO_BYTES = new Uint8Array(0);

/** Packets that do not go through the ring: too large for it, or for many sessions at once. */
export class DirectPackets {
  private readonly native: NativeReactor;
  private readonly options: ResolvedOptions;
  private readonly header = new Uint8Array(HEADER_BYTES);
  private readonly headerView = new DataView(this.header.buffer);

  constructor(native: NativeReactor, options: ResolvedOptions) {
    this.native = native;
    this.options = options;
  }

  /** Hands over one packet; it counts as queued already. */
  send(
    slotWord: number,
    generation: number,
    wireWord0: number,
    messageIdWire: number,
    reserved: number,
    extHeader: Uint8Array = NO_BYTES,
    payload: Uint8Array = NO_BYTES,
    isHolder = true,
  ): void {
    this.writeHeader(wireWord0, messageIdWire, reserved, extHeader.length, payload.length);
    this.native.sendDirect(slotWord, generation, this.header, extHeader, payload, isHolder);
  }

  /**
   * The same to a socket of this reactor; what it does not take stays in the payload's own memory.
   * @returns a number for `copyBorrowed`, or -1 when nothing stayed
   */
  sendBorrowed(
    slotWord: number,
    generation: number,
    wireWord0: number,
    messageIdWire: number,
    reserved: number,
    extHeader: Uint8Array = NO_BYTES,
    payload: Uint8Array = NO_BYTES,
  ): number {
    this.writeHeader(wireWord0, messageIdWire, reserved, extHeader.length, payload.length);
    return this.native.sendBorrowed(slotWord, generation, this.header, extHeader, payload);
  }

  /**
   * Sends a payload of this delivery from where it lies; it counts as queued already.
   * @returns false when it is to be copied; nothing was sent then
   */
  sendSlice(
    slotWord: number,
    generation: number,
    wireWord0: number,
    messageIdWire: number,
    reserved: number,
    extHeader: Uint8Array | undefined,
    sliceWord: number,
    offset: number,
    length: number,
  ): boolean {
    const ext = extHeader ?? NO_BYTES;
    this.writeHeader(wireWord0, messageIdWire, reserved, ext.length, length);
    return this.native.sendSlice(slotWord, generation, this.header, ext, sliceWord, offset, length);
  }

  /** The same from a buffer of the engine that is being handed over. */
  giveSlice(
    slotWord: number,
    generation: number,
    wireWord0: number,
    messageIdWire: number,
    reserved: number,
    extHeader: Uint8Array | undefined,
    { id, offset }: SlicePlace,
    length: number,
    isHolder: boolean,
  ): boolean {
    const ext = extHeader ?? NO_BYTES;
    this.writeHeader(wireWord0, messageIdWire, reserved, ext.length, length);
    return this.native.giveSlice(slotWord, generation, this.header, ext, id, offset, length, isHolder);
  }

  /**
   * A packet in a slice of its own, for many sessions.
   * @throws TransportError `ERR_MSGTRANS_BUFFER_BUDGET`
   */
  makePacket(
    wireWord0: number,
    messageIdWire: number,
    reserved: number,
    extHeader: Uint8Array = NO_BYTES,
    payload: Uint8Array = NO_BYTES,
  ): [slice: number, offset: number] {
    this.writeHeader(wireWord0, messageIdWire, reserved, extHeader.length, payload.length);
    const place = this.native.makePacket(this.header, extHeader, payload);
    if (place === undefined) throw budgetSpent(payload.length, this.options);
    return place;
  }

  private writeHeader(
    wireWord0: number,
    messageIdWire: number,
    reserved: number,
    extLength: number,
    length: number,
  ): void {
    this.headerView.setUint32(0, wireWord0, true);
    this.headerView.setUint32(4, messageIdWire, true);
    this.headerView.setUint16(8, extLength);
    this.headerView.setUint32(10, length);
    this.headerView.setUint16(14, reserved);
  }
}
