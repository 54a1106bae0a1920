import { afterEach, describe, expect, it } from 'vitest';
import { RawPeer, until } from './contract/connected-pair.js';
import { type DiagnosticEvent, type DiagnosticSubscription, Diagnostics } from './diagnostics.js';
import { UnreadPeer } from './faults/unread-peer.js';
import { HighPerformanceTransport } from './high-performance-transport.js';
import type { TransportOptions } from './options.js';
import { encodePacket, NO_BYTES } from './protocol/packet-codec.js';

const open: HighPerformanceTransport[] = [];

afterEach(async () => {
  for (const transport of open.splice(0)) await transport.close({ drainTimeoutMs: 0 });
});

async function create(options?: TransportOptions): Promise<HighPerformanceTransport> {
  const transport = await HighPerformanceTransport.create(options);
  open.push(transport);
  return transport;
}

async function take(subscription: DiagnosticSubscription, count: number): Promise<DiagnosticEvent[]> {
  const events: DiagnosticEvent[] = [];
  while (events.length < count) {
    const { value } = await subscription.next();
    if (value === undefined) throw new Error(`ended after ${events.length} events`);
    events.push(value);
  }
  return events;
}

const idOf = (event: DiagnosticEvent) => ('sessionId' in event ? event.sessionId : undefined);

describe('diagnostic events', () => {
  const drain = (sessionId: number) => ({ kind: 'drain', sessionId }) as const;

  it('come in order, with the time at which they were told', async () => {
    const diagnostics = new Diagnostics(4);
    const subscription = diagnostics.subscribe();
    const before = Date.now();
    for (const id of [1, 2, 3]) diagnostics.tell(drain(id));
    const events = await take(subscription, 3);
    expect(events.map(idOf)).toEqual([1, 2, 3]);
    for (const { atMs } of events) expect(atMs).toBeGreaterThanOrEqual(before);
  });

  it('drop the oldest of a slow subscriber, count it, and keep nobody else from any', async () => {
    const diagnostics = new Diagnostics(8);
    const [slow, quick] = [diagnostics.subscribe({ capacity: 3 }), diagnostics.subscribe()];
    for (let id = 1; id <= 20; id++) {
      diagnostics.tell(drain(id));
      expect((await take(quick, 1)).map(idOf)).toEqual([id]);
    }
    expect([slow.size, slow.dropped, quick.dropped]).toEqual([3, 17, 0]);
    expect(diagnostics.values()).toEqual({
      diagnosticsSent: 40,
      diagnosticsReceived: 20,
      diagnosticsDropped: 17,
      diagnosticsWaiting: 3,
      diagnosticSubscribers: 2,
    });
    expect((await take(slow, 3)).map(idOf)).toEqual([18, 19, 20]);
    diagnostics.tell(drain(21));
    expect((await take(slow, 1)).map(idOf)).toEqual([21]);
  });

  it('go to those who wait, one to each', async () => {
    const diagnostics = new Diagnostics(1);
    const subscription = diagnostics.subscribe();
    const both = Promise.all([subscription.next(), subscription.next()]);
    for (const id of [1, 2]) diagnostics.tell(drain(id));
    expect((await both).map(({ value }) => idOf(value!))).toEqual([1, 2]);
    expect(subscription.dropped).toBe(0);
  });

  it('end for whoever leaves; what was left behind counts as dropped', async () => {
    const diagnostics = new Diagnostics(8);
    const subscription = diagnostics.subscribe();
    for (const id of [1, 2, 3]) diagnostics.tell(drain(id));
    for await (const event of subscription) if (idOf(event) === 1) break;
    expect(diagnostics.isWatched).toBe(false);
    expect(diagnostics.values()).toMatchObject({
      diagnosticsSent: 3,
      diagnosticsReceived: 1,
      diagnosticsDropped: 2,
      diagnosticsWaiting: 0,
      diagnosticSubscribers: 0,
    });
    expect(await subscription.next()).toEqual({ value: undefined, done: true });
    subscription.close();
    expect(diagnostics.values().diagnosticsDropped).toBe(2);
  });

  it('can be read to the end when there will be no more', async () => {
    const diagnostics = new Diagnostics(8);
    const [one, other] = [diagnostics.subscribe(), diagnostics.subscribe()];
    diagnostics.tell(drain(1));
    await take(other, 1);
    const waits = other.next();
    diagnostics.end();
    expect(await waits).toEqual({ value: undefined, done: true });
    const left: (number | undefined)[] = [];
    for await (const event of one) left.push(idOf(event));
    expect(left).toEqual([1]);
  });

  it('refuse a capacity that is none', () => {
    const diagnostics = new Diagnostics(8);
    for (const capacity of [0, -1, 1.5, 9, Number.NaN, '4' as unknown as number]) {
      expect(() => diagnostics.subscribe({ capacity })).toThrow(/from 1 to 8 \(eventQueueCapacity\)/);
    }
    expect(diagnostics.isWatched).toBe(false);
  });
});

describe('the diagnostic events of a transport', () => {
  it('tell how sessions come and go', async () => {
    const [server, client] = [await create(), await create()];
    const { url } = await server.listen('tcp://127.0.0.1:0');
    const [atServer, atClient] = [server.subscribe(), client.subscribe()];
    const session = await client.connect(url);
    await session.close();
    const sessionId = session.id;
    expect(await take(atClient, 2)).toMatchObject([
      { kind: 'session-opened', sessionId, by: 'this-side' },
      { kind: 'session-closed', sessionId, reason: { code: undefined, local: true } },
    ]);
    expect(await take(atServer, 2)).toMatchObject([
      { kind: 'session-opened', by: 'peer' },
      { kind: 'session-closed', reason: { code: undefined, local: false } },
    ]);
    await expect(client.connect('mem://nobody')).rejects.toThrow();
    await expect(client.connect(url.replace(/\d+$/, '1'))).rejects.toThrow();
    const failed = { kind: 'connect-failed', error: { code: 'ERR_MSGTRANS_CONNECT_FAILED' } };
    expect(await take(atClient, 2)).toMatchObject([failed, failed]);
    await client.close();
    expect(await atClient.next()).toEqual({ value: undefined, done: true });
    expect(() => client.subscribe()).toThrow(/closed/);
  });

  it.each(['drop-newest', 'throw', 'close'] as const)('tell of a slow consumer (%s)', async (policy) => {
    const server = await create({ writeQueueBytesMax: 100_000, slowConsumerPolicy: policy });
    const listener = await server.listen('tcp://127.0.0.1:0');
    await using peer = await UnreadPeer.connect(server, listener);
    const { session } = peer;
    using subscription = server.subscribe();
    await until(() => {
      try {
        for (let i = 0; i < 100 && !session.closed; i++) session.send(new Uint8Array(10_000));
      } catch {}
      return subscription.size > 0;
    });
    const [slow] = await take(subscription, 1);
    expect(slow).toMatchObject({ kind: 'slow-consumer', sessionId: session.id, policy });
    expect('queuedBytes' in slow && slow.queuedBytes).toBeGreaterThan(80_000);
    const next = async (kind: string) => {
      for await (const event of subscription) if (event.kind === kind) return event;
      return undefined;
    };
    if (policy === 'close') {
      expect(await next('session-closed')).toMatchObject({ reason: { code: 'ERR_MSGTRANS_SLOW_CONSUMER' } });
    } else {
      peer.read();
      expect(await next('drain')).toMatchObject({ sessionId: session.id });
    }
  });

  it('tell of a response that nobody waits for', async () => {
    const server = await create();
    const { port } = await server.listen('tcp://127.0.0.1:0');
    using subscription = server.subscribe();
    await using peer = await RawPeer.connect(port);
    const fields = { packetType: 'response', bizType: 0, highPriority: false, extHeader: NO_BYTES } as const;
    await peer.write(encodePacket({ ...fields, messageId: 7, payload: NO_BYTES }));
    const [opened, unmatched] = await take(subscription, 2);
    expect(unmatched).toMatchObject({ kind: 'response-unmatched', sessionId: idOf(opened), messageId: 7 });
  });

  it('are bounded by eventQueueCapacity for a subscriber that does not read, while traffic goes on', async () => {
    const [server, client] = [await create({ eventQueueCapacity: 5 }), await create()];
    const { url } = await server.listen('tcp://127.0.0.1:0');
    expect(() => server.subscribe({ capacity: 6 })).toThrow(/from 1 to 5/);
    const subscription = server.subscribe();
    for (let i = 0; i < 10; i++) await (await client.connect(url)).close();
    await until(() => server.counters().sessionsClosed === 10 && server.counters().sessionsOpen === 0);
    expect([subscription.capacity, subscription.size, subscription.dropped]).toEqual([5, 5, 15]);
    const { totals, gauges } = server.performanceSnapshot();
    expect(totals).toMatchObject({ diagnosticsSent: 20, diagnosticsReceived: 0, diagnosticsDropped: 15 });
    expect(gauges).toMatchObject({ diagnosticSubscribers: 1, diagnosticsWaiting: 5 });
    expect((await take(subscription, 5)).at(-1)?.kind).toBe('session-closed');
    subscription.close();
    await (await client.connect(url)).close();
    expect(server.performanceSnapshot().totals.diagnosticsSent).toBe(20);
  });
});
