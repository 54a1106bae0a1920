import { describe, expect, it } from 'vitest';
import { RequestStatistics } from './request-statistics.js';

describe('request statistics', () => {
  it('count every outcome, and what is still pending', () => {
    const statistics = new RequestStatistics();
    const began = Array.from({ length: 11 }, () => statistics.begin());
    for (let i = 0; i < 4; i++) statistics.end('answered', began[i]);
    for (let i = 0; i < 3; i++) statistics.end('timed-out', began[i]);
    for (let i = 0; i < 2; i++) statistics.end('failed', began[i]);
    statistics.end('aborted', began[0]);
    expect(statistics.values()).toEqual({
      requestsStarted: 11,
      requestsAnswered: 4,
      requestsTimedOut: 3,
      requestsFailed: 2,
      requestsAborted: 1,
      requestsPending: 1,
    });
  });

  it('know the latency of answers only', () => {
    const statistics = new RequestStatistics();
    const began = statistics.begin() - 12;
    statistics.end('answered', began);
    statistics.end('timed-out', began - 5_000);
    const { samples, max } = statistics.latency.summary();
    expect(samples).toBe(1);
    expect(max).toBeGreaterThanOrEqual(12e6);
    expect(max).toBeLessThan(5e9);
  });
});
