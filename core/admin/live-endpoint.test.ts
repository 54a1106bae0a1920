/** The endpoint of a transport that carries traffic. */
import { afterEach, describe, expect, it } from 'vitest';
import { HighPerformanceTransport } from '../high-performance-transport.js';
import { hasPromtool, promtoolSays, readExposition } from './exposition-reader.js';

const REQUESTS = 20;
const open: HighPerformanceTransport[] = [];

afterEach(async () => {
  for (const transport of open.splice(0)) await transport.close({ drainTimeoutMs: 0 });
});

async function servingTransport(): Promise<HighPerformanceTransport> {
  const server = await HighPerformanceTransport.create();
  const client = await HighPerformanceTransport.create();
  open.push(server, client);
  server.onBatch((batch) => {
    for (const message of batch) message.reply(message.payload());
  });
  const { url } = await server.listen('tcp://127.0.0.1:0');
  const session = await client.connect(url);
  for (let i = 0; i < REQUESTS; i++) await session.request(new Uint8Array(100));
  return server;
}

async function textOf(url: string): Promise<string> {
  return (await fetch(url, { headers: { connection: 'close' } })).text();
}

describe('the admin endpoint of a transport', () => {
  it('shows its traffic as metrics that an independent reader understands', async () => {
    const { url } = await (await servingTransport()).admin();
    const metrics = readExposition(await textOf(`${url}/metrics`));
    const value = (name: string) => metrics.get(`msgtrans_${name}`)?.samples[0].value;
    expect(value('messages_received_total')).toBe(REQUESTS);
    expect(value('sessions_open')).toBe(1);
    expect(value('reactor_cpu_seconds_total')).toBeGreaterThan(0);
    expect(metrics.get('msgtrans_turn_latency_seconds')?.samples.at(-1)?.value).toBeGreaterThan(0);
    expect(value('pool_bytes')).toBeGreaterThan(0);
    expect(value('diagnostic_subscribers')).toBe(0);
  });

  it.skipIf(!hasPromtool)(
    'shows metrics that promtool (Debian package prometheus) has nothing to say to',
    async () => {
      const { url } = await (await servingTransport()).admin();
      expect(promtoolSays(await textOf(`${url}/metrics`))).toEqual({ status: 0, stdout: '', stderr: '' });
    },
  );

  it('shows the snapshot that the transport gives', async () => {
    const server = await servingTransport();
    const { url } = await server.admin({ host: '127.0.0.1', port: 0 });
    const shown = JSON.parse(await textOf(`${url}/snapshot`));
    const own = server.performanceSnapshot();
    expect(Object.keys(shown)).toEqual(Object.keys(own));
    expect(shown.totals.messagesReceived).toBe(own.totals.messagesReceived);
  });

  it('is there until the transport closes, unhealthy while that lasts', async () => {
    const server = await servingTransport();
    const { url } = await server.admin();
    expect(await textOf(`${url}/healthz`)).toBe('ok\n');
    const closed = server.close();
    expect(await textOf(`${url}/healthz`).catch(() => 'closing\n')).toBe('closing\n');
    await closed;
    await expect(fetch(`${url}/healthz`)).rejects.toThrow();
    await expect(server.admin()).rejects.toMatchObject({ code: 'ERR_MSGTRANS_CLOSED' });
    expect(server.performanceSnapshot().totals.messagesReceived).toBe(REQUESTS);
  });
});
