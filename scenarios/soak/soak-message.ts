import { crc32 } from 'node:zlib';
import { createRandom } from '../harness/statistics/random.js';

/**
 * What a soak's messages hold, so that each can be told from every other and no changed byte passes: session number,
 * sequence within the session, checksum, filler. Little-endian.
 *
 * | at | message to the server    | acknowledgement (24 bytes)              | broadcast                     |
 * | -- | ------------------------ | --------------------------------------- | ----------------------------- |
 * | 0  | u32 session              | u32 session                             | u32 0                         |
 * | 4  | u32 sequence, from 0     | u32 sequence of the request             | u32 number, from 1            |
 * | 8  | u32 checksum of the rest | u32 checksum of the rest                | u32 checksum of the rest      |
 * | 12 | filler                   | u32 messages received on this session   | filler                        |
 * | 16 |                          | u32 number of the broadcast sent last   |                               |
 * | 20 |                          | u32 faults seen on this session         |                               |
 */
export const MESSAGE_BYTES_MIN = 12;
export const ACKNOWLEDGEMENT_BYTES = 24;
export const PAYLOAD_BYTES_MAX = 1024 * 1024;

/** Biz types: what the server does with a message. */
export const BIZ_REQUEST = 1;
/** Passed on as it was received. */
export const BIZ_LARGE = 2;
export const BIZ_ONE_WAY = 3;
export const BIZ_BROADCAST = 4;

const CHECKSUM_OFFSET = 8;
/** Content begins anywhere in the first half of the filler, so that neighbours differ. */
const FILLER_BYTES = 2 * PAYLOAD_BYTES_MAX;

/** Random bytes, made once: filling a megabyte for each message would cost more than sending it. */
export class Filler {
  readonly #bytes = Buffer.allocUnsafeSlow(FILLER_BYTES);

  constructor(seed: number) {
    const random = createRandom(seed).fork('filler');
    for (let offset = 0; offset < FILLER_BYTES; offset += 4) {
      this.#bytes.writeUInt32LE(random.below(2 ** 32), offset);
    }
  }

  /** A new message of `bytes` bytes. */
  message(session: number, sequence: number, bytes: number): Buffer {
    const payload = Buffer.allocUnsafe(bytes);
    const from = (Math.imul(session, 0x9e3779b1) ^ Math.imul(sequence, 0x85ebca6b)) & (PAYLOAD_BYTES_MAX - 1);
    this.#bytes.copy(payload, MESSAGE_BYTES_MIN, from, from + bytes - MESSAGE_BYTES_MIN);
    return sealed(payload, session, sequence);
  }
}

/** Writes session, sequence and the checksum over everything else; returns the payload. */
export function sealed(payload: Buffer, session: number, sequence: number): Buffer {
  payload.writeUInt32LE(session, 0);
  payload.writeUInt32LE(sequence, 4);
  payload.writeUInt32LE(checksumOf(payload), CHECKSUM_OFFSET);
  return payload;
}

export function writeAcknowledgement(
  into: Buffer,
  session: number,
  sequence: number,
  received: number,
  broadcast: number,
  faults: number,
): Buffer {
  into.writeUInt32LE(received >>> 0, 12);
  into.writeUInt32LE(broadcast, 16);
  into.writeUInt32LE(faults, 20);
  return sealed(into, session, sequence);
}

/** Whether the bytes are those that were sealed. */
export function isIntact(payload: Uint8Array): boolean {
  if (payload.length < MESSAGE_BYTES_MIN) return false;
  return readWord(payload, CHECKSUM_OFFSET) === checksumOf(payload);
}

export function sessionOf(payload: Uint8Array): number {
  return readWord(payload, 0);
}

export function sequenceOf(payload: Uint8Array): number {
  return readWord(payload, 4);
}

/** The word at `offset`: 12 received, 16 broadcast, 20 faults of an acknowledgement. */
export function readWord(payload: Uint8Array, offset: number): number {
  return (
    (payload[offset] |
      (payload[offset + 1] << 8) |
      (payload[offset + 2] << 16) |
      (payload[offset + 3] << 24)) >>>
    0
  );
}

function checksumOf(payload: Uint8Array): number {
  return crc32(payload.subarray(CHECKSUM_OFFSET + 4), crc32(payload.subarray(0, CHECKSUM_OFFSET)));
}
