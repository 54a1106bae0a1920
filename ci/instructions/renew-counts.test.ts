import { describe, expect, it } from 'vitest';
import { renewCounts } from './renew-counts.js';
import { sampleCount, storedCount } from './testing/sample-counts.js';

const WHY = 'a header is checked twice';

describe('a save', () => {
  it('lets a count go down by itself, and forgets why it had gone up', () => {
    const stored = { 'map-get': storedCount(100_000, WHY) };
    const { paths, changed } = renewCounts(stored, [sampleCount('map-get', 99_999)], null, null);
    expect(paths).toEqual({ 'map-get': storedCount(99_999) });
    expect(changed).toEqual(['map-get']);
  });

  it('keeps what is stored under a count that is a little larger: small steps do not add up', () => {
    let stored: ReturnType<typeof renewCounts>['paths'] = { 'map-get': storedCount(100_000) };
    for (const now of [101_000, 102_000]) {
      const renewal = renewCounts(stored, [sampleCount('map-get', now)], WHY, null);
      expect(renewal).toEqual({ paths: { 'map-get': storedCount(100_000) }, changed: [] });
      stored = renewal.paths;
    }
    expect(() => renewCounts(stored, [sampleCount('map-get', 103_000)], null, null)).toThrow(/3\.00 %/);
  });

  it('lets a count go up with a reason, which it keeps', () => {
    const stored = { 'map-get': storedCount(100_000), 'map-insert': storedCount(5000) };
    const counts = [sampleCount('map-get', 110_000), sampleCount('map-insert', 5000)];
    const { paths, changed } = renewCounts(stored, counts, WHY, null);
    expect(paths).toEqual({ 'map-get': storedCount(110_000, WHY), 'map-insert': storedCount(5000) });
    expect(changed).toEqual(['map-get']);
  });

  it('refuses growth without a reason, names every path that grew, and says what to type', () => {
    const stored = { a: storedCount(1000), b: storedCount(1000), c: storedCount(1000) };
    const counts = [sampleCount('a', 1100), sampleCount('b', 1200), sampleCount('c', 1000)];
    let caught: unknown;
    try {
      renewCounts(stored, counts, null, null);
    } catch (error) {
      caught = error;
    }
    expect(caught).toMatchObject({ code: 'ERR_INSTRUCTIONS_GREW', exitCode: 3 });
    expect((caught as Error).message).toMatch(/a by 10\.00 %, b by 20\.00 %[\s\S]*--accept-growth 'REASON'/);
  });

  it('adds new paths and other work, drops what is gone, and leaves alone what was not counted', () => {
    const stored = {
      kept: storedCount(1000),
      other: { ...storedCount(1000), operations: 7 },
      gone: storedCount(1),
    };
    const counts = [sampleCount('other', 9000), sampleCount('new', 3000)];
    const { paths, changed } = renewCounts(stored, counts, null, ['kept', 'other', 'new']);
    expect(paths).toEqual({ kept: storedCount(1000), other: storedCount(9000), new: storedCount(3000) });
    expect(changed).toEqual(['gone', 'new', 'other']);
    expect(renewCounts(stored, counts, null, null).paths).toHaveProperty('gone');
  });
});
