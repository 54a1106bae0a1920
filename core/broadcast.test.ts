import { afterEach, describe, expect, it } from 'vitest';
import { HighPerformanceTransport } from './high-performance-transport.js';
import type { TransportOptions } from './options.js';
import type { Packet, Session } from './transport.js';

const open: AsyncDisposable[] = [];
afterEach(async () => {
  for (const one of open.splice(0).reverse()) await one[Symbol.asyncDispose]();
});

async function transport(options?: TransportOptions): Promise<HighPerformanceTransport> {
  const made = await HighPerformanceTransport.create(options);
  open.push({ [Symbol.asyncDispose]: () => made.close({ drainTimeoutMs: 0 }) });
  return made;
}

interface Scene {
  server: HighPerformanceTransport;
  client: HighPerformanceTransport;
  /** The client's sessions; the server has as many. */
  sessions: Session[];
}

async function scene(count: number, options?: TransportOptions, url = 'tcp://127.0.0.1:0'): Promise<Scene> {
  const server = await transport(options);
  const client = await transport(options);
  const listener = await server.listen(url);
  let accepted = 0;
  server.on('session', () => {
    accepted += 1;
  });
  const sessions: Session[] = [];
  for (let i = 0; i < count; i++) sessions.push(await client.connect(listener.url));
  await until(() => accepted === count);
  return { server, client, sessions };
}

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

describe('broadcast', () => {
  it.each([10_000, 60_000, 300_000])(
    'sends a received frame of %i bytes to 200 sockets without copying it',
    async (bytes) => {
      const { server, sessions } = await scene(200);
      const body = patterned(bytes, 1);
      const results: unknown[] = [];
      server.onBatch((batch) => {
        for (const message of batch) results.push(server.broadcast(message));
      });
      const before = server.counters();
      sessions[0].send(body, { bizType: 9 });
      const packets = await Promise.all(sessions.map(nextOf));
      expect(results).toEqual([{ accepted: 200, skipped: 0 }]);
      for (const packet of packets) {
        expect(Buffer.compare(packet.payload, body)).toBe(0);
        expect([packet.bizType, packet.messageId, packet.packetType]).toEqual([9, 0, 'one-way']);
      }
      const after = server.counters();
      expect(after.forwardCopies - before.forwardCopies).toBe(0);
      await until(() => server.counters().queuedBytes === 0 && server.counters().slicesLent === 0);
      // The head of a large frame that begins in a shared read is moved into its own slice: received, not sent.
      expect(after.payloadCopies - before.payloadCopies).toBeLessThanOrEqual(1);
    },
    60_000,
  );

  it.each([0, 1, 48, 49, 1000, 20_000, 100_000, 1_500_000])(
    'sends %i bytes of its own to every session with all that the options say',
    async (bytes) => {
      const { server, sessions } = await scene(5);
      const body = patterned(bytes, 2);
      const extHeader = patterned(33, 3);
      const sent = server.broadcast(body, { bizType: 200, extHeader, highPriority: true });
      // Not the caller's memory any more.
      body.fill(0);
      expect(sent).toEqual({ accepted: 5, skipped: 0 });
      for (const packet of await Promise.all(sessions.map(nextOf))) {
        expect(Buffer.compare(packet.payload, patterned(bytes, 2))).toBe(0);
        expect(Buffer.compare(packet.extHeader, extHeader)).toBe(0);
        expect([packet.bizType, packet.messageId, packet.highPriority]).toEqual([200, 0, true]);
      }
      await until(() => server.counters().slicesLent === 0);
    },
  );

  it('reaches those that were named, and skips what is closed or of another transport', async () => {
    const { server, client, sessions } = await scene(3);
    const ids: number[] = [];
    server.on('message', (session) => ids.push(session.id));
    for (const session of sessions) {
      session.send(new Uint8Array(1));
      await session.drained();
    }
    await until(() => ids.length === 3);
    const gone = ids[1];
    await sessions[1].close();
    await until(() => server.session(gone) === undefined);
    expect(server.broadcast(new Uint8Array(5000), { sessions: [...ids, 0, sessions[0].id] })).toEqual({
      accepted: 2,
      skipped: 3,
    });
    expect((await nextOf(sessions[0])).payload.length).toBe(5000);
    expect((await nextOf(sessions[2])).payload.length).toBe(5000);
    expect(client.broadcast(new Uint8Array(1), { sessions: [] })).toEqual({ accepted: 0, skipped: 0 });
  });

  it('reaches sessions in process and on threads of their own', async () => {
    for (const [url, options] of [
      ['mem://', {}],
      ['tcp://127.0.0.1:0', { workersPerNumaNode: 1 }],
    ] as const) {
      const { server, sessions } = await scene(4, options, url);
      for (const bytes of [10, 5000, 200_000]) {
        const body = patterned(bytes, bytes);
        expect(server.broadcast(body)).toEqual({ accepted: 4, skipped: 0 });
        for (const packet of await Promise.all(sessions.map(nextOf))) {
          expect(Buffer.compare(packet.payload, body)).toBe(0);
        }
      }
    }
  }, 60_000);

  it.each(['drop-newest', 'throw', 'close'] as const)(
    'skips slow consumers under %s',
    async (slowConsumerPolicy) => {
      const options = {
        slowConsumerPolicy,
        writeQueueBytesMax: 200_000,
        writeQueueHighWatermarkBytes: 100_000,
      };
      const server = await transport(options);
      const client = await transport();
      const listener = await server.listen('tcp://127.0.0.1:0');
      const closed: (string | undefined)[] = [];
      const accepted: Session[] = [];
      server.on('session', (session) => accepted.push(session));
      server.on('close', (_, reason) => closed.push(reason.code));
      const quick = await client.connect(listener.url);
      await client.connect(listener.url);
      await until(() => accepted.length === 2);
      let received = 0;
      client.on('message', (session) => {
        if (session === quick) received += 1;
      });
      // Both read, but not before this turn is over.
      const body = new Uint8Array(150_000);
      let sent = 0;
      let skips = 0;
      while (skips === 0 && sent < 2000) {
        const result = server.broadcast(body);
        skips += result.skipped;
        sent += 1;
      }
      expect(skips).toBeGreaterThan(0);
      if (slowConsumerPolicy === 'drop-newest') expect(server.counters().messagesDropped).toBe(skips);
      if (slowConsumerPolicy === 'close') {
        await until(() => closed.length >= skips);
        expect(closed).toContain('ERR_MSGTRANS_SLOW_CONSUMER');
      } else {
        await until(() => received >= sent - skips);
        expect(closed).toEqual([]);
      }
    },
  );

  it('refuses what no session could take', async () => {
    const server = await transport({ payloadBytesMax: 1000 });
    const call = (body: unknown, options?: object) => () => server.broadcast(body as Uint8Array, options);
    expect(call('text')).toThrow(expect.objectContaining({ code: 'ERR_MSGTRANS_INVALID_ARGUMENT' }));
    expect(call(new Uint8Array(1001))).toThrow(
      expect.objectContaining({ code: 'ERR_MSGTRANS_PAYLOAD_TOO_LARGE' }),
    );
    expect(call(new Uint8Array(1), { bizType: 256 })).toThrow(
      expect.objectContaining({ code: 'ERR_MSGTRANS_INVALID_ARGUMENT' }),
    );
    await server.close();
    expect(call(new Uint8Array(1))).toThrow(expect.objectContaining({ code: 'ERR_MSGTRANS_CLOSED' }));
  });

  it('says so when no buffer is left', async () => {
    const { server } = await scene(2, { bufferBytesMax: 1_200_000 });
    const body = new Uint8Array(1_100_000);
    // As many as the tier of 1 MB has, and one mapping of its own.
    expect(() => {
      for (let i = 0; i < 50; i++) server.broadcast(body);
    }).toThrow(expect.objectContaining({ code: 'ERR_MSGTRANS_BUFFER_BUDGET' }));
  });
});
