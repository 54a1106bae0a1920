import { encodePacket } from '../../core/protocol/packet-codec.js';
import { type ScriptLoop, scriptArm } from '../harness/script-arm.js';
import type { SuiteArm } from '../harness/suite.js';

/** Encoders in TypeScript, each with a loop of its own: a whole packet into a buffer of its own. An operation is one packet. */

const HEADER_BYTES = 16;
const BIZ_TYPE = 7;
const FILLER = 9;
/** 0 to 255 added up. */
const LOW_BYTES_SUM = 32_640;
const NO_BYTES = new Uint8Array(0);

/** The codec of `core/protocol`, which the baseline transport writes with, too. */
function ours(payload: Uint8Array): ScriptLoop['loop'] {
  return (operations) => {
    let tally = 0;
    for (let messageId = 0; messageId < operations; messageId++) {
      const packet = encodePacket({
        packetType: 'request',
        bizType: BIZ_TYPE,
        messageId,
        extHeader: NO_BYTES,
        payload,
        highPriority: false,
      });
      tally = (tally + packet.length + packet[7] + packet[13] + packet[packet.length - 1]) | 0;
    }
    return tally;
  };
}

/** As most write it: a Buffer for the header, joined with the payload. */
function joining(payload: Uint8Array): ScriptLoop['loop'] {
  return (operations) => {
    let tally = 0;
    for (let messageId = 0; messageId < operations; messageId++) {
      const header = Buffer.alloc(HEADER_BYTES);
      header.writeUInt8(1, 0);
      header.writeUInt8(1, 2);
      header.writeUInt8(BIZ_TYPE, 3);
      header.writeUInt32BE(messageId, 4);
      header.writeUInt32BE(payload.length, 10);
      const packet = Buffer.concat([header, payload]);
      tally = (tally + packet.length + packet[7] + packet[13] + packet[packet.length - 1]) | 0;
    }
    return tally;
  };
}

/** With a DataView on memory that nobody fills with zeros first: every byte of a packet is written. */
function dataView(payload: Uint8Array): ScriptLoop['loop'] {
  return (operations) => {
    let tally = 0;
    for (let messageId = 0; messageId < operations; messageId++) {
      const packet = Buffer.allocUnsafe(HEADER_BYTES + payload.length);
      const view = new DataView(packet.buffer, packet.byteOffset, packet.length);
      view.setUint32(0, 0x0100_0100 | BIZ_TYPE);
      view.setUint32(4, messageId);
      view.setUint16(8, 0);
      view.setUint32(10, payload.length);
      view.setUint16(14, 0);
      packet.set(payload, HEADER_BYTES);
      tally = (tally + packet.length + packet[7] + packet[13] + packet[packet.length - 1]) | 0;
    }
    return tally;
  };
}

/** Of packets with the ids from 0 on: their lengths, the low bytes of their ids and of their payloads' lengths, a last byte each. */
function expectedOf(payloadBytes: number, operations: number): number {
  const each = HEADER_BYTES + payloadBytes + (payloadBytes & 0xff) + FILLER;
  const wholeTurns = Math.floor(operations / 256);
  const rest = operations % 256;
  return (Math.imul(each, operations) + Math.imul(wholeTurns, LOW_BYTES_SUM) + (rest * (rest - 1)) / 2) | 0;
}

export function encodingArms(payloadBytes: number): readonly SuiteArm[] {
  const expected = (operations: number): number => expectedOf(payloadBytes, operations);
  const payload = new Uint8Array(payloadBytes).fill(FILLER);
  return [
    scriptArm('native', () => ({ loop: ours(payload), expected })),
    scriptArm('baseline', () => ({ loop: joining(payload), expected })),
    scriptArm('rival:data-view', () => ({ loop: dataView(payload), expected })),
  ];
}
