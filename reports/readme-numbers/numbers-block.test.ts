import { describe, expect, it } from 'vitest';
import { fixtureRecord } from '../testing/record-fixture.js';
import { hostileStrings, singleRound } from '../testing/record-variants.js';
import { numbersBlock, withNumbers } from './numbers-block.js';

describe('numbers block', () => {
  const record = fixtureRecord({ rounds: 6, blocksPerRound: 5 });

  it('has a row per case and a line on where it was measured', () => {
    const lines = numbersBlock(record).split('\n');
    expect(lines[2]).toMatch(
      /^\| tcp \| \d+\.?\d*\u202fk ops\/s \| 3\.\d\d× \[3\.\d\d, 3\.\d\d\] \| 1\.\d\d× \[.*\] \| 1\.0\d× \| [\d.]+\u202fms \/ [\d.]+\u202fms \|$/,
    );
    expect(lines.filter((line) => line.startsWith('| tcp')).length).toBe(3);
    expect(lines.at(-1)).toMatch(
      /^Measured on 2026-03-14 on Intel.* 2 cores, .*medians of 6 interleaved rounds, commit 9f2c41e7b06d\./,
    );
  });

  it('gives CPU as a plain quotient of costs', () => {
    const changed = structuredClone(record);
    for (const row of changed.comparisons) {
      if (row.metric === 'cpu_ns_per_op' && row.against === 'limit') row.ratio = 0.5;
    }
    expect(numbersBlock(changed)).toContain('| 2.00× |');
  });

  it('leaves out intervals that a record does not have, and says n/a for arms that did not run', () => {
    const single = singleRound();
    single.comparisons = single.comparisons.filter((row) => row.against !== 'rival:node-net');
    expect(numbersBlock(single).split('\n')[2]).toMatch(/\| \d+\.\d+× \| n\/a \|/);
  });

  it('lets no name out of its cell', () => {
    const block = numbersBlock(hostileStrings());
    expect(block).not.toMatch(/<script|<img|<svg/);
  });
});

describe('README', () => {
  const readme = 'a\n<!-- numbers:start -->\nold\n<!-- numbers:end -->\nb\n';

  it('is renewed between the markers only, and stays the same the second time', () => {
    const renewed = withNumbers(readme, 'new');
    expect(renewed).toBe('a\n<!-- numbers:start -->\nnew\n<!-- numbers:end -->\nb\n');
    expect(withNumbers(renewed, 'new')).toBe(renewed);
  });

  it.each([
    ['none', 'text'],
    ['no end', '<!-- numbers:start -->'],
    ['the wrong order', '<!-- numbers:end --><!-- numbers:start -->'],
    ['doubled', `${readme}${readme}`],
  ])('refuses markers with %s', (_what, text) => {
    expect(() => withNumbers(text, 'new')).toThrow(expect.objectContaining({ code: 'ERR_REPORT_MARKERS' }));
  });
});
