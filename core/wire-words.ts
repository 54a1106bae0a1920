import * as wireLayout from './protocol/wire-layout.generated.js';
import type { PacketType } from './transport.js';

// The compiler of JavaScript folds constants of the module itself into its code; imported ones it reads and checks anew.
const { PACKET_REQUEST, PACKET_RESPONSE, WIRE_VERSION } = wireLayout;

/** Header bytes 0–3 of an uncompressed packet as one little-endian word. */
export function wireWord0(packetType: number, bizType: number): number {
  return (WIRE_VERSION | (packetType << 16) | (bizType << 24)) >>> 0;
}

/** A big-endian word of the wire as a number, and back. */
export function byteSwap32(word: number): number {
  return ((word >>> 24) | ((word >>> 8) & 0xff00) | ((word & 0xff00) << 8) | (word << 24)) >>> 0;
}

export function packetTypeName(packetType: number): PacketType {
  if (packetType === PACKET_REQUEST) return 'request';
  return packetType === PACKET_RESPONSE ? 'response' : 'one-way';
}
