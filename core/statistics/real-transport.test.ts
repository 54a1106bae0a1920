/** The statistics of transports that carry real traffic: each figure moves when what it stands for happens. */
import { once } from 'node:events';
import { connect } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { RawPeer, until } from '../contract/connected-pair.js';
import { UnreadPeer } from '../faults/unread-peer.js';
import { HighPerformanceTransport } from '../high-performance-transport.js';
import type { TransportOptions } from '../options.js';
import { encodePacket, NO_BYTES } from '../protocol/packet-codec.js';
import type { Listener, Session } from '../transport.js';
import { COUNTERS, GAUGES } from './counter-catalog.js';
import { LatencyHistogram } from './latency-histogram.js';
import type { PerformanceSnapshot } from './performance-snapshot.js';

const PAYLOAD_BYTES = 100;
const PACKET_BYTES = PAYLOAD_BYTES + 16;
const open: HighPerformanceTransport[] = [];

afterEach(async () => {
  for (const transport of open.splice(0)) await transport.close({ drainTimeoutMs: 0 });
});

async function create(options?: TransportOptions): Promise<HighPerformanceTransport> {
  const transport = await HighPerformanceTransport.create(options);
  open.push(transport);
  return transport;
}

/** A server that answers, and a session to it. */
async function pair(
  client: TransportOptions = {},
  server: TransportOptions = {},
): Promise<{
  server: HighPerformanceTransport;
  client: HighPerformanceTransport;
  listener: Listener;
  session: Session;
}> {
  const answering = await create(server);
  answering.onBatch((batch) => {
    for (const message of batch) message.reply(message.payload());
  });
  const listener = await answering.listen('tcp://127.0.0.1:0');
  const asking = await create(client);
  return { server: answering, client: asking, listener, session: await asking.connect(listener.url) };
}

/** The snapshot of the first interval of which `seen` is true. */
async function interval(
  transport: HighPerformanceTransport,
  seen: (snapshot: PerformanceSnapshot) => boolean,
): Promise<PerformanceSnapshot> {
  await until(() => seen(transport.performanceSnapshot()));
  return transport.performanceSnapshot();
}

describe('the statistics of a real transport', () => {
  it('have every count that a transport reports, and report every one they have', async () => {
    const transport = await create();
    const known = Object.keys({ ...COUNTERS, ...GAUGES }).sort();
    expect(Object.keys(transport.counters()).sort()).toEqual(known);
    const { native } = (
      transport as unknown as { reactor: { native: { number: number } & Record<string, unknown> } }
    ).reactor;
    const latency = (native.turnLatency as (reactor: number) => Float64Array)(native.number);
    expect(latency).toHaveLength(LatencyHistogram.WORDS);
  });

  it('add up to the traffic there was, and give its rate while it lasts', async () => {
    const { server, client, session } = await pair(
      { metricsSamplingIntervalMs: 50 },
      { metricsSamplingIntervalMs: 50 },
    );
    let requests = 0;
    const hasSeenTraffic = (transport: HighPerformanceTransport) => {
      const { messagesPerSecond, turnLatencyNs } = transport.performanceSnapshot();
      return messagesPerSecond > 0 && turnLatencyNs.samples > 0;
    };
    const isKnown = () =>
      hasSeenTraffic(server) &&
      hasSeenTraffic(client) &&
      client.performanceSnapshot().requestLatencyNs.samples > 0;
    while (!isKnown()) {
      await session.request(new Uint8Array(PAYLOAD_BYTES));
      requests += 1;
    }
    // It answers, and asks nobody.
    expect(server.performanceSnapshot().requestLatencyNs.samples).toBe(0);
    for (const transport of [server, client]) {
      const snapshot = transport.performanceSnapshot();
      expect(snapshot.messagesReceivedPerSecond).toBeGreaterThan(0);
      expect(snapshot.messagesSentPerSecond).toBeGreaterThan(0);
      expect(snapshot.bytesPerSecond).toBeCloseTo(snapshot.messagesPerSecond * PACKET_BYTES, 3);
      expect(snapshot).toMatchObject({ errorRate: 0, timeoutRate: 0, gauges: { sessionsOpen: 1 } });
      expect(snapshot.cpuPercent).toBeGreaterThan(0);
      expect(snapshot.cacheHitRate).toBe(1);
      expect(snapshot.turnLatencyNs.samples).toBeGreaterThan(0);
      expect(snapshot.turnLatencyNs.p99).toBeGreaterThan(0);
      expect(snapshot.memory.rssBytes).toBeGreaterThan(snapshot.memory.poolBytes);
      expect(snapshot.memory.poolBytes).toBeGreaterThan(0);
      expect(snapshot.totals).toMatchObject({ messagesReceived: requests, messagesSent: requests });
      expect(snapshot.totals.bytesReceived).toBe(requests * PACKET_BYTES);
      expect(snapshot.reactors).toHaveLength(1);
      expect(snapshot.reactors[0].cpuPercent).toBeGreaterThan(0);
      expect(snapshot.reactors[0].totals).toMatchObject({ messagesSent: requests });
    }
    const { requestLatencyNs, totals, gauges } = client.performanceSnapshot();
    expect(requestLatencyNs.p50).toBeGreaterThan(0);
    expect(requestLatencyNs.max).toBeGreaterThanOrEqual(requestLatencyNs.p50);
    expect(totals).toMatchObject({
      requestsStarted: requests,
      requestsAnswered: requests,
      sessionsConnected: 1,
    });
    expect(gauges.requestsPending).toBe(0);
    expect(server.performanceSnapshot().totals.sessionsAccepted).toBe(1);

    await client.close();
    expect(client.performanceSnapshot().totals).toMatchObject({
      requestsAnswered: requests,
      sessionsClosed: 1,
    });
    expect(client.counters()).toMatchObject({ requestsAnswered: requests, sessionsOpen: 0 });
  });

  it('count each way that a request ends, once', async () => {
    const { server, client, session } = await pair(
      { metricsSamplingIntervalMs: 10, pendingRequestsMax: 2, payloadBytesMax: 1000 },
      { metricsSamplingIntervalMs: 10 },
    );
    await session.request(NO_BYTES);
    server.onBatch(() => undefined);
    const outcome = (request: Promise<unknown>) =>
      request.then(
        () => 'answered',
        ({ code }) => code,
      );
    const giveUp = new AbortController();
    const waits = [
      outcome(session.request(NO_BYTES, { timeoutMs: 20 })),
      outcome(session.request(NO_BYTES, { signal: giveUp.signal })),
    ];
    expect(client.counters().requestsPending).toBe(2);
    expect(await outcome(session.request(NO_BYTES))).toBe('ERR_MSGTRANS_TOO_MANY_REQUESTS');
    giveUp.abort();
    expect(await Promise.all(waits)).toEqual(['ERR_MSGTRANS_REQUEST_TIMEOUT', 'ERR_MSGTRANS_ABORTED']);
    expect(await outcome(session.request(NO_BYTES, { signal: giveUp.signal }))).toBe('ERR_MSGTRANS_ABORTED');
    expect(await outcome(session.request(new Uint8Array(1001)))).toBe('ERR_MSGTRANS_PAYLOAD_TOO_LARGE');
    // A mistake of the program is no request.
    expect(await outcome(session.request(NO_BYTES, { timeoutMs: -1 }))).toBe('ERR_MSGTRANS_INVALID_ARGUMENT');
    const last = outcome(session.request(NO_BYTES));
    await session.close();
    expect(await last).toBe('ERR_MSGTRANS_CLOSED');
    expect(await outcome(session.request(NO_BYTES))).toBe('ERR_MSGTRANS_CLOSED');
    expect(client.counters()).toMatchObject({
      requestsStarted: 8,
      requestsAnswered: 1,
      requestsTimedOut: 1,
      requestsAborted: 2,
      requestsFailed: 4,
      requestsPending: 0,
    });
  });

  it('give the rate of timeouts and of errors in the interval in which they came', async () => {
    const { server, client, session } = await pair({ metricsSamplingIntervalMs: 200 });
    server.onBatch(() => undefined);
    await session.request(NO_BYTES, { timeoutMs: 20 }).catch(() => undefined);
    const timedOut = await interval(client, ({ timeoutRate }) => timeoutRate > 0);
    expect(timedOut).toMatchObject({ timeoutRate: 1, errorRate: 0, totals: { requestsTimedOut: 1 } });
    const { url } = await server.listen('tcp://127.0.0.1:0');
    const closed = url.replace(/\d+$/, '1');
    await expect(client.connect(closed)).rejects.toMatchObject({ code: 'ERR_MSGTRANS_CONNECT_FAILED' });
    await expect(client.connect('mem://nobody-listens')).rejects.toMatchObject({
      code: 'ERR_MSGTRANS_CONNECT_FAILED',
    });
    const failed = await interval(client, ({ errorRate }) => errorRate > 0);
    expect(failed.errorRate).toBe(1);
    expect(failed.timeoutRate).toBe(0);
    expect(client.counters().connectsFailed).toBe(2);
    await interval(client, ({ errorRate, timeoutRate }) => errorRate === 0 && timeoutRate === 0);
  });

  it('show what the pool had ready, and what it had to map', async () => {
    const { client, session } = await pair({ metricsSamplingIntervalMs: 50 });
    const before = client.counters();
    // Its response is above what the tiers hold.
    await session.request(new Uint8Array(3 * 1024 * 1024));
    const { cacheHitRate } = await interval(client, (snapshot) => snapshot.cacheHitRate < 1);
    expect(cacheHitRate).toBeGreaterThan(0);
    const after = client.counters();
    expect(after.poolMisses).toBe(before.poolMisses + 1);
    expect(after.slicesInService).toBeGreaterThan(after.slicesLent);
    expect(before.poolBytes).toBeGreaterThan(before.slicesInService * 1024);
  });

  it('show what waits to be sent: in the outbound ring, then in the queue of its session', async () => {
    const server = await create();
    const listener = await server.listen('tcp://127.0.0.1:0');
    await using peer = await UnreadPeer.connect(server, listener);
    expect(server.counters()).toMatchObject({ outboundRingBytesUsed: 0, queuedBytes: 0 });
    peer.session.send(new Uint8Array(PAYLOAD_BYTES));
    const { outboundRingBytesUsed, outboundRingBytes } = server.counters();
    expect(outboundRingBytesUsed).toBeGreaterThanOrEqual(PACKET_BYTES);
    expect(outboundRingBytes).toBeGreaterThan(outboundRingBytesUsed);
    for (let i = 0; i < 12; i++) peer.session.send(new Uint8Array(1024 * 1024));
    await until(() => server.counters().outboundRingBytesUsed === 0);
    await until(() => server.counters().queuedBytes === peer.session.bufferedBytes);
    expect(server.performanceSnapshot().gauges.queuedBytes).toBeGreaterThan(1024 * 1024);
    peer.read();
    await until(() => server.counters().queuedBytes === 0);
  });

  it('show what is on its way to another reactor', async () => {
    const [server, client] = [await create(), await create()];
    const { url } = await server.listen('mem://');
    server.onBatch(() => undefined);
    const session = await client.connect(url);
    session.send(new Uint8Array(PAYLOAD_BYTES));
    void session.drained();
    expect(client.counters().bytesUnderWay).toBe(PACKET_BYTES);
    await until(() => client.counters().bytesUnderWay === 0);
    expect(server.counters().messagesReceived).toBe(1);
  });

  it('know the reactors on their own threads, each with its CPU time and its turns', async () => {
    const { server, client, session } = await pair({}, { workersPerNumaNode: 1 });
    // Also while it hands messages over: the thread answers in between.
    server.onBatch((batch) => {
      for (const message of batch) message.reply(message.payload());
      server.performanceSnapshot();
    });
    for (let i = 0; i < 50; i++) await session.request(new Uint8Array(PAYLOAD_BYTES));
    const { reactors, totals } = server.performanceSnapshot();
    expect(reactors.length).toBeGreaterThan(1);
    const [, thread] = reactors;
    expect(thread.totals.messagesReceived).toBe(50);
    expect(thread.totals.cpuNs).toBeGreaterThan(0);
    expect(thread.gauges.deliveryBlocks).toBeGreaterThan(thread.gauges.deliveryBlocksLent);
    expect(thread.gauges.slicesInService).toBeGreaterThan(0);
    expect(totals.messagesReceived).toBe(50);
    expect(server.counters()).toMatchObject({ messagesReceived: 50, sessionsOpen: 1 });
    await client.close();
  });

  it('show the CPU time of the thread', async () => {
    const transport = await create();
    const before = transport.counters().cpuNs;
    // The test's own time limit ends it.
    while (transport.counters().cpuNs - before < 1e6);
  });

  it('count responses that nobody waits for', async () => {
    const server = await create();
    const listener = await server.listen('tcp://127.0.0.1:0');
    const socket = connect({ port: listener.port, host: '127.0.0.1' });
    await once(socket, 'connect');
    await using peer = RawPeer.of(socket);
    const fields = { packetType: 'response', bizType: 0, highPriority: false, extHeader: NO_BYTES } as const;
    await peer.write(encodePacket({ ...fields, messageId: 7, payload: NO_BYTES }));
    await until(() => server.performanceSnapshot().totals.responsesUnmatched === 1);
  });
});

describe('metricsSamplingIntervalMs', () => {
  it('is how long an interval takes', async () => {
    const [quick, slow] = [
      await create({ metricsSamplingIntervalMs: 10 }),
      await create({ metricsSamplingIntervalMs: 3_600_000 }),
    ];
    const { intervalMs } = await interval(quick, (snapshot) => snapshot.intervalMs > 0);
    expect(intervalMs).toBeGreaterThanOrEqual(5);
    expect(slow.performanceSnapshot().intervalMs).toBe(0);
    const rare = await create({ metricsSamplingIntervalMs: 400 });
    expect((await interval(rare, (snapshot) => snapshot.intervalMs > 0)).intervalMs).toBeGreaterThanOrEqual(
      200,
    );
  });
});
