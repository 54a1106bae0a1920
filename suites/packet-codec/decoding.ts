import { PacketDecoder } from '../../core/protocol/packet-decoder.js';
import { scriptWorkload } from '../harness/script-arm.js';
import type { Made, SuiteArm, SuiteParameters } from '../harness/suite.js';
import { type SampleStream, sampleStream } from './sample-stream.js';

/** Decoders in TypeScript, each with a loop of its own. An operation is one packet; whole passes over the stream are made. */

const HEADER_BYTES = 16;

/**
 * One pass over the chunks of a stream, and its tally. Each arm adds up by itself: a function that all shared would be
 * compiled for the payloads of all.
 */
type Pass = (stream: SampleStream) => number;

function decodingArm(name: string, makePass: () => Pass): SuiteArm {
  const make = ({ payloadBytes, fragmentBytes = 0 }: SuiteParameters): Made => {
    const stream = sampleStream(payloadBytes, fragmentBytes);
    const pass = makePass();
    return {
      workload: scriptWorkload(stream.packets, {
        loop(passes) {
          let tally = 0;
          for (let index = 0; index < passes; index++) tally = (tally + pass(stream)) | 0;
          return tally;
        },
        expected: (passes) => Math.imul(stream.tally, passes),
      }),
    };
  };
  return { name, make };
}

/** The codec of `core/protocol`, which the baseline transport reads with, too. */
const ours = decodingArm('native', () => {
  const decoder = new PacketDecoder();
  return ({ chunks }) => {
    let tally = 0;
    for (const chunk of chunks) {
      for (const { messageId, bizType, payload } of decoder.push(chunk)) {
        tally = (tally + messageId + bizType * 31 + payload.length * 7 + payload[0]) | 0;
      }
    }
    return tally;
  };
});

/** As most write it: what has come is joined to one Buffer, packets are cut off its front. */
const joining = decodingArm('baseline', () => {
  let pending: Buffer = Buffer.alloc(0);
  return ({ chunks }) => {
    let tally = 0;
    for (const chunk of chunks) {
      pending = pending.length === 0 ? chunk : Buffer.concat([pending, chunk]);
      while (pending.length >= HEADER_BYTES) {
        if (pending.readUInt8(0) !== 1) throw new Error('unknown version');
        if (pending.readUInt8(1) !== 0) throw new Error('compressed');
        if (pending.readUInt8(2) > 2) throw new Error('unknown packet type');
        if ((pending.readUInt16BE(14) & 1) !== 0) throw new Error('fragmented');
        const payloadOffset = HEADER_BYTES + pending.readUInt16BE(8);
        const frameBytes = payloadOffset + pending.readUInt32BE(10);
        if (pending.length < frameBytes) break;
        const payload = pending.subarray(payloadOffset, frameBytes);
        const messageId = pending.readUInt32BE(4);
        tally = (tally + messageId + pending.readUInt8(3) * 31 + payload.length * 7 + payload[0]) | 0;
        pending = pending.subarray(frameBytes);
      }
    }
    return tally;
  };
});

/** With a DataView on each chunk and an offset in it; only an incomplete tail is joined to what comes next. */
const dataView = decodingArm('rival:data-view', () => {
  let tail: Uint8Array = new Uint8Array(0);
  return ({ chunks }) => {
    let tally = 0;
    for (const chunk of chunks) {
      let bytes: Uint8Array = chunk;
      if (tail.length > 0) {
        bytes = Buffer.allocUnsafe(tail.length + chunk.length);
        bytes.set(tail);
        bytes.set(chunk, tail.length);
      }
      const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
      let at = 0;
      while (bytes.length - at >= HEADER_BYTES) {
        if (view.getUint16(at) !== 0x0100) throw new Error('unknown version, or compressed');
        if (view.getUint8(at + 2) > 2) throw new Error('unknown packet type');
        if ((view.getUint16(at + 14) & 1) !== 0) throw new Error('fragmented');
        const payloadAt = at + HEADER_BYTES + view.getUint16(at + 8);
        const end = payloadAt + view.getUint32(at + 10);
        if (end > bytes.length) break;
        const payload = new Uint8Array(bytes.buffer, bytes.byteOffset + payloadAt, end - payloadAt);
        const messageId = view.getUint32(at + 4);
        tally = (tally + messageId + view.getUint8(at + 3) * 31 + payload.length * 7 + payload[0]) | 0;
        at = end;
      }
      tail = bytes.subarray(at);
    }
    return tally;
  };
});

export const decodingArms: readonly SuiteArm[] = [ours, joining, dataView];
