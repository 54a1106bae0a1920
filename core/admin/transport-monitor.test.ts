import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { TransportMonitor } from './transport-monitor.js';

let messagesReceived = 0;
let isDestroyed = false;
let monitor: TransportMonitor;

beforeEach(() => {
  messagesReceived = 3;
  isDestroyed = false;
  monitor = new TransportMonitor(
    {
      reactors: () => {
        if (isDestroyed) throw new Error('read after its reactors were destroyed');
        return [{ reactor: 0, values: { messagesReceived } }];
      },
      shared: () => ({ messagesDropped: 2 }),
    },
    60_000,
  );
});
afterEach(() => monitor.end());

async function status(url: string): Promise<number | undefined> {
  const response = await fetch(url, { headers: { connection: 'close' } }).catch(() => undefined);
  await response?.text();
  return response?.status;
}

describe('the monitor of a transport', () => {
  it('puts together what reactors, core and requests count', () => {
    monitor.requests.end('answered', monitor.requests.begin());
    monitor.requests.begin();
    const { totals, gauges } = monitor.performanceSnapshot();
    expect(monitor.requests.latency.samples).toBe(1);
    expect(totals).toMatchObject({ messagesReceived: 3, messagesDropped: 2, requestsAnswered: 1 });
    expect(gauges.requestsPending).toBe(1);
  });

  it('shows itself on any number of endpoints, which it closes at its end', async () => {
    const endpoints = [await monitor.admin(), await monitor.admin({ port: 0 })];
    for (const { url } of endpoints) expect(await status(`${url}/healthz`)).toBe(200);
    await endpoints[1].close();
    monitor.beginClosing();
    expect(await status(`${endpoints[0].url}/healthz`)).toBe(503);
    const metrics = await (await fetch(`${endpoints[0].url}/metrics`)).text();
    expect(metrics).toContain('\nmsgtrans_messages_received_total 3\n');
    expect(metrics).toContain('\nmsgtrans_request_latency_seconds_count 0\n');

    await monitor.end();

    for (const { url } of endpoints) expect(await status(`${url}/healthz`)).toBeUndefined();
  });

  it('keeps its last figures, and reads nothing more', async () => {
    messagesReceived = 9;
    const ended = monitor.end();
    isDestroyed = true;
    await ended;
    expect(monitor.performanceSnapshot().totals.messagesReceived).toBe(9);
    expect(monitor.end()).toBe(ended);
  });

  it('opens no endpoint once it closes, not even one that was on its way', async () => {
    const free = await monitor.admin();
    await free.close();
    const opening = monitor.admin({ port: free.port });
    monitor.beginClosing();
    await expect(opening).rejects.toMatchObject({ code: 'ERR_MSGTRANS_CLOSED' });
    await expect(monitor.admin()).rejects.toMatchObject({ code: 'ERR_MSGTRANS_CLOSED' });
    expect(await status(`${free.url}/healthz`)).toBeUndefined();
  });
});
