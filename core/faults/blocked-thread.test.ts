import { describe, expect, it } from 'vitest';
import { bytesOf, textOf, until } from '../contract/connected-pair.js';
import { HighPerformanceTransport } from '../high-performance-transport.js';
import type { CloseReason, ReplyTicket, Session } from '../transport.js';
import { ChildProgram } from './child-program.js';

const BLOCK_MS = 1500;
/** Far less than the thread is blocked. */
const TIMEOUT_MS = 250;

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

/** Stops this thread, and with it the loop. */
function sleepBlocking(ms: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
}

/** Computes for so long. */
function computeFor(ms: number): void {
  const end = performance.now() + ms;
  while (performance.now() < end);
}

async function connectMany(client: HighPerformanceTransport, url: string, count: number): Promise<Session[]> {
  return Promise.all(Array.from({ length: count }, () => client.connect(url)));
}

function watchCloses(transport: HighPerformanceTransport): CloseReason[] {
  const reasons: CloseReason[] = [];
  transport.on('close', (_session, reason) => reasons.push(reason));
  return reasons;
}

describe('a task that blocks this thread', () => {
  it.each([
    ['sleeps', sleepBlocking],
    ['computes', computeFor],
  ] as const)('and %s costs no request that was answered meanwhile', async (_name, block) => {
    await using server = new ChildProgram('echo-server-program');
    const { url } = await server.next<{ url: string }>();
    await using client = await HighPerformanceTransport.create({ requestTimeoutMs: TIMEOUT_MS });
    const closes = watchCloses(client);
    const sessions = await connectMany(client, url, 50);
    const texts = sessions.flatMap(({ id }) => Array.from({ length: 10 }, (_, i) => `${id} ${i}`));
    const answers = Promise.allSettled(
      texts.map((text, i) => sessions[Math.floor(i / 10)].request(bytesOf(text))),
    );
    // Sent, and nothing more: the answers come while nobody listens.
    void sessions[0].drained();
    block(BLOCK_MS);
    const outcomes = await answers;
    expect(
      outcomes.map((outcome) =>
        outcome.status === 'fulfilled' ? textOf(outcome.value) : outcome.reason.code,
      ),
    ).toEqual(texts);
    expect(closes).toEqual([]);
  });

  it('costs no session with output that the peer took meanwhile', async () => {
    await using server = new ChildProgram('echo-server-program');
    const { url } = await server.next<{ url: string }>();
    await using client = await HighPerformanceTransport.create({ stallTimeoutMs: TIMEOUT_MS });
    const closes = watchCloses(client);
    let received = 0;
    client.on('message', (_session, packet) => {
      received += packet.payload.length;
    });
    const sessions = await connectMany(client, url, 3);
    for (const session of sessions) {
      for (let i = 0; i < 10; i++) session.send(new Uint8Array(1024 * 1024));
    }
    // Long after the queue was first blocked, several times the time to stall.
    for (let i = 0; i < 3; i++) {
      await pause(1);
      sleepBlocking(3 * TIMEOUT_MS);
    }
    await until(() => received === 30 * 1024 * 1024);
    expect(closes).toEqual([]);
  });

  it.each([
    ['while nothing is timed', false],
    ['while other requests wait', true],
  ] as const)('does not use up the time of a request made at its end, %s', async (_name, isTiming) => {
    await using transport = await HighPerformanceTransport.create({ requestTimeoutMs: 60_000 });
    const listener = await transport.listen('tcp://127.0.0.1:0');
    const session = await transport.connect(listener.url);
    const other = isTiming ? session.request(bytesOf('nobody answers')).catch(({ code }) => code) : undefined;
    for (const rest of [pause, async (ms: number) => sleepBlocking(ms)]) {
      await rest(500);
      const startedMs = performance.now();
      const error = await session
        .request(bytesOf('nobody answers'), { timeoutMs: 150 })
        .catch((reason) => reason);
      expect(error.code).toBe('ERR_MSGTRANS_REQUEST_TIMEOUT');
      // Never less than was asked for; how much more is the machine's affair.
      expect(performance.now() - startedMs).toBeGreaterThanOrEqual(149);
    }
    await session.close();
    expect(await other).toBe(isTiming ? 'ERR_MSGTRANS_CLOSED' : undefined);
  });
});

describe('a process that is stopped and continued', () => {
  it('loses no request that was answered meanwhile', async () => {
    await using server = await HighPerformanceTransport.create();
    const closes = watchCloses(server);
    const tickets: ReplyTicket[] = [];
    server.onBatch((batch) => {
      for (const message of batch) tickets.push(message.ticket());
    });
    const listener = await server.listen('tcp://127.0.0.1:0');
    const options = JSON.stringify({ requestTimeoutMs: 4 * TIMEOUT_MS });
    await using client = new ChildProgram('asking-client-program', { args: [listener.url, '100', options] });
    await until(() => tickets.length === 100);
    client.kill('SIGSTOP');
    for (const ticket of tickets) server.reply(ticket, bytesOf('answer'));
    await pause(BLOCK_MS);
    client.kill('SIGCONT');
    expect(await client.next()).toEqual({ answered: 100, failures: [] });
    expect(await client.ended).toEqual({ code: 0, signal: null, stderr: '' });
    expect(closes.map(({ code }) => code)).toEqual([undefined]);
  });

  it('loses no session with output that waits for it', async () => {
    await using server = new ChildProgram('echo-server-program', {
      args: [JSON.stringify({ stallTimeoutMs: TIMEOUT_MS })],
    });
    const { url } = await server.next<{ url: string }>();
    await using client = await HighPerformanceTransport.create();
    const closes = watchCloses(client);
    let received = 0;
    client.on('message', (_session, packet) => {
      received += packet.payload.length;
    });
    const session = await client.connect(url);
    for (let round = 1; round <= 3; round++) {
      for (let i = 0; i < 8; i++) session.send(new Uint8Array(1024 * 1024));
      await pause(20);
      server.kill('SIGSTOP');
      await pause(3 * TIMEOUT_MS);
      server.kill('SIGCONT');
      await until(() => received === round * 8 * 1024 * 1024);
    }
    expect(closes).toEqual([]);
    await session.close();
    expect(await server.next()).toEqual({ closed: 'orderly' });
  });
});
