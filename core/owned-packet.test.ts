import { describe, expect, it } from 'vitest';
import { until } from './contract/connected-pair.js';
import { HighPerformanceTransport } from './high-performance-transport.js';
import type { Packet, Session } from './transport.js';

const SIZES = [0, 1, 50, 500, 3000, 8192, 8193, 20_000, 70_000, 900_000, 2_000_000];

describe('owned packets', () => {
  it('never share memory with another session’s', async () => {
    await using server = await HighPerformanceTransport.create();
    await using client = await HighPerformanceTransport.create();
    const { url } = await server.listen('tcp://127.0.0.1:0');
    const packets = new Map<number, Packet[]>();
    server.on('message', (session, packet) => {
      packets.set(session.id, [...(packets.get(session.id) ?? []), packet]);
    });
    const sessions: Session[] = [];
    for (let i = 0; i < 5; i++) sessions.push(await client.connect(url));
    // None of these bytes occurs in a header of the packets below.
    const fills = sessions.map((_, i) => 0xa1 + i);
    for (let round = 0; round < 20; round++) {
      for (const [i, session] of sessions.entries()) {
        const extHeader = Buffer.alloc(round, fills[i]);
        session.send(Buffer.alloc(SIZES[round % 8], fills[i]), { extHeader });
        session.send(Buffer.alloc(10, fills[i]));
      }
    }
    await until(() => [...packets.values()].flat().length === 200);
    for (const own of packets.values()) {
      const reachable = new Set<number>();
      for (const { payload, extHeader } of own) {
        for (const byte of new Uint8Array(payload.buffer)) reachable.add(byte);
        for (const byte of new Uint8Array(extHeader.buffer)) reachable.add(byte);
      }
      expect(fills.filter((fill) => reachable.has(fill))).toEqual([own[1].payload[0]]);
    }
  });

  it.each(SIZES)('keep %i bytes alone or with few others', async (length) => {
    await using server = await HighPerformanceTransport.create();
    await using client = await HighPerformanceTransport.create();
    const { url } = await server.listen('tcp://127.0.0.1:0');
    const packets: Packet[] = [];
    server.on('message', (_session, packet) => packets.push(packet));
    const session = await client.connect(url);
    const extHeader = Buffer.from('ext');
    for (let i = 0; i < 20; i++) {
      session.send(Buffer.alloc(length, i), { extHeader, bizType: i, highPriority: i === 3 });
      if (length > 100_000) await session.drained();
    }
    await until(() => packets.length === 20);
    for (const [i, packet] of packets.entries()) {
      expect(packet).toMatchObject({
        packetType: 'one-way',
        bizType: i,
        messageId: i + 1,
        highPriority: i === 3,
      });
      expect(packet.payload).toHaveLength(length);
      expect(packet.payload.every((byte) => byte === i)).toBe(true);
      expect(Buffer.from(packet.extHeader).toString()).toBe('ext');
      // The same view each time, and never much more memory than it needs.
      expect(packet.payload).toBe(packet.payload);
      expect(packet.payload.buffer.byteLength).toBeLessThan(length + 3 + 8 * 1024 + 3 * 64);
    }
  });

  it('may be written to, transferred and kept without harm', async () => {
    await using server = await HighPerformanceTransport.create();
    await using client = await HighPerformanceTransport.create();
    const { url } = await server.listen('tcp://127.0.0.1:0');
    const texts: string[] = [];
    server.on('message', (_session, packet) => {
      texts.push(Buffer.from(packet.payload).toString());
      new Uint8Array(packet.payload.buffer).fill(0);
    });
    const session = await client.connect(url);
    for (let i = 0; i < 10; i++) session.send(Buffer.alloc(9000, 65 + i));
    await until(() => texts.length === 10);
    expect(texts.map((text) => text[0]).join('')).toBe('ABCDEFGHIJ');
    server.on('message', (_session, packet) => {
      structuredClone(packet.payload.buffer, { transfer: [packet.payload.buffer as ArrayBuffer] });
    });
    for (let i = 0; i < 10; i++) session.send(Buffer.alloc(9000, 75 + i));
    await until(() => texts.length === 20);
    expect(texts.map((text) => text[0]).join('')).toBe('ABCDEFGHIJKLMNOPQRST');
  });
});
