import { once } from 'node:events';
import { Agent, type IncomingMessage, type OutgoingHttpHeaders, request, Server } from 'node:http';
import { connect, createServer, type Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { ScriptedSource } from '../statistics/scripted-source.js';
import { type StatisticsReport, StatisticsSampler } from '../statistics/statistics-sampler.js';
import { type AdminEndpoint, type AdminSource, createAdminEndpoint } from './admin-endpoint.js';

/** A source whose health and failures a test sets. */
class TestSource implements AdminSource {
  reason: string | undefined;
  failure: Error | undefined;
  snapshots = 0;
  onSnapshot: () => void = () => {};
  private readonly scripted = new ScriptedSource();
  private readonly sampler = new StatisticsSampler(this.scripted, 60_000, this.scripted);

  report(): StatisticsReport {
    this.snapshots += 1;
    this.onSnapshot();
    if (this.failure !== undefined) throw this.failure;
    return this.sampler.report();
  }
  unhealthyReason(): string | undefined {
    if (this.failure !== undefined) throw this.failure;
    return this.reason;
  }
  stop(): void {
    this.sampler.stop();
  }
}

interface Answer {
  status: number;
  headers: IncomingMessage['headers'];
  body: string;
}

let source: TestSource;
let endpoint: AdminEndpoint;
const sockets: Socket[] = [];

beforeEach(async () => {
  source = new TestSource();
  endpoint = await createAdminEndpoint(source);
});
afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy();
  await endpoint.close();
  source.stop();
});

async function ask(
  path: string,
  options: { method?: string; headers?: OutgoingHttpHeaders; agent?: Agent; body?: string } = {},
): Promise<Answer> {
  const { body, ...rest } = options;
  const sent = request({ host: '127.0.0.1', port: endpoint.port, path, agent: false, ...rest });
  sent.end(body);
  const [response] = (await once(sent, 'response')) as [IncomingMessage];
  let text = '';
  for await (const chunk of response.setEncoding('utf8')) text += chunk;
  return { status: response.statusCode!, headers: response.headers, body: text };
}

/** Sends bytes as they are and reads until the endpoint hangs up. */
async function raw(text: string): Promise<string> {
  const socket = open();
  socket.write(text);
  let answer = '';
  socket.setEncoding('utf8').on('data', (chunk: string) => {
    answer += chunk;
  });
  await once(socket, 'close');
  return answer;
}

function open(): Socket {
  const socket = connect(endpoint.port, '127.0.0.1');
  socket.on('error', () => {});
  sockets.push(socket);
  return socket;
}

describe('an admin endpoint', () => {
  it('serves metrics, a snapshot and its health', async () => {
    const metrics = await ask('/metrics?ignored=1');
    expect(metrics.status).toBe(200);
    expect(metrics.headers['content-type']).toBe('text/plain; version=0.0.4; charset=utf-8');
    expect(metrics.body).toContain('\nmsgtrans_messages_received_total 0\n');
    const snapshot = await ask('/snapshot');
    expect(snapshot.headers['content-type']).toBe('application/json; charset=utf-8');
    expect(JSON.parse(snapshot.body)).toEqual(JSON.parse(JSON.stringify(source.report().snapshot)));
    expect(await ask('/healthz')).toMatchObject({ status: 200, body: 'ok\n' });
    source.reason = 'closing';
    expect(await ask('/healthz')).toMatchObject({ status: 503, body: 'closing\n' });
    expect(metrics.headers).toMatchObject({
      'cache-control': 'no-store',
      'x-content-type-options': 'nosniff',
    });
  });

  it('answers HEAD like GET, without the body', async () => {
    const got = await ask('/metrics');
    const head = await ask('/metrics', { method: 'HEAD' });
    expect(head).toMatchObject({ status: 200, body: '' });
    expect(head.headers['content-length']).toBe(got.headers['content-length']);
  });

  it.each(['/', '/metrics/', '/healthz/x', '/__proto__', '/constructor', '/%2e%2e/metrics'])(
    'has no %s',
    async (path) => {
      expect(await ask(path)).toMatchObject({
        status: 404,
        body: 'there are /metrics, /snapshot, /healthz\n',
      });
    },
  );

  it.each(['POST', 'PUT', 'DELETE', 'OPTIONS', 'PATCH', 'TRACE'])('takes no %s', async (method) => {
    expect(await ask('/metrics', { method })).toMatchObject({ status: 405, headers: { allow: 'GET, HEAD' } });
    expect(source.snapshots).toBe(0);
  });

  it('refuses names that are not of this machine, as a rebound page would send', async () => {
    for (const host of ['evil.example', `evil.example:${endpoint.port}`, '127.0.0.1', 'localhost:1']) {
      expect(await ask('/snapshot', { headers: { host } })).toMatchObject({ status: 403 });
    }
    const own = `localhost:${endpoint.port}`;
    expect(await ask('/healthz', { headers: { host: own } })).toMatchObject({ status: 200 });
    expect(await raw(`GET /snapshot HTTP/1.1\r\nHost: ${own}\r\nHost: evil.example\r\n\r\n`)).toMatch(
      / 40[03] /,
    );
    expect(await raw('GET /snapshot HTTP/1.1\r\n\r\n')).toMatch(/^HTTP\/1\.1 400 /);
    expect(await raw('GET /snapshot HTTP/1.0\r\n\r\n')).toMatch(/^HTTP\/1\.1 403 /);
    expect(source.snapshots).toBe(0);
  });

  it('tells of a source that fails, and lives on', async () => {
    source.failure = new Error('the reactor is gone');
    for (const path of ['/metrics', '/snapshot', '/healthz']) {
      expect(await ask(path)).toMatchObject({
        status: 500,
        body: 'the statistics could not be read: the reactor is gone\n',
      });
    }
    source.failure = undefined;
    expect(await ask('/metrics')).toMatchObject({ status: 200 });
  });

  it('answers a burst of a hundred with two scrapes at once and 503 for the rest, and is well afterwards', async () => {
    const connections = Array.from({ length: 100 }, open);
    await Promise.all(connections.map((socket) => once(socket, 'connect')));
    const answers = connections.map(async (socket) => {
      let text = '';
      for await (const chunk of socket.setEncoding('utf8')) text += chunk;
      return text;
    });
    for (const socket of connections) {
      socket.write(`GET /metrics HTTP/1.1\r\nHost: 127.0.0.1:${endpoint.port}\r\nConnection: close\r\n\r\n`);
    }
    expect(await ask('/healthz')).toMatchObject({ status: 200 });
    const texts = await Promise.all(answers);
    const served = texts.filter((text) => text.startsWith('HTTP/1.1 200 '));
    const refused = texts.filter((text) => text.startsWith('HTTP/1.1 503 '));
    expect(served.length + refused.length).toBe(100);
    // Two, and whoever came when one of these was done.
    expect(served.length).toBeGreaterThanOrEqual(2);
    expect(refused.length).toBeGreaterThan(0);
    expect(refused.filter((text) => !/\r\nRetry-After: 1\r\n/.test(text))).toEqual([]);
    for (let i = 0; i < 5; i++) expect(await ask('/metrics')).toMatchObject({ status: 200 });
    expect(await ask('/healthz')).toMatchObject({ status: 200 });
  });

  it('gives back the place of a client that went away before its scrape', async () => {
    for (let i = 0; i < 6; i++) {
      const socket = open();
      await once(socket, 'connect');
      socket.write(`GET /metrics HTTP/1.1\r\nHost: 127.0.0.1:${endpoint.port}\r\n\r\n`);
      socket.resetAndDestroy();
    }
    await expect.poll(async () => (await ask('/metrics')).status).toBe(200);
    expect(await Promise.all([ask('/metrics'), ask('/snapshot')])).toMatchObject([
      { status: 200 },
      { status: 200 },
    ]);
  });

  it('keeps a connection that behaves, and cuts off one that asks on before it was answered', async () => {
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    let connections = 0;
    agent.on('free', () => {
      connections += 1;
    });
    for (let i = 0; i < 3; i++)
      expect((await ask('/metrics', { agent })).headers.connection).toBe('keep-alive');
    expect(connections).toBe(3);
    expect(Object.values(agent.freeSockets).flat()).toHaveLength(1);
    agent.destroy();
    const one = `GET /metrics HTTP/1.1\r\nHost: 127.0.0.1:${endpoint.port}\r\n\r\n`;
    expect(await raw(one.repeat(50))).toBe('');
    expect(await ask('/metrics')).toMatchObject({ status: 200 });
  });

  it('takes no body and no large header', async () => {
    expect(await ask('/metrics', { headers: { 'content-length': 5 }, body: 'hello' })).toMatchObject({
      status: 413,
    });
    expect(await ask('/metrics', { headers: { x: 'x'.repeat(9 * 1024) } })).toMatchObject({ status: 431 });
  });

  it('cuts off a client that is slow to say what it wants, however busy it looks', async () => {
    const socket = open();
    socket.write('GET /metrics HTTP/1.1\r\nHost: ');
    const trickle = setInterval(() => socket.write('x'), 100);
    socket.resume();
    await once(socket, 'close');
    clearInterval(trickle);
    expect(await ask('/healthz')).toMatchObject({ status: 200 });
  });

  it('gives the place of a client that reads nothing to others', async () => {
    source.failure = new Error('x'.repeat(64 * 1024 * 1024));
    for (let i = 0; i < 2; i++) {
      const socket = open();
      await once(socket, 'connect');
      socket.pause().write(`GET /metrics HTTP/1.1\r\nHost: 127.0.0.1:${endpoint.port}\r\n\r\n`);
    }
    await expect.poll(() => source.snapshots).toBe(2);
    source.failure = undefined;
    expect(await ask('/metrics')).toMatchObject({ status: 503, headers: { 'retry-after': '1' } });
    await expect.poll(async () => (await ask('/metrics')).status, { timeout: 20_000 }).toBe(200);
  });

  it('cuts off connections beyond those it holds, and takes new ones when they have gone', async () => {
    const held = Array.from({ length: 128 }, open);
    await Promise.all(held.map((socket) => once(socket, 'connect')));
    const beyond = open();
    await once(beyond, 'close');
    for (const socket of held) socket.destroy();
    await expect.poll(async () => (await ask('/healthz').catch(() => ({ status: 0 }))).status).toBe(200);
  });

  it('closes at once but for the scrapes in progress', async () => {
    const force = vi.spyOn(Server.prototype, 'closeAllConnections');
    const idle = open();
    await once(idle, 'connect');
    await ask('/healthz');
    let closed: Promise<void> | undefined;
    source.onSnapshot = () => {
      closed = endpoint.close();
    };
    const answer = await ask('/metrics', { agent: new Agent({ keepAlive: true }) });
    expect(answer).toMatchObject({ status: 200, headers: { connection: 'close' } });
    expect(endpoint.close()).toBe(closed);
    await closed;
    if (!idle.destroyed) await once(idle, 'close');
    expect(force).not.toHaveBeenCalled();
    force.mockRestore();
    await expect(ask('/healthz')).rejects.toMatchObject({ code: 'ECONNREFUSED' });
  });

  it('says where it listens', async () => {
    expect(endpoint.url).toBe(`http://127.0.0.1:${endpoint.port}`);
    const six = await createAdminEndpoint(source, { host: '::1' });
    expect(six.url).toBe(`http://[::1]:${six.port}`);
    await six.close();
  });

  it('fails with a typed error when it cannot listen', async () => {
    await expect(createAdminEndpoint(source, { port: endpoint.port })).rejects.toMatchObject({
      code: 'ERR_MSGTRANS_ADDRESS_IN_USE',
      cause: { code: 'EADDRINUSE' },
    });
    await expect(createAdminEndpoint(source, { host: '192.0.2.1' })).rejects.toMatchObject({
      code: 'ERR_MSGTRANS_INVALID_OPTION',
    });
    const free = createServer().listen(0, '127.0.0.1');
    await once(free, 'listening');
    const { port } = free.address() as { port: number };
    free.close();
    await once(free, 'close');
    const taken = await createAdminEndpoint(source, { port });
    expect(taken.port).toBe(port);
    await taken.close();
  });

  it('keeps no process alive, neither itself nor its connections', async () => {
    const count = () =>
      process.getActiveResourcesInfo().filter((name) => /^TCP(Server|Socket)/.test(name)).length;
    // Connections of the tests before go first, and of this file's endpoint nothing is to be seen.
    await expect.poll(count).toBe(0);
    const another = await createAdminEndpoint(source);
    const socket = connect(another.port, '127.0.0.1');
    await once(socket, 'connect');
    socket.unref().write(`GET /healthz HTTP/1.1\r\nHost: localhost:${another.port}\r\n\r\n`);
    await once(socket, 'data');
    expect(count()).toBe(0);
    socket.destroy();
    await another.close();
  });
});
