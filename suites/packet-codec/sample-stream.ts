import { createRandom } from '../../scenarios/harness/statistics/random.js';

/** Packets in a stream, made by hand and not by a codec that is measured: always the same ones. */

const HEADER_BYTES = 16;
const SEED = 20_261_128;
const STREAM_BYTES = 256 * 1024;
const PACKETS_MIN = 16;

export interface SampleStream {
  /** The stream as it is received: whole, or cut at points of chance. */
  chunks: readonly Buffer[];
  packets: number;
  /** What a reader must find: of every packet the id, 31 × its class, 7 × the payload's length and its first byte, added up. */
  tally: number;
}

/** @param fragmentBytes mean size of the pieces; 0 leaves the stream whole */
export function sampleStream(payloadBytes: number, fragmentBytes: number): SampleStream {
  const random = createRandom(SEED);
  const frameBytes = HEADER_BYTES + payloadBytes;
  const packets = Math.max(PACKETS_MIN, Math.floor(STREAM_BYTES / frameBytes));
  const bytes = Buffer.alloc(packets * frameBytes);
  let tally = 0;
  for (let index = 0; index < packets; index++) {
    const at = index * frameBytes;
    const bizType = random.below(256);
    bytes[at] = 1;
    bytes[at + 3] = bizType;
    bytes.writeUInt32BE(index + 1, at + 4);
    bytes.writeUInt32BE(payloadBytes, at + 10);
    bytes.fill(bizType, at + HEADER_BYTES, at + frameBytes);
    // Its payload's first byte is its class, too.
    tally = (tally + index + 1 + bizType * 31 + payloadBytes * 7 + bizType) | 0;
  }
  const chunks: Buffer[] = [];
  for (let at = 0; at < bytes.length; ) {
    const size = fragmentBytes === 0 ? bytes.length : 1 + random.below(2 * fragmentBytes - 1);
    // A copy: what a socket gives is a buffer of its own.
    chunks.push(Buffer.from(bytes.subarray(at, at + size)));
    at += size;
  }
  return { chunks, packets, tally };
}
