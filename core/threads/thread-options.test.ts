import { once } from 'node:events';
import { connect } from 'node:net';
import { availableParallelism } from 'node:os';
import { describe, expect, it } from 'vitest';
import { bytesOf, textOf, until } from '../contract/connected-pair.js';
import { HighPerformanceTransport } from '../high-performance-transport.js';
import type { TransportOptions } from '../options.js';
import { encodePacket } from '../protocol/packet-codec.js';
import { machineTopology } from '../topology.js';
import type { CloseReason, Packet } from '../transport.js';
import { reactorThreads } from './thread-listing.js';

const NODES = machineTopology().nodes.filter(({ cpus }) => cpus.length > 0).length;

/** A transport with a session to itself, both ends on its reactors. */
async function busyTransport(options: TransportOptions) {
  const transport = await HighPerformanceTransport.create(options);
  transport.on('message', (session, packet) => session.reply(packet, packet.payload));
  const listener = await transport.listen('tcp://127.0.0.1:0');
  const session = await transport.connect(listener.url);
  return { transport, session };
}

describe('options of reactors on threads of their own', () => {
  it.each([0, 1, 2])('starts %i threads for each node, and ends them with the transport', async (count) => {
    const { transport, session } = await busyTransport({ workersPerNumaNode: count });
    expect(reactorThreads()).toHaveLength(count * NODES);
    expect(transport.performanceSnapshot().reactors).toHaveLength(count * NODES + 1);
    expect(textOf(await session.request(bytesOf('there')))).toBe('there');
    await transport.close();
    expect(reactorThreads()).toEqual([]);
  });

  it.runIf(availableParallelism() > 1)('pins the threads when told to, and not otherwise', async () => {
    await using pinned = await HighPerformanceTransport.create({
      workersPerNumaNode: 1,
      enableNumaOptimization: true,
    });
    expect(reactorThreads()[0].cpus).toMatch(/^\d+$/);
    await pinned.close();
    await using free = await HighPerformanceTransport.create({
      workersPerNumaNode: 1,
      enableNumaOptimization: false,
    });
    expect(reactorThreads()[0].cpus).not.toMatch(/^\d+$/);
    await free.close();
  });

  it('refuses more reactors than a process can have, and starts none', async () => {
    await using _other = await HighPerformanceTransport.create();
    await expect(HighPerformanceTransport.create({ workersPerNumaNode: 255 })).rejects.toThrow(/256/);
    expect(reactorThreads()).toEqual([]);
  });

  it('shares the buffers out over the reactors of the transport', async () => {
    const zeroCopyBuffers = { smallBuffers: 640, mediumBuffers: 64, largeBuffers: 96, hugeBuffers: 6 };
    const count = async (workersPerNumaNode: number) => {
      await using transport = await HighPerformanceTransport.create({ workersPerNumaNode, zeroCopyBuffers });
      const each = transport.performanceSnapshot().reactors;
      return { each: each.length, gauges: each.map(({ gauges }) => gauges.slicesInService) };
    };
    const inline = await count(0);
    const threaded = await count(1);
    expect(threaded.each).toBe(NODES + 1);
    const all = threaded.gauges.reduce((sum, free) => sum + free, 0);
    expect(all).toBe(inline.gauges[0]);
    for (const free of threaded.gauges) expect(free).toBeLessThan(inline.gauges[0]);
  });

  it('looks for news for spinTimeUs before it sleeps, while there are any', async () => {
    const sleeps = async (spinTimeUs: number) => {
      const { transport, session } = await busyTransport({ workersPerNumaNode: 1, spinTimeUs });
      const before = reactorThreads()[0].sleeps;
      // The reactor waits for JavaScript between any two of them, for less than the bound.
      for (let i = 0; i < 500; i++) await session.request(bytesOf('wake'));
      const spent = reactorThreads()[0].sleeps - before;
      await transport.close();
      return spent;
    };
    const without = await sleeps(0);
    expect(without).toBeGreaterThan(400);
    expect(await sleeps(1_000)).toBeLessThan(without / 2);
  });

  it('gives every session a small integer of its own, over all reactors', async () => {
    await using transport = await HighPerformanceTransport.create({ workersPerNumaNode: 2 });
    const slots = new Map<number, number>();
    transport.on('session', (session) => slots.set(session.id, transport.sessionSlot(session.id)));
    const seen = new Map<number, number>();
    transport.onBatch((batch) => {
      for (const message of batch) seen.set(message.sessionId, message.sessionSlot);
    });
    await using client = await HighPerformanceTransport.create();
    const [tcp, mem] = [await transport.listen('tcp://127.0.0.1:0'), await transport.listen('mem://')];
    const sessions = [];
    for (let i = 0; i < 40; i++) sessions.push(await client.connect(tcp.url), await client.connect(mem.url));
    for (const session of sessions) session.send(bytesOf('hello'));
    await until(() => seen.size === sessions.length);
    expect(seen).toEqual(slots);
    expect(new Set(slots.values()).size).toBe(sessions.length);
    // Dense enough to index an array with.
    expect(Math.max(...slots.values())).toBeLessThan(sessions.length * 2 * (2 * NODES + 1));
  });
});

describe.each([0, 1])('a transport with %i reactors on threads of their own', (workersPerNumaNode) => {
  it('answers the last request of a peer that sent its end right behind it', async () => {
    await using server = await HighPerformanceTransport.create({ workersPerNumaNode });
    const listener = await server.listen('tcp://127.0.0.1:0');
    const closed = new Promise<CloseReason>((resolve) =>
      server.on('close', (_session, reason) => resolve(reason)),
    );
    server.on('message', (session, packet) => {
      // Long enough for the end to be read meanwhile, where another thread reads it.
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 50);
      session.reply(packet, packet.payload);
    });
    const socket = connect({ port: listener.port, host: '127.0.0.1', allowHalfOpen: true });
    let received = 0;
    socket.on('data', (chunk: Buffer) => {
      received += chunk.length;
    });
    const request = encodePacket({
      packetType: 'request',
      bizType: 0,
      messageId: 1,
      extHeader: new Uint8Array(0),
      payload: bytesOf('last words'),
    } as Packet);
    socket.end(request);
    await once(socket, 'end');
    expect(received).toBe(request.length);
    expect((await closed).code).toBeUndefined();
  });
});
