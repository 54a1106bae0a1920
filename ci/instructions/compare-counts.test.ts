import { describe, expect, it } from 'vitest';
import { compareCounts } from './compare-counts.js';
import { countsTable } from './counts-text.js';
import { sampleCount, storedCount } from './testing/sample-counts.js';

describe('a count against what is stored', () => {
  it.each([
    [100_000, 102_000, 'unchanged'],
    [100_000, 102_001, 'grown'],
    [100_000, 98_000, 'unchanged'],
    [100_000, 97_999, 'fewer'],
    [100_000, 100_000, 'unchanged'],
  ])('from %i to %i instructions is %s', (before, now, finding) => {
    const stored = { 'map-get': storedCount(before) };
    const [line] = compareCounts({ counts: [sampleCount('map-get', now)], stored, allPaths: null });
    expect(line).toMatchObject({ finding, stored: before / 1000, now: now / 1000 });
  });

  it('does not compare other work: other operations, or other results', () => {
    const count = sampleCount('map-get', 300_000);
    const stored = { 'map-get': storedCount(100_000) };
    for (const other of [{ operations: 3000 }, { checksum: '0000000000000100' }]) {
      const [line] = compareCounts({ counts: [{ ...count, ...other }], stored, allPaths: null });
      expect(line).toMatchObject({ finding: 'other-work', changePercent: null });
    }
  });

  it('names what is new and what is gone, and nothing as gone where only some were counted', () => {
    const stored = { b: storedCount(1000), a: storedCount(1000) };
    const counts = [sampleCount('new', 5000)];
    const findings = (allPaths: string[] | null) =>
      compareCounts({ counts, stored, allPaths }).map(({ path, finding }) => [path, finding]);
    expect(findings(['new', 'b'])).toEqual([
      ['new', 'new'],
      ['a', 'gone'],
    ]);
    expect(findings(null)).toEqual([['new', 'new']]);
  });

  it('accepts growth that the change declares with a reason, and no more than that', () => {
    const stored = { 'map-get': storedCount(100_000) };
    const finding = (now: number, declared: ReturnType<typeof storedCount>) =>
      compareCounts({
        ...{ counts: [sampleCount('map-get', now)], stored, allPaths: null },
        declared: { 'map-get': declared },
      })[0];
    expect(finding(110_000, storedCount(110_000, 'checks more'))).toMatchObject({
      ...{ finding: 'accepted', reason: 'checks more' },
    });
    expect(finding(110_000, storedCount(110_000)).finding).toBe('grown');
    expect(finding(113_000, storedCount(110_000, 'checks more')).finding).toBe('grown');
    expect(finding(110_000, { ...storedCount(110_000, 'checks more'), operations: 1 }).finding).toBe('grown');
  });
});

describe('the table', () => {
  it('has a row for each path, figures under each other, and words only where there is something to say', () => {
    const stored = { same: storedCount(41_000), grown: storedCount(100_000), gone: storedCount(7000) };
    const counts = [sampleCount('same', 41_000), sampleCount('grown', 112_500), sampleCount('new', 3000)];
    expect(countsTable(compareCounts({ counts, stored, allPaths: ['same', 'grown', 'new'] }))).toBe(
      [
        'path   stored     now    change',
        'same    41.00   41.00    0.00 %',
        'grown  100.00  112.50  +12.50 %  more than 2 % more',
        'new         –    3.00         –  none stored',
        'gone     7.00       –         –  is no more',
        '',
      ].join('\n'),
    );
  });
});
