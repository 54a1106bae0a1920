import { afterEach, describe, expect, it } from 'vitest';
import { UnreadPeer } from './faults/unread-peer.js';
import { HighPerformanceTransport } from './high-performance-transport.js';
import type { Message } from './message.js';
import { encodePacket, NO_BYTES } from './protocol/packet-codec.js';
import type { Packet, Session } from './transport.js';

const open: AsyncDisposable[] = [];
afterEach(async () => {
  for (const one of open.splice(0).reverse()) await one[Symbol.asyncDispose]();
});

async function until(done: () => boolean): Promise<void> {
  while (!done()) await new Promise((resolve) => setImmediate(resolve));
}

function patterned(bytes: number, seed: number): Uint8Array {
  return Uint8Array.from({ length: bytes }, (_, i) => (i * 31 + seed * 17 + (i >>> 8)) & 0xff);
}

async function nextOf(session: Session): Promise<Packet> {
  for await (const packet of session) return packet;
  throw new Error('the session ended');
}

/** A server that hands what comes on `from` to `handler`, with the session of `to`. */
async function relay(
  handler: (message: Message, target: Session) => unknown,
  url = 'tcp://127.0.0.1:0',
): Promise<{ server: HighPerformanceTransport; from: Session; to: Session }> {
  const server = await HighPerformanceTransport.create();
  const client = await HighPerformanceTransport.create();
  open.push({ [Symbol.asyncDispose]: () => server.close({ drainTimeoutMs: 0 }) });
  open.push({ [Symbol.asyncDispose]: () => client.close({ drainTimeoutMs: 0 }) });
  const accepted: Session[] = [];
  server.on('session', (session) => accepted.push(session));
  const listener = await server.listen('tcp://127.0.0.1:0');
  const other = url === 'tcp://127.0.0.1:0' ? listener : await server.listen(url);
  const from = await client.connect(listener.url);
  const to = await client.connect(other.url);
  await until(() => accepted.length === 2);
  const target = accepted[1];
  server.onBatch((batch) => {
    for (const message of batch) handler(message, target);
  });
  return { server, from, to };
}

const LARGE = [8_300, 20_000, 60_000, 150_000, 1_000_000, 1_500_000, 5_000_000];

describe('forward', () => {
  it.each(LARGE)('passes %i bytes on from where they lie', async (bytes) => {
    const extHeader = patterned(7, 3);
    const { server, from, to } = await relay((message, target) => message.forward(target, { extHeader }));
    const body = patterned(bytes, 1);
    from.send(body, { bizType: 77 });
    const packet = await nextOf(to);
    expect(Buffer.compare(packet.payload, body)).toBe(0);
    expect(Buffer.compare(packet.extHeader, extHeader)).toBe(0);
    expect([packet.bizType, packet.packetType, packet.messageId]).toEqual([77, 'one-way', 1]);
    const { forwardCopies, payloadCopies } = server.counters();
    expect(forwardCopies).toBe(0);
    // The head of a large frame, on its way in.
    expect(payloadCopies).toBeLessThanOrEqual(1);
    await until(() => server.counters().slicesLent === 0 && server.counters().queuedBytes === 0);
  });

  it('copies small messages, word by word or not, and counts them', async () => {
    const { server, from, to } = await relay((message, target) => message.forward(target, { bizType: 1 }));
    const sizes = [0, 1, 3, 4, 5, 64, 255, 256, 257, 1000, 5000];
    for (const [i, bytes] of sizes.entries())
      from.send(patterned(bytes, i), { extHeader: patterned(i % 3, i) });
    const packets: Packet[] = [];
    for await (const packet of to) if (packets.push(packet) === sizes.length) break;
    for (const [i, packet] of packets.entries()) {
      expect(Buffer.compare(packet.payload, patterned(sizes[i], i)), `${sizes[i]} bytes`).toBe(0);
      expect(packet.extHeader.length).toBe(0);
    }
    expect(server.counters().forwardCopies).toBe(sizes.length);
  });

  it('passes large payloads on to sessions in process, and copies small ones', async () => {
    const { server, from, to } = await relay((message, target) => message.forward(target), 'mem://');
    const sizes = [10, 16_383, 16_384, 65_536, 300_000, 1_048_576, 1_500_000];
    for (const bytes of sizes) {
      from.send(patterned(bytes, 5));
      expect(Buffer.compare((await nextOf(to)).payload, patterned(bytes, 5))).toBe(0);
    }
    const { forwardCopies, payloadCopies } = server.counters();
    expect(forwardCopies).toBe(2);
    // The head of the first large frame, on its way in.
    expect(payloadCopies).toBeLessThanOrEqual(1);
    await until(() => server.counters().slicesLent === 0 && server.counters().queuedBytes === 0);
  });

  it('keeps what a slow peer has not taken, whole, while its buffers are used for others', async () => {
    const { server, from, to } = await relay((message, target) => message.forward(target));
    const bodies = Array.from({ length: 30 }, (_, i) => patterned(400_000 + i, i));
    for (const body of bodies) from.send(body);
    const received: Packet[] = [];
    for await (const packet of to) if (received.push(packet) === bodies.length) break;
    for (const [i, packet] of received.entries()) expect(Buffer.compare(packet.payload, bodies[i])).toBe(0);
    await until(() => server.counters().slicesLent === 0);
    expect(server.counters().queuedBytes).toBe(0);
  });

  it('sends the bytes of the message although its handler looked at them, and kept the view', async () => {
    const kept: Uint8Array[] = [];
    const { from, to } = await relay((message, target) => {
      kept.push(message.payload());
      message.forward(target);
    });
    for (const bytes of [1000, 20_000, 1_500_000]) {
      from.send(patterned(bytes, 4));
      expect(Buffer.compare((await nextOf(to)).payload, patterned(bytes, 4))).toBe(0);
    }
    expect(kept.map((view) => view.length)).toEqual([0, 0, 0]);
  });

  it('answers one message with the payload of another', async () => {
    let first: Uint8Array | undefined;
    const { server, from } = await relay((message) => {
      if (message.packetType !== 'request') return;
      first = message.copy().payload;
      message.reply(message, { bizType: 3 });
    });
    for (const bytes of [5, 9_000, 700_000, 2_000_000]) {
      const answer = await from.request(patterned(bytes, 8));
      expect(Buffer.compare(answer.payload, patterned(bytes, 8))).toBe(0);
      expect(answer.bizType).toBe(3);
      expect(first?.length).toBe(bytes);
    }
    expect(server.counters().forwardCopies).toBe(1);
  });

  it('copies no large payload that it answers a slow client with', async () => {
    const server = await HighPerformanceTransport.create({ zeroCopyBuffers: { largeBuffers: 512 } });
    open.push({ [Symbol.asyncDispose]: () => server.close({ drainTimeoutMs: 0 }) });
    server.onBatch((batch) => {
      for (const message of batch) message.reply(message);
    });
    const listener = await server.listen('tcp://127.0.0.1:0');
    const peer = await UnreadPeer.connect(server, listener);
    open.push(peer);
    const bodies = Array.from({ length: 250 }, (_, i) => patterned(60_000, i));
    for (const [i, payload] of bodies.entries()) {
      const [packetType, extHeader] = ['request' as const, NO_BYTES];
      peer.socket.write(
        encodePacket({ packetType, bizType: 0, messageId: i + 1, extHeader, payload, highPriority: false }),
      );
    }
    await until(() => server.counters().messagesReceived === bodies.length);
    expect(peer.session.bufferedBytes).toBeGreaterThan(2_000_000);
    peer.read();
    await until(() => peer.packets.length === bodies.length);
    for (const [i, { payload, packetType }] of peer.packets.entries()) {
      expect([Buffer.compare(payload, bodies[i]), packetType]).toEqual([0, 'response']);
    }
    // The head of the first, read with its header.
    expect(server.counters().payloadCopies).toBeLessThanOrEqual(1);
    expect(server.counters().forwardCopies).toBe(0);
  });

  it('fails for a message whose handler has returned, and for sessions that are closed', async () => {
    const kept: Message[] = [];
    const { from, to } = await relay((message, target) => {
      kept.push(message);
      message.forward(target);
    });
    from.send(patterned(20_000, 1));
    await nextOf(to);
    expect(() => kept[0].forward(from)).toThrow(
      expect.objectContaining({ code: 'ERR_MSGTRANS_STALE_MESSAGE' }),
    );
  });
});
