/**
 * One packet to bytes and back, pure. The layout is in `native/protocol/packet_header.h`, from which the
 * constants are generated; all integers are big-endian.
 */
import { TransportError } from '../errors.js';
import type { Packet, PacketType } from '../transport.js';
import {
  BIZ_TYPE_OFFSET,
  COMPRESSION_NONE,
  COMPRESSION_OFFSET,
  COMPRESSION_ZLIB,
  COMPRESSION_ZSTD,
  EXT_HEADER_BYTES_MAX,
  EXT_HEADER_BYTES_OFFSET,
  FLAG_FRAGMENTED,
  FLAG_HIGH_PRIORITY,
  HEADER_BYTES,
  MESSAGE_ID_OFFSET,
  PACKET_ONE_WAY,
  PACKET_REQUEST,
  PACKET_RESPONSE,
  PACKET_TYPE_OFFSET,
  PAYLOAD_BYTES_MAX_DEFAULT,
  PAYLOAD_BYTES_OFFSET,
  RESERVED_OFFSET,
  VERSION_OFFSET,
  WIRE_VERSION,
} from './wire-layout.generated.js';

/** What one side sends and accepts, in bytes; judged before anything is allocated. */
export interface PacketLimits {
  readonly payloadBytesMax: number;
  readonly extHeaderBytesMax: number;
}

/** The limits of the wire format's documentation: 16 MiB of payload, 65 535 bytes of ext header. */
export const DEFAULT_PACKET_LIMITS: PacketLimits = {
  payloadBytesMax: PAYLOAD_BYTES_MAX_DEFAULT,
  extHeaderBytesMax: EXT_HEADER_BYTES_MAX,
};

/** A header that passed every check, in host terms. */
export interface PacketHeader {
  readonly packetType: PacketType;
  readonly bizType: number;
  readonly messageId: number;
  readonly extHeaderBytes: number;
  readonly payloadBytes: number;
  readonly highPriority: boolean;
}

const PACKET_TYPES: readonly PacketType[] = ['one-way', 'request', 'response'];
const PACKET_TYPE_VALUES: Readonly<Record<PacketType, number>> = {
  'one-way': PACKET_ONE_WAY,
  request: PACKET_REQUEST,
  response: PACKET_RESPONSE,
};

/** @throws TransportError `ERR_MSGTRANS_PAYLOAD_TOO_LARGE` when a payload of `bytes` is above the limit */
export function checkPayloadBytes(bytes: number, limits: PacketLimits): void {
  if (bytes > limits.payloadBytesMax) {
    throw new TransportError(
      'ERR_MSGTRANS_PAYLOAD_TOO_LARGE',
      `payload of ${bytes} bytes is above the limit of ${limits.payloadBytesMax} bytes; ` +
        'split the message or raise payloadBytesMax on both sides',
    );
  }
}

/** @throws TransportError `ERR_MSGTRANS_EXT_HEADER_TOO_LARGE` when an ext header of `bytes` is above the limit */
export function checkExtHeaderBytes(bytes: number, limits: PacketLimits): void {
  if (bytes > limits.extHeaderBytesMax) {
    throw new TransportError(
      'ERR_MSGTRANS_EXT_HEADER_TOO_LARGE',
      `ext header of ${bytes} bytes is above the limit of ${limits.extHeaderBytesMax} bytes; ` +
        `move data into the payload or raise extHeaderBytesMax (at most ${EXT_HEADER_BYTES_MAX}) on both sides`,
    );
  }
}

/**
 * Writes a whole packet into one new Buffer.
 * @throws TransportError `ERR_MSGTRANS_PAYLOAD_TOO_LARGE`, `ERR_MSGTRANS_EXT_HEADER_TOO_LARGE`; nothing was allocated then
 */
export function encodePacket(packet: Packet, limits: PacketLimits = DEFAULT_PACKET_LIMITS): Buffer {
  const { extHeader, payload } = packet;
  checkExtHeaderBytes(extHeader.length, limits);
  checkPayloadBytes(payload.length, limits);
  const payloadOffset = HEADER_BYTES + extHeader.length;
  const bytes = Buffer.allocUnsafe(payloadOffset + payload.length);
  bytes[VERSION_OFFSET] = WIRE_VERSION;
  bytes[COMPRESSION_OFFSET] = COMPRESSION_NONE;
  bytes[PACKET_TYPE_OFFSET] = PACKET_TYPE_VALUES[packet.packetType];
  bytes[BIZ_TYPE_OFFSET] = packet.bizType;
  bytes.writeUInt32BE(packet.messageId, MESSAGE_ID_OFFSET);
  bytes.writeUInt16BE(extHeader.length, EXT_HEADER_BYTES_OFFSET);
  bytes.writeUInt32BE(payload.length, PAYLOAD_BYTES_OFFSET);
  bytes.writeUInt16BE(packet.highPriority ? FLAG_HIGH_PRIORITY : 0, RESERVED_OFFSET);
  if (extHeader.length > 0) bytes.set(extHeader, HEADER_BYTES);
  bytes.set(payload, payloadOffset);
  return bytes;
}

/**
 * Reads and judges the 16 bytes at `offset`, which must be present. Rules are judged in the order of the header.
 * @throws TransportError `ERR_MSGTRANS_PROTOCOL_VERSION`, `…_COMPRESSION`, `…_PACKET_TYPE`, `…_FRAGMENTED`,
 *   `ERR_MSGTRANS_EXT_HEADER_TOO_LARGE`, `ERR_MSGTRANS_PAYLOAD_TOO_LARGE`
 */
export function decodeHeader(
  bytes: Buffer,
  offset = 0,
  limits: PacketLimits = DEFAULT_PACKET_LIMITS,
): PacketHeader {
  const version = bytes[offset + VERSION_OFFSET];
  if (version !== WIRE_VERSION) {
    throw new TransportError(
      'ERR_MSGTRANS_PROTOCOL_VERSION',
      `packet has wire version ${version}, only ${WIRE_VERSION} is spoken; check what the peer sends`,
    );
  }
  const compression = bytes[offset + COMPRESSION_OFFSET];
  if (compression !== COMPRESSION_NONE) throw compressionError(compression);
  const packetType = PACKET_TYPES[bytes[offset + PACKET_TYPE_OFFSET]];
  if (packetType === undefined) {
    throw new TransportError(
      'ERR_MSGTRANS_PROTOCOL_PACKET_TYPE',
      `packet has type ${bytes[offset + PACKET_TYPE_OFFSET]}, the largest known is ${PACKET_RESPONSE}; check what the peer sends`,
    );
  }
  const reserved = bytes.readUInt16BE(offset + RESERVED_OFFSET);
  if ((reserved & FLAG_FRAGMENTED) !== 0) {
    throw new TransportError(
      'ERR_MSGTRANS_PROTOCOL_FRAGMENTED',
      `packet has the FRAGMENTED bit set (reserved = ${reserved}), which is not supported; have the peer send whole packets`,
    );
  }
  const extHeaderBytes = bytes.readUInt16BE(offset + EXT_HEADER_BYTES_OFFSET);
  checkExtHeaderBytes(extHeaderBytes, limits);
  const payloadBytes = bytes.readUInt32BE(offset + PAYLOAD_BYTES_OFFSET);
  checkPayloadBytes(payloadBytes, limits);
  return {
    packetType,
    bizType: bytes[offset + BIZ_TYPE_OFFSET],
    messageId: bytes.readUInt32BE(offset + MESSAGE_ID_OFFSET),
    extHeaderBytes,
    payloadBytes,
    highPriority: (reserved & FLAG_HIGH_PRIORITY) !== 0,
  };
}

function compressionError(compression: number): TransportError {
  const known = compression === COMPRESSION_ZSTD || compression === COMPRESSION_ZLIB;
  const name = compression === COMPRESSION_ZSTD ? 'zstd' : 'zlib';
  return new TransportError(
    'ERR_MSGTRANS_PROTOCOL_COMPRESSION',
    known
      ? `packet is compressed with ${name} (${compression}), which this build does not decompress; turn compression off at the peer`
      : `packet has compression ${compression}, the largest known is ${COMPRESSION_ZLIB}; check what the peer sends`,
  );
}

/** Makes the packet of a judged header whose ext header and payload follow at `offset + HEADER_BYTES`: views, no copy. */
export function packetAt(bytes: Buffer, offset: number, header: PacketHeader): Packet {
  const extHeaderOffset = offset + HEADER_BYTES;
  const payloadOffset = extHeaderOffset + header.extHeaderBytes;
  return {
    packetType: header.packetType,
    bizType: header.bizType,
    messageId: header.messageId,
    payload: bytes.subarray(payloadOffset, payloadOffset + header.payloadBytes),
    extHeader: header.extHeaderBytes === 0 ? NO_BYTES : bytes.subarray(extHeaderOffset, payloadOffset),
    highPriority: header.highPriority,
  };
}

/** The ext header of packets that have none; empty, so sharing it is harmless. */
export const NO_BYTES: Uint8Array = new Uint8Array(0);

/**
 * Reads exactly one packet. Its payload and ext header are views over `bytes`.
 * @throws TransportError those of {@link decodeHeader}; `ERR_MSGTRANS_PROTOCOL_TRUNCATED` when bytes are missing;
 *   `ERR_MSGTRANS_INVALID_ARGUMENT` when bytes follow the packet
 */
export function decodePacket(bytes: Uint8Array, limits: PacketLimits = DEFAULT_PACKET_LIMITS): Packet {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (buffer.length < HEADER_BYTES) throw truncatedError(buffer.length, HEADER_BYTES);
  const header = decodeHeader(buffer, 0, limits);
  const frameBytes = HEADER_BYTES + header.extHeaderBytes + header.payloadBytes;
  if (buffer.length < frameBytes) throw truncatedError(buffer.length, frameBytes);
  if (buffer.length > frameBytes) {
    throw new TransportError(
      'ERR_MSGTRANS_INVALID_ARGUMENT',
      `${buffer.length} bytes given, the packet in them has ${frameBytes}; use PacketDecoder for a stream of packets`,
    );
  }
  return packetAt(buffer, 0, header);
}

/** The error of a packet of which only `receivedBytes` of `frameBytes` came. */
export function truncatedError(receivedBytes: number, frameBytes: number): TransportError {
  return new TransportError(
    'ERR_MSGTRANS_PROTOCOL_TRUNCATED',
    `the stream ended after ${receivedBytes} of ${frameBytes} bytes of a packet; the peer must send whole packets before it closes`,
  );
}
