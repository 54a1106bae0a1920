/** A transport that is connected with itself, and others on the same thread. */
import { describe, expect, it } from 'vitest';
import { bytesOf, textOf, until } from '../contract/connected-pair.js';
import { HighPerformanceTransport } from '../high-performance-transport.js';
import type { Session } from '../transport.js';

describe('a transport that is connected with itself', () => {
  it('has both ends, and carries messages and answers both ways', async () => {
    await using transport = await HighPerformanceTransport.create();
    const accepted: Session[] = [];
    const texts = new Map<number, string[]>();
    transport.on('session', (session) => accepted.push(session));
    transport.on('message', (session, packet) => {
      texts.set(session.id, [...(texts.get(session.id) ?? []), textOf(packet)]);
      if (packet.packetType === 'request') session.reply(packet, bytesOf(`re: ${textOf(packet)}`));
    });
    const { url } = await transport.listen('mem://');
    const session = await transport.connect(url);
    await until(() => accepted.length === 1);
    const [other] = accepted;
    expect(other.id).not.toBe(session.id);
    for (let i = 0; i < 100; i += 1) {
      session.send(bytesOf(`to ${i}`));
      other.send(bytesOf(`back ${i}`));
    }
    session.send(new Uint8Array(3_000_000));
    expect(textOf(await session.request(bytesOf('there?')))).toBe('re: there?');
    expect(textOf(await other.request(bytesOf('here?')))).toBe('re: here?');
    expect(texts.get(other.id)).toHaveLength(102);
    expect(texts.get(other.id)!.slice(0, 3)).toEqual(['to 0', 'to 1', 'to 2']);
    expect(texts.get(session.id)!.slice(-2)).toEqual(['back 99', 'here?']);
    await session.close();
    await until(() => other.closed);
  });

  it('is told to wait and to go on like any other', async () => {
    await using transport = await HighPerformanceTransport.create({ writeQueueHighWatermarkBytes: 10_000 });
    let bytes = 0;
    let drains = 0;
    transport.on('message', (_session, packet) => {
      bytes += packet.payload.length;
    });
    transport.on('drain', () => {
      drains += 1;
    });
    const { url } = await transport.listen('mem://');
    const session = await transport.connect(url);
    while (session.send(new Uint8Array(1000)));
    await session.drained();
    expect(bytes).toBe(10_000);
    expect(drains).toBe(1);
    expect(session.bufferedBytes).toBe(0);
  });
});
