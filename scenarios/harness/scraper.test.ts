import { once } from 'node:events';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { type ScrapePlan, Scraper } from './scraper.js';

/** autocannon against scripted endpoints: what it asks, and what is made of the answers. */

const PLAN: ScrapePlan = { connections: 2, scrapesPerSecond: null, path: '/metrics', healthPath: null };
const servers: Server[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    server.close();
  }
});

async function serve(listener: RequestListener): Promise<string> {
  const server = createServer(listener).listen(0, '127.0.0.1');
  servers.push(server);
  await once(server, 'listening');
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** Ends once the server has seen so many requests. */
function seen(requests: number): {
  listener: (inner: RequestListener) => RequestListener;
  all: Promise<void>;
} {
  let left = requests;
  let done = () => {};
  const all = new Promise<void>((resolve) => (done = resolve));
  const listener =
    (inner: RequestListener): RequestListener =>
    (request, response) => {
      inner(request, response);
      left -= 1;
      if (left === 0) setImmediate(done);
    };
  return { listener, all };
}

describe('a scraper', () => {
  it('asks over as many connections as it is told, and health after each scrape', async () => {
    const asked: string[] = [];
    const ports = new Set<number | undefined>();
    const { listener, all } = seen(40);
    const url = await serve(
      listener(({ url: path, socket }, response) => {
        asked.push(String(path));
        ports.add(socket.remotePort);
        response.end('up 1\n');
      }),
    );
    const scraper = new Scraper(url, { ...PLAN, healthPath: '/healthz' });
    scraper.start();
    await all;
    const tally = await scraper.stop();
    expect(ports.size).toBe(2);
    expect(new Set(asked)).toEqual(new Set(['/metrics', '/healthz']));
    expect(tally.faults).toEqual([]);
    expect(tally.served).toBeGreaterThan(10);
    expect(tally.healthChecks).toBeGreaterThan(10);
    expect(tally.seconds).toBeGreaterThan(0);
    expect(tally.latency.max()).toBeGreaterThan(0);
  });

  it('sends no more in the first second than its rate, health checks apart', async () => {
    let scrapes = 0;
    const { listener, all } = seen(12);
    const url = await serve(
      listener(({ url: path }, response) => {
        if (path === '/metrics') scrapes += 1;
        response.end('up 1\n');
      }),
    );
    const scraper = new Scraper(url, { ...PLAN, scrapesPerSecond: 6, healthPath: '/healthz' });
    scraper.start();
    await all;
    await scraper.stop();
    expect(scrapes).toBe(6);
  });

  it('tells refusals, and answers that must not be', async () => {
    let number = 0;
    const { listener, all } = seen(30);
    const url = await serve(
      listener((_request, response) => {
        number += 1;
        if (number % 3 === 0) response.writeHead(503, { 'Retry-After': '1' }).end('busy\n');
        else if (number % 3 === 1) response.end('up 1\n');
        else response.writeHead(500).end('broken\n');
      }),
    );
    const scraper = new Scraper(url, PLAN);
    scraper.start();
    await all;
    const tally = await scraper.stop();
    expect(tally.refused).toBeGreaterThan(5);
    expect(tally.served).toBeGreaterThan(5);
    expect(tally.faults).toEqual([expect.stringMatching(/^\/metrics answered 500 \(\d+ times\)$/)]);
  });

  it('gives up on an endpoint that is gone, and says so', async () => {
    const url = await serve((request) => request.socket.destroy());
    for (const server of servers.splice(0)) {
      server.close();
      await once(server, 'close');
    }
    const scraper = new Scraper(url, PLAN);
    scraper.start();
    // The end of `stop` is the end of autocannon, which would otherwise go on knocking.
    await new Promise((resolve) => setTimeout(resolve, 50));
    const { faults, served } = await scraper.stop();
    expect(served).toBe(0);
    expect(faults.join()).toMatch(/ECONNREFUSED/);
  });

  it('is started once at a time', async () => {
    const scraper = new Scraper(await serve((_request, response) => response.end('up 1\n')), PLAN);
    await expect(scraper.stop()).rejects.toThrow(/not running/);
    scraper.start();
    expect(() => scraper.start()).toThrow(/is running/);
    await scraper.stop();
    scraper.start();
    await scraper.stop();
  });
});
