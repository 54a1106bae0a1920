import { describe, expect, it } from 'vitest';
import {
  alignDecimals,
  exactInteger,
  percent,
  shortDigits,
  threeDigits,
  threeDigitsFixed,
} from './digits.js';
import { durationText, secondsText, utcDay, utcMinute } from './moment.js';
import { greatest, least, median, quantile, spreadPercent } from './order-statistics.js';
import { intervalText, ratioText, ratioWithInterval } from './ratio.js';
import { inScale, scaleFor, withUnit } from './scale.js';
import { capitalised, listInWords, plural } from './sentence.js';

describe('digits', () => {
  it.each([
    [0, '0'],
    [3, '3'],
    [999, '999'],
    [1.005, '1.00'],
    [9.996, '10.0'],
    [99.95, '100'],
    [0.04567, '0.0457'],
    [1234, '1230'],
    [123456, '123\u202f000'],
    [-21.44, '\u221221.4'],
    [1e-9, '1.00e\u22129'],
    [Number.NaN, 'n/a'],
    [Number.POSITIVE_INFINITY, 'n/a'],
  ])('writes %d with three significant digits as %s', (value, text) => {
    expect(threeDigits(value)).toBe(text);
  });

  it('keeps trailing zeros where figures stand under each other', () => {
    expect(threeDigitsFixed(3)).toBe('3.00');
    expect(threeDigitsFixed(20)).toBe('20.0');
    expect(threeDigitsFixed(0)).toBe('0');
  });

  it('drops them on axes', () => {
    expect([0.5, 20, 1.25, 100, 0].map(shortDigits)).toEqual(['0.5', '20', '1.25', '100', '0']);
  });

  it('gives counts in full, in groups of three', () => {
    expect(exactInteger(1234567)).toBe('1\u202f234\u202f567');
    expect(exactInteger(1234)).toBe('1234');
    expect(exactInteger(-3)).toBe('\u22123');
  });

  it('aligns decimal points with spaces of the width of digits', () => {
    expect(alignDecimals(['3.21×', '16.4×', '120×', 'n/a'])).toEqual([
      '3.21×',
      '16.4×\u2007',
      '120×\u2008\u2007\u2007',
      'n/a',
    ]);
  });

  it('writes percentages', () => {
    expect(percent(17.6)).toBe('18\u202f%');
    expect(percent(0.34)).toBe('0.3\u202f%');
    expect(percent(0)).toBe('0\u202f%');
  });
});

describe('scale', () => {
  it('picks the prefix for the middle of a column', () => {
    expect(scaleFor('rate', [31e3, 107e3])).toEqual({ divisor: 1e3, unit: 'k op/s' });
    expect(scaleFor('time', [9100, 31200])).toEqual({ divisor: 1e3, unit: 'µs' });
    expect(scaleFor('bytes', [])).toEqual({ divisor: 1, unit: 'B' });
    expect(scaleFor('share', [0.5])).toEqual({ divisor: 0.01, unit: '%' });
  });

  it('keeps the unit of what it does not know', () => {
    expect(scaleFor('count', [5], 'apples')).toEqual({ divisor: 1, unit: 'apples' });
  });

  it('writes one figure with its unit, and one for a column', () => {
    expect(withUnit('rate', 1.18e6)).toBe('1.18\u202fM op/s');
    expect(withUnit('rate', 1e6)).toBe('1\u202fM op/s');
    expect(withUnit('byte-rate', 3.2e9)).toBe('3.20\u202fGB/s');
    expect(inScale({ divisor: 1e3, unit: 'µs' }, 9100)).toBe('9.10');
  });
});

describe('ratio', () => {
  it('carries its interval', () => {
    expect(ratioWithInterval(21.44, [20.61, 22.3])).toBe('21.4× [20.6, 22.3]');
    expect(ratioWithInterval(2, null)).toBe('2.00×');
    expect(ratioText(Number.NaN)).toBe('n/a');
    expect(intervalText(null)).toBe('');
  });
});

describe('moment', () => {
  it('is in UTC, whatever the machine', () => {
    expect(utcMinute('2026-03-14T09:26:53.000Z')).toBe('2026-03-14 09:26 UTC');
    expect(utcDay('2026-03-14T23:30:00-02:00')).toBe('2026-03-15');
    expect(utcMinute('yesterday')).toBe('n/a');
  });

  it('tells durations', () => {
    expect(durationText('2026-03-14T09:00:00Z', '2026-03-14T09:09:20Z')).toBe('9\u202fmin 20\u202fs');
    expect(secondsText(3)).toBe('3\u202fs');
    expect(secondsText(90_000)).toBe('25\u202fh 0\u202fmin');
    expect(secondsText(-1)).toBe('n/a');
  });
});

describe('sentence', () => {
  it('joins and counts', () => {
    expect(listInWords(['a', 'b', 'c'])).toBe('a, b and c');
    expect(listInWords(['a'])).toBe('a');
    expect(plural(1, 'round')).toBe('1 round');
    expect(plural(2, 'round')).toBe('2 rounds');
    expect(capitalised('all')).toBe('All');
  });
});

describe('order statistics', () => {
  it('ignores what is not finite', () => {
    expect(median([3, Number.NaN, 1, 2])).toBe(2);
    expect(median([])).toBeNull();
    expect(quantile([0, 10], 0.25)).toBe(2.5);
  });

  it('needs two values for a spread', () => {
    expect(spreadPercent([5])).toBeNull();
    expect(spreadPercent([9, 11])).toBeCloseTo(14.14, 2);
  });
});

describe('extremes', () => {
  it('are those of any number of values, and of none infinite', () => {
    // More than a call can have arguments.
    const many = Array.from({ length: 300_000 }, (_, index) => (index * 7919) % 300_000);
    expect([least(many), greatest(many)]).toEqual([0, 299_999]);
    expect([least([]), greatest([])]).toEqual([Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]);
    expect(greatest([1, Number.NaN])).toBeNaN();
  });
});
