import { existsSync, readdirSync, readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Packet, PacketType } from '../transport.js';
import { decodeHeader, decodePacket, encodePacket } from './packet-codec.js';
import { HEADER_BYTES } from './wire-layout.generated.js';

const PACKET_TYPES: PacketType[] = ['one-way', 'request', 'response'];

interface Vector {
  packet_type: number;
  biz_type: number;
  message_id: number;
  ext_header_hex: string;
  payload_hex: string;
  reserved: number;
}

function packetOf(vector: Vector): Packet {
  return {
    packetType: PACKET_TYPES[vector.packet_type],
    bizType: vector.biz_type,
    messageId: vector.message_id,
    extHeader: Buffer.from(vector.ext_header_hex, 'hex'),
    payload: Buffer.from(vector.payload_hex, 'hex'),
    highPriority: (vector.reserved & 2) !== 0,
  };
}

function vectorOf(packet: Packet): Vector {
  return {
    packet_type: PACKET_TYPES.indexOf(packet.packetType),
    biz_type: packet.bizType,
    message_id: packet.messageId,
    ext_header_hex: Buffer.from(packet.extHeader).toString('hex'),
    payload_hex: Buffer.from(packet.payload).toString('hex'),
    reserved: packet.highPriority ? 2 : 0,
  };
}

function vector(type: number, biz: number, id: number, extHeader = '', payload = ''): Vector {
  return {
    packet_type: type,
    biz_type: biz,
    message_id: id,
    ext_header_hex: Buffer.from(extHeader).toString('hex'),
    payload_hex: Buffer.from(payload).toString('hex'),
    reserved: 0,
  };
}

/** The format's published test vectors, so that the test is complete without the files. */
const VECTORS: [name: string, bytes: string, Vector][] = [
  ['one-way, empty', '01000000000000010000000000000000', vector(0, 0, 1)],
  [
    'one-way, text',
    '010000050000002a00000000000b000068656c6c6f20776f726c64',
    vector(0, 5, 42, '', 'hello world'),
  ],
  ['request', '0100010a0000006400000000000400' + '0070696e67', vector(1, 10, 100, '', 'ping')],
  ['response', '0100020a0000006400000000000400' + '00706f6e67', vector(2, 10, 100, '', 'pong')],
  [
    'ext header',
    '0100000000000007000900000004' + '0000726f7574653a61626364617461',
    vector(0, 0, 7, 'route:abc', 'data'),
  ],
  ['largest biz type', '010000ffdeadbeef0000000000000000', vector(0, 255, 0xdeadbeef)],
];

const FIXTURES = new URL('../../../shared/wire/fixtures/', import.meta.url);

const packets = fc.record({
  packetType: fc.constantFrom(...PACKET_TYPES),
  bizType: fc.nat({ max: 255 }),
  messageId: fc.nat({ max: 0xffffffff }),
  extHeader: fc.uint8Array({ maxLength: 64 }),
  payload: fc.uint8Array({ maxLength: 512 }),
  highPriority: fc.boolean(),
});

describe('packet codec', () => {
  it.each(VECTORS)('encodes and decodes the vector %s byte for byte', (_name, hex, expected) => {
    expect(encodePacket(packetOf(expected)).toString('hex')).toBe(hex);
    expect(vectorOf(decodePacket(Buffer.from(hex, 'hex')))).toEqual(expected);
  });

  it.skipIf(!existsSync(FIXTURES))('agrees with every fixture file', () => {
    const names = readdirSync(FIXTURES).filter((name) => name.endsWith('.json'));
    expect(names.length).toBeGreaterThanOrEqual(6);
    for (const name of names) {
      const { version, compression, ...expected } = JSON.parse(
        readFileSync(new URL(name, FIXTURES), 'utf8'),
      ) as Vector & { version: number; compression: number };
      const bytes = readFileSync(new URL(name.replace('.json', '.bin'), FIXTURES));
      expect([version, compression]).toEqual([1, 0]);
      expect(encodePacket(packetOf(expected)).equals(bytes), name).toBe(true);
      expect(vectorOf(decodePacket(bytes)), name).toEqual(expected);
    }
  });

  it('gives back every packet it encodes', () => {
    fc.assert(
      fc.property(packets, (packet) => {
        expect(vectorOf(decodePacket(encodePacket(packet)))).toEqual(vectorOf(packet));
      }),
    );
  });

  it('ignores reserved bits it does not know, the route tag among them', () => {
    const bytes = encodePacket(packetOf(vector(0, 1, 2)));
    bytes.writeUInt16BE(0xfffc, 14);
    expect(decodePacket(bytes).highPriority).toBe(false);
    bytes.writeUInt16BE(0xfffe, 14);
    expect(decodePacket(bytes).highPriority).toBe(true);
  });

  it('sends nothing above the limits and says value and limit', () => {
    const limits = { payloadBytesMax: 10, extHeaderBytesMax: 3 };
    const packet = packetOf(vector(0, 0, 1, 'abc', '0123456789'));
    expect(encodePacket(packet, limits)).toHaveLength(HEADER_BYTES + 13);
    expect(() => encodePacket({ ...packet, payload: new Uint8Array(11) }, limits)).toThrow(
      expect.objectContaining({
        code: 'ERR_MSGTRANS_PAYLOAD_TOO_LARGE',
        message: expect.stringMatching(/11 .*10 /),
      }),
    );
    expect(() => encodePacket({ ...packet, extHeader: new Uint8Array(4) }, limits)).toThrow(
      expect.objectContaining({
        code: 'ERR_MSGTRANS_EXT_HEADER_TOO_LARGE',
        message: expect.stringMatching(/4 .*3 /),
      }),
    );
    expect(() => encodePacket({ ...packet, extHeader: new Uint8Array(65_536) })).toThrow(
      expect.objectContaining({ code: 'ERR_MSGTRANS_EXT_HEADER_TOO_LARGE' }),
    );
  });

  it('refuses fewer and more bytes than one packet', () => {
    const bytes = encodePacket(packetOf(vector(0, 0, 1, 'ext', 'payload')));
    for (let length = 0; length < bytes.length; length += 1) {
      expect(() => decodePacket(bytes.subarray(0, length))).toThrow(
        expect.objectContaining({ code: 'ERR_MSGTRANS_PROTOCOL_TRUNCATED' }),
      );
    }
    expect(() => decodePacket(Buffer.concat([bytes, Buffer.from([0])]))).toThrow(
      expect.objectContaining({ code: 'ERR_MSGTRANS_INVALID_ARGUMENT' }),
    );
  });

  it('judges the fields in the order of the header', () => {
    const header = Buffer.alloc(HEADER_BYTES, 0xff);
    const codes: string[] = [];
    const fixes = [
      () => header.writeUInt8(1, 0),
      () => header.writeUInt8(0, 1),
      () => header.writeUInt8(0, 2),
      () => header.writeUInt16BE(0, 14),
      () => header.writeUInt16BE(0, 8),
      () => header.writeUInt32BE(0, 10),
    ];
    const limits = { payloadBytesMax: 1, extHeaderBytesMax: 1 };
    for (const fix of fixes) {
      try {
        decodeHeader(header, 0, limits);
      } catch (error) {
        codes.push((error as { code: string }).code);
      }
      fix();
    }
    expect(codes).toEqual([
      'ERR_MSGTRANS_PROTOCOL_VERSION',
      'ERR_MSGTRANS_PROTOCOL_COMPRESSION',
      'ERR_MSGTRANS_PROTOCOL_PACKET_TYPE',
      'ERR_MSGTRANS_PROTOCOL_FRAGMENTED',
      'ERR_MSGTRANS_EXT_HEADER_TOO_LARGE',
      'ERR_MSGTRANS_PAYLOAD_TOO_LARGE',
    ]);
    expect(decodeHeader(header, 0, limits).packetType).toBe('one-way');
  });
});
