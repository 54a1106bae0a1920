import { describe, expect, it } from 'vitest';
import { type ScrapeAnswer, ScrapeTally } from './scrape-tally.js';

const SERVED: ScrapeAnswer = {
  path: '/metrics',
  status: 200,
  retryAfter: undefined,
  bodyBytes: 100,
  latencyNs: 1e6,
};

describe('a tally of scrapes', () => {
  it('tells served from refused, and times the served alone', () => {
    const tally = new ScrapeTally();
    tally.scrape(SERVED);
    tally.scrape({ ...SERVED, status: 503, retryAfter: '1', latencyNs: 1e9 });
    expect({ served: tally.served, refused: tally.refused, faults: tally.faults }).toEqual({
      ...{ served: 1, refused: 1, faults: [] },
    });
    expect(tally.latency.max()).toBe(1e6);
  });

  it.each([
    [{ status: 503, retryAfter: undefined }, /503 without a Retry-After/],
    [{ status: 503, retryAfter: 'soon' }, /503 without a Retry-After/],
    [{ status: 503, retryAfter: '0' }, /503 without a Retry-After/],
    [{ status: 500 }, /answered 500/],
    [{ bodyBytes: 0 }, /answered 200 with nothing in it/],
  ])('counts %j as a fault', (change, message) => {
    const tally = new ScrapeTally();
    tally.scrape({ ...SERVED, ...change });
    expect(tally.faults).toEqual([expect.stringMatching(message)]);
    expect(tally.served + tally.refused).toBe(0);
  });

  it('takes 503 from a health check for what it is', () => {
    const tally = new ScrapeTally();
    tally.health({ ...SERVED, path: '/healthz' });
    tally.health({ ...SERVED, path: '/healthz', status: 503, retryAfter: '1' });
    expect(tally.healthChecks).toBe(2);
    expect(tally.faults).toEqual(['/healthz answered 503']);
  });

  it('rounds latencies up to three digits, never down', () => {
    for (const [latencyNs, bucket] of [
      [1_234_567, 1_240_000],
      [999_999, 1_000_000],
      [1_000, 1_000],
      [12.5, 13],
      [0.2, 1],
    ]) {
      const tally = new ScrapeTally();
      tally.scrape({ ...SERVED, latencyNs });
      expect(tally.latency.max()).toBe(bucket);
    }
  });

  it('adds up, and keeps the list of faults short', () => {
    const sum = new ScrapeTally();
    for (let status = 100; status < 200; status++) {
      const tally = new ScrapeTally();
      tally.seconds = 0.5;
      tally.scrape(SERVED);
      tally.scrape({ ...SERVED, status });
      tally.scrape({ ...SERVED, status: 100 });
      sum.addAll(tally);
    }
    expect(sum.served).toBe(100);
    expect(sum.seconds).toBe(50);
    expect(sum.faults).toHaveLength(17);
    expect(sum.faults[0]).toBe('/metrics answered 100 (101 times)');
    expect(sum.faults.at(-1)).toBe('other faults (84 times)');
  });
});
