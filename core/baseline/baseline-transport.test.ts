/** What the contract tests do not see: the pinned shape of the baseline, its counters and its options. */
import { Socket } from 'node:net';
import { afterEach, describe, expect, it, vi } from 'vitest';
import {
  ConnectedPair,
  nextMessage,
  nextSession,
  RawPeer,
  Server,
  until,
} from '../contract/connected-pair.js';
import { encodePacket, NO_BYTES } from '../protocol/packet-codec.js';
import { AsyncMutex } from './async-mutex.js';
import { resolveOptions } from './baseline-options.js';
import { BaselineTransport } from './baseline-transport.js';

const BASELINE = { name: 'baseline', isAvailable: true, create: BaselineTransport.create };

function requests(count: number): Buffer {
  const fields = { packetType: 'request', bizType: 0, extHeader: NO_BYTES, highPriority: false } as const;
  return Buffer.concat(
    Array.from({ length: count }, (_, index) =>
      encodePacket({ ...fields, messageId: index + 1, payload: new Uint8Array(8) }),
    ),
  );
}

afterEach(() => vi.restoreAllMocks());

describe('the baseline', () => {
  it.each([
    { corkUntilHandled: false, vectored: 0 },
    { corkUntilHandled: true, vectored: 1 },
  ])(
    'locks, allocates and writes once per packet, corks once per data event: %o',
    async ({ corkUntilHandled, vectored }) => {
      const create = () => BaselineTransport.create({ corkUntilHandled });
      await using server = await Server.open({ ...BASELINE, create });
      server.transport.on('message', (session, packet) => session.reply(packet, packet.payload));
      await using peer = await RawPeer.connect(server.listener.port);
      const lock = vi.spyOn(AsyncMutex.prototype, 'runExclusive');
      const write = vi.spyOn(Socket.prototype, 'write');
      const cork = vi.spyOn(Socket.prototype, 'cork');
      const vectors = vi.spyOn(Socket.prototype as unknown as { _writev: () => void }, '_writev');
      await peer.write(requests(100));
      await until(() => peer.received.length === 100 * 24);
      expect(lock).toHaveBeenCalledTimes(100);
      // One write is the test's own.
      expect(write).toHaveBeenCalledTimes(100 + 1);
      expect(cork).toHaveBeenCalledTimes(1);
      // Uncorked before the first reply, or after the last.
      expect(vectors).toHaveBeenCalledTimes(vectored);
      const written = write.mock.calls.slice(1).map(([bytes]) => bytes as unknown as Buffer);
      expect(written.every((bytes) => Buffer.isBuffer(bytes) && bytes.length === 24)).toBe(true);
    },
  );

  it('turns Nagle’s delay off on both sides', async () => {
    await using server = await Server.open(BASELINE);
    await using peer = await RawPeer.connect(server.listener.port);
    const handle = (peer.socket as unknown as { _handle: { setNoDelay(on: boolean): void } })._handle;
    const noDelay = vi.spyOn(Object.getPrototypeOf(handle) as typeof handle, 'setNoDelay');
    await using pair = await ConnectedPair.open(BASELINE);
    await pair.session.drained();
    expect(noDelay.mock.calls).toEqual([[true], [true]]);
  });

  it('keeps packets in order when a paused socket gives several chunks at once', async () => {
    await using server = await Server.open(BASELINE, { inboundBytesMax: 1 });
    const accepted = nextSession(server.transport);
    await using peer = await RawPeer.connect(server.listener.port);
    const session = await accepted;
    peer.socket.write(requests(20_000));
    const ids: number[] = [];
    for await (const packet of session) {
      ids.push(packet.messageId);
      if (ids.length === 20_000) break;
      // The stream fills its own buffer meanwhile, and gives it away in one go when it is resumed.
      if (ids.length % 2500 === 1) await new Promise((resolve) => setTimeout(resolve, 5));
    }
    expect(ids).toEqual(Array.from({ length: 20_000 }, (_, index) => index + 1));
  });

  it('stops reading at inboundBytesMax, when that is lower than where it stops anyway', async () => {
    await using server = await Server.open(BASELINE, { inboundBytesMax: 10_000 });
    const { counters } = server.transport as BaselineTransport;
    await using peer = await RawPeer.connect(server.listener.port);
    const bytes = requests(30_000);
    for (let offset = 0; offset < bytes.length; offset += 24_000) {
      await peer.write(bytes.subarray(offset, offset + 24_000));
    }
    await until(() => counters.messagesReceived > 0);
    // 720 000 bytes are below the 1 MiB at which reading stops anyway, so they would all be taken.
    for (let before = -1; before !== counters.messagesReceived; ) {
      before = counters.messagesReceived;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    expect(counters.messagesReceived).toBeLessThan(10_000);
  });

  it('judges the high watermark of sessions that it opened by its own options', async () => {
    for (const [writeQueueHighWatermarkBytes, expected] of [
      [64 * 1024 * 1024, true],
      [1024 * 1024, false],
    ] as const) {
      await using pair = await ConnectedPair.open(BASELINE, { client: { writeQueueHighWatermarkBytes } });
      // More than the kernel's buffers take.
      const isBelow = pair.session.send(new Uint8Array(16 * 1024 * 1024));
      expect([isBelow, pair.session.bufferedBytes > 1024 * 1024]).toEqual([expected, true]);
      let drains = 0;
      pair.client.on('drain', () => {
        drains += 1;
      });
      await pair.session.drained();
      await new Promise((resolve) => setImmediate(resolve));
      expect(drains).toBe(expected ? 0 : 1);
    }
  });

  it('counts messages, sessions and responses that answer nothing', async () => {
    await using server = await Server.open(BASELINE);
    await using client = await BaselineTransport.create();
    const { counters } = server.transport as BaselineTransport;
    server.transport.on('message', (session, packet) => {
      session.reply(packet, packet.payload);
      session.reply(packet, packet.payload);
    });
    const session = await client.connect(server.url);
    await session.request(new Uint8Array(1));
    await until(() => client.counters.responsesUnmatched === 1);
    expect(counters).toEqual({
      messagesReceived: 1,
      messagesSent: 2,
      responsesUnmatched: 0,
      sessionsAccepted: 1,
      sessionsOpen: 1,
    });
    expect(client.counters).toMatchObject({ messagesReceived: 2, messagesSent: 1, sessionsAccepted: 0 });
    await session.close();
    await until(() => counters.sessionsOpen === 0);
  });

  it('refuses to answer a response, or to change the biz type of an answer', async () => {
    await using pair = await ConnectedPair.open(BASELINE);
    const request = nextMessage(pair.server.transport);
    pair.session.request(NO_BYTES, { bizType: 4 }).catch(() => undefined);
    const packet = await request;
    const wrong = expect.objectContaining({ code: 'ERR_MSGTRANS_INVALID_ARGUMENT' });
    expect(() => pair.accepted.reply(packet, NO_BYTES, { bizType: 5 })).toThrow(wrong);
    expect(() => pair.accepted.reply({ ...packet, packetType: 'response' }, NO_BYTES)).toThrow(wrong);
  });
});

describe('the options of the baseline', () => {
  it('have the documented defaults', () => {
    expect(resolveOptions({})).toEqual({
      payloadBytesMax: 16 * 1024 * 1024,
      extHeaderBytesMax: 65_535,
      requestTimeoutMs: 10_000,
      writeQueueHighWatermarkBytes: 256 * 1024,
      writeQueueBytesMax: 16 * 1024 * 1024,
      inboundBytesMax: 16 * 1024 * 1024,
      pendingRequestsMax: 65_536,
      corkUntilHandled: false,
    });
  });

  it('are checked together', () => {
    const options = { extHeaderBytesMax: 65_536, requestTimeoutMs: 0, inboundBytesMax: 1.5, unheard: 1 };
    expect(() => resolveOptions(options)).toThrow(
      /unheard .*extHeaderBytesMax .*65536.*requestTimeoutMs .*inboundBytesMax .*1\.5/,
    );
  });
});
