/**
 * What a server knows of one session that sends one-way messages (scenarios/harness/CONTROL.md): how many arrived, the
 * sum of their tokens, and how many were not as they should be. For transports that copy what they send before the call
 * returns: all sessions acknowledge from the same 64 bytes.
 */
import { fillerByte } from './counter-reply.js';

/** A message begins with the token and its sequence. */
export const STREAM_BYTES_MIN = 12;
const SEQUENCE_OFFSET = 8;
/** The filler of one message in this many, by sequence, is read. */
const CHECKED_SHARE = 64;
const ACKNOWLEDGEMENT_BYTES = 64;
const WORD = 0x1_0000_0000;

/** Reads numbers of a payload in place: a message of the engine, or a `DataView`. */
export interface PayloadReader {
  getUint32(offset: number, littleEndian?: boolean): number;
}

const acknowledgement = new DataView(
  Uint8Array.from({ length: ACKNOWLEDGEMENT_BYTES }, (_, index) => fillerByte(index)).buffer,
);
const acknowledgementBytes = new Uint8Array(acknowledgement.buffer);

let filler = Buffer.alloc(0);

/** The filler from byte 12 on; made for the longest message so far. */
function fillerFor(payloadBytes: number): Buffer {
  if (filler.length < payloadBytes) {
    filler = Buffer.from(Uint8Array.from({ length: payloadBytes }, (_, index) => fillerByte(index)));
  }
  return filler.subarray(STREAM_BYTES_MIN, payloadBytes);
}

export class SinkRecord {
  received = 0;
  #tokenSumLow = 0;
  #tokenSumHigh = 0;
  #faults = 0;
  #nextSequence = 0;

  /**
   * Takes one message; `payload` is called for those of which every byte is looked at. What is too short, out of sequence or
   * damaged is a fault, and the next message is judged against it.
   */
  take(reader: PayloadReader, payloadBytes: number, payload: () => Uint8Array): void {
    this.received += 1;
    if (payloadBytes < STREAM_BYTES_MIN) {
      this.#faults += 1;
      return;
    }
    const low = this.#tokenSumLow + reader.getUint32(0, true);
    const carry = low >= WORD ? 1 : 0;
    this.#tokenSumLow = low - carry * WORD;
    this.#tokenSumHigh = (this.#tokenSumHigh + reader.getUint32(4, true) + carry) % WORD;
    const sequence = reader.getUint32(SEQUENCE_OFFSET, true);
    if (sequence !== this.#nextSequence) this.#faults += 1;
    this.#nextSequence = (sequence + 1) % WORD;
    if (
      sequence % CHECKED_SHARE === 0 &&
      !fillerFor(payloadBytes).equals(payload().subarray(STREAM_BYTES_MIN))
    ) {
      this.#faults += 1;
    }
  }

  /** The 64 bytes that acknowledge everything so far, valid until the next call of any record. */
  acknowledgement(): Uint8Array {
    acknowledgement.setUint32(0, this.received % WORD, true);
    acknowledgement.setUint32(4, Math.floor(this.received / WORD), true);
    acknowledgement.setUint32(8, this.#tokenSumLow, true);
    acknowledgement.setUint32(12, this.#tokenSumHigh, true);
    acknowledgement.setUint32(16, this.#faults % WORD, true);
    acknowledgement.setUint32(20, Math.floor(this.#faults / WORD), true);
    return acknowledgementBytes;
  }
}
