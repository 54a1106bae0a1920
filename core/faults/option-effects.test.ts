/** Every option does what it says: each test here fails when its option is ignored. Policies: `slow-consumer.test.ts`. */
import { once } from 'node:events';
import { connect } from 'node:net';
import { describe, expect, it } from 'vitest';
import { bytesOf, nextClose, nextMessage, nextSession, RawPeer, until } from '../contract/connected-pair.js';
import { HighPerformanceTransport } from '../high-performance-transport.js';
import type { TransportOptions } from '../options.js';
import { encodePacket, NO_BYTES } from '../protocol/packet-codec.js';
import type { Reactor } from '../reactor.js';
import type { Listener, Session } from '../transport.js';
import { UnreadPeer } from './unread-peer.js';

const MIB = 1024 * 1024;

/** A server with the options and a client without, or the other way round. */
class Pair implements AsyncDisposable {
  private constructor(
    readonly server: HighPerformanceTransport,
    readonly client: HighPerformanceTransport,
    readonly listener: Listener,
  ) {}

  static async open(server: TransportOptions, client: TransportOptions = {}): Promise<Pair> {
    const transport = await HighPerformanceTransport.create(server);
    const listener = await transport.listen('tcp://127.0.0.1:0');
    return new Pair(transport, await HighPerformanceTransport.create(client), listener);
  }

  async connect(): Promise<{ session: Session; accepted: Session }> {
    const accepted = nextSession(this.server);
    const session = await this.client.connect(this.listener.url);
    return { session, accepted: await accepted };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.client.close({ drainTimeoutMs: 0 });
    await this.server.close({ drainTimeoutMs: 0 });
  }
}

function errorOf(call: () => unknown): unknown {
  try {
    return call();
  } catch (error) {
    return error;
  }
}

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

/** Slots are made in segments of this many. */
const SEGMENT_SLOTS = 1024;

describe('options of what a session may send and receive', () => {
  it('payloadBytesMax: refuses to send more, and closes on receiving more', async () => {
    await using pair = await Pair.open({ payloadBytesMax: 1000 }, { payloadBytesMax: 2000 });
    const { session, accepted } = await pair.connect();
    expect(errorOf(() => accepted.send(new Uint8Array(1001)))).toMatchObject({
      code: 'ERR_MSGTRANS_PAYLOAD_TOO_LARGE',
      message: expect.stringMatching(/1001 bytes.*1000/),
    });
    const message = nextMessage(pair.server);
    session.send(new Uint8Array(1000));
    expect((await message).payload).toHaveLength(1000);
    const closed = nextClose(pair.server);
    session.send(new Uint8Array(1001));
    expect(await closed).toMatchObject({ code: 'ERR_MSGTRANS_PAYLOAD_TOO_LARGE', local: true });
  });

  it('extHeaderBytesMax: refuses to send more, and closes on receiving more', async () => {
    await using pair = await Pair.open({ extHeaderBytesMax: 10 }, { extHeaderBytesMax: 20 });
    const { session, accepted } = await pair.connect();
    expect(errorOf(() => accepted.send(NO_BYTES, { extHeader: new Uint8Array(11) }))).toMatchObject({
      code: 'ERR_MSGTRANS_EXT_HEADER_TOO_LARGE',
      message: expect.stringMatching(/11 bytes.*10/),
    });
    const message = nextMessage(pair.server);
    session.send(NO_BYTES, { extHeader: new Uint8Array(10) });
    expect((await message).extHeader).toHaveLength(10);
    const closed = nextClose(pair.server);
    session.send(NO_BYTES, { extHeader: new Uint8Array(11) });
    expect(await closed).toMatchObject({ code: 'ERR_MSGTRANS_EXT_HEADER_TOO_LARGE', local: true });
  });

  it('bufferBytesMax: closes the session whose packet finds no room in it', async () => {
    await using pair = await Pair.open({ bufferBytesMax: 6 * MIB });
    const { session } = await pair.connect();
    const message = nextMessage(pair.server);
    session.send(new Uint8Array(5 * MIB));
    expect((await message).payload).toHaveLength(5 * MIB);
    const closed = nextClose(pair.server);
    session.send(new Uint8Array(7 * MIB));
    const reason = await closed;
    expect(reason).toMatchObject({ code: 'ERR_MSGTRANS_BUFFER_BUDGET', local: true });
    expect(reason.message).toContain(String(6 * MIB));
    expect(pair.server.counters().poolRefused).toBe(1);
  });

  it('initialSessionCapacity: makes slots ahead of use', async () => {
    const segments = async (options: TransportOptions) => {
      await using transport = await HighPerformanceTransport.create(options);
      const { native } = (transport as unknown as { reactor: Reactor }).reactor;
      let count = 0;
      while (native.slotSegment(native.number, count) !== undefined) count += 1;
      return count;
    };
    expect(await segments({})).toBe(1);
    expect(await segments({ initialSessionCapacity: 5 * SEGMENT_SLOTS })).toBe(5);
    expect(await segments({ initialSessionCapacity: 5 * SEGMENT_SLOTS + 1 })).toBe(6);
  });
});

describe('options of queues', () => {
  it('writeQueueHighWatermarkBytes: says false above it', async () => {
    await using pair = await Pair.open({ writeQueueHighWatermarkBytes: 5000 });
    const { accepted } = await pair.connect();
    // Nothing leaves within one turn: 49 packets of 116 bytes are more than 5 000.
    const answers = Array.from({ length: 50 }, () => accepted.send(new Uint8Array(100)));
    expect(answers.indexOf(false)).toBe(Math.floor(5000 / 116));
  });

  it('writeQueueBytesMax: acts although the watermark would be higher', async () => {
    await using pair = await Pair.open({ writeQueueBytesMax: 50_000, slowConsumerPolicy: 'throw' });
    await using peer = await UnreadPeer.connect(pair.server, pair.listener);
    const error = errorOf(() => {
      for (;;) peer.session.send(new Uint8Array(1000));
    });
    expect(error).toMatchObject({
      code: 'ERR_MSGTRANS_WRITE_QUEUE_FULL',
      message: expect.stringContaining('50000'),
    });
    expect(peer.session.bufferedBytes).toBeLessThanOrEqual(50_000);
    expect(peer.session.bufferedBytes).toBeGreaterThan(48_000);
  });

  it('inboundHighWatermarkBytes: pauses a session that nobody reads from', async () => {
    for (const [inboundHighWatermarkBytes, most] of [
      [4096, 256 * 1024],
      [4 * MIB, 6 * MIB],
    ]) {
      await using pair = await Pair.open({ inboundHighWatermarkBytes });
      const { session } = await pair.connect();
      for (let i = 0; i < 1000; i++) session.send(new Uint8Array(10_000));
      const received = () => pair.server.counters().bytesReceived;
      await until(() => received() > 0.9 * inboundHighWatermarkBytes);
      await pause(100);
      expect(received()).toBeLessThan(most);
    }
  });

  it('inboundBytesMax: pauses it while it waits for a response, too', async () => {
    for (const [inboundBytesMax, most] of [
      [1 * MIB, 3 * MIB],
      [5 * MIB, 7 * MIB],
    ]) {
      await using pair = await Pair.open({ inboundBytesMax, inboundHighWatermarkBytes: 4096 });
      const { session, accepted } = await pair.connect();
      const response = accepted.request(bytesOf('?')).catch(({ code }) => code);
      for (let i = 0; i < 1000; i++) session.send(new Uint8Array(10_000));
      const received = () => pair.server.counters().bytesReceived;
      await until(() => received() > 0.9 * inboundBytesMax);
      await pause(100);
      expect(received()).toBeLessThan(most);
      await pair.client.close({ drainTimeoutMs: 0 });
      await pair.server.close({ drainTimeoutMs: 0 });
      expect(await response).toMatch(/^ERR_MSGTRANS_/);
    }
  });

  it('pendingRequestsMax: refuses one more', async () => {
    await using pair = await Pair.open({}, { pendingRequestsMax: 3 });
    const { session } = await pair.connect();
    const outcomes = Array.from({ length: 4 }, () => session.request(NO_BYTES).catch((error) => error));
    expect(await outcomes[3]).toMatchObject({
      code: 'ERR_MSGTRANS_TOO_MANY_REQUESTS',
      message: expect.stringMatching(/3 requests .* limit is 3 \(pendingRequestsMax\)/),
    });
    pair.server.on('message', (answering, packet) => answering.reply(packet, packet.payload));
    expect((await outcomes[0]).packetType).toBe('response');
    expect((await session.request(NO_BYTES)).packetType).toBe('response');
  });
});

describe('options of time', () => {
  it('stallTimeoutMs: closes a session whose peer takes nothing', async () => {
    await using pair = await Pair.open({ stallTimeoutMs: 200 });
    await using peer = await UnreadPeer.connect(pair.server, pair.listener);
    const closed = nextClose(pair.server);
    for (let i = 0; i < 14; i++) peer.session.send(new Uint8Array(MIB));
    const reason = await closed;
    expect(reason).toMatchObject({ code: 'ERR_MSGTRANS_STALLED', local: true });
    expect(reason.message).toContain('200 ms (stallTimeoutMs)');
  });

  it('lingerTimeoutMs: is how long a close waits for a peer that stays', async () => {
    const fields = { packetType: 'one-way', bizType: 0, messageId: 1, highPriority: false } as const;
    for (const [lingerTimeoutMs, waits] of [
      [100, false],
      [3_600_000, true],
    ] as const) {
      await using pair = await Pair.open({ lingerTimeoutMs });
      const accepted = nextSession(pair.server);
      const socket = connect({ port: pair.listener.port, host: '127.0.0.1', allowHalfOpen: true });
      await once(socket, 'connect');
      await using peer = RawPeer.of(socket);
      const session = await accepted;
      let isClosed = false;
      const closed = session.close().then(() => {
        isClosed = true;
      });
      await peer.ended;
      if (waits) {
        await pause(1500);
        expect(isClosed).toBe(false);
        // Still read and thrown away: a reset would destroy what is on its way to the peer.
        await peer.write(encodePacket({ ...fields, extHeader: NO_BYTES, payload: new Uint8Array(100) }));
        socket.end();
      }
      await closed;
    }
  });

  it('requestTimeoutMs: fails a request, unless it has a time of its own', async () => {
    await using pair = await Pair.open({}, { requestTimeoutMs: 200 });
    const { session } = await pair.connect();
    let isOver = false;
    const patient = session.request(NO_BYTES, { timeoutMs: 20_000 }).catch(({ code }) => {
      isOver = true;
      return code;
    });
    const error = await session.request(NO_BYTES).catch((reason) => reason);
    expect(error).toMatchObject({
      code: 'ERR_MSGTRANS_REQUEST_TIMEOUT',
      message: expect.stringContaining('200 ms'),
    });
    expect(isOver).toBe(false);
    await session.close();
    expect(await patient).toBe('ERR_MSGTRANS_CLOSED');
  });
});
