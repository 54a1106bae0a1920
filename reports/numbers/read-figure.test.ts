import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { alignDecimals, exactInteger, threeDigits } from './digits.js';
import { secondsText } from './moment.js';
import { ratioText } from './ratio.js';
import { readFigure } from './read-figure.js';
import { withUnit } from './scale.js';

describe('reading a figure back', () => {
  it.each([
    ['n/a', null],
    ['', null],
    ['concurrent-1k', null],
    ['21.4×', 21.4],
    ['[20.6, 22.3]', 20.6],
    ['\u22123.2\u202f%', -3.2],
    ['12 (3.1\u202f%)', 12],
    ['0', 0],
    ['1.00e\u22129', 1e-9],
  ])('takes %j for %j', (text, value) => {
    expect(readFigure(text)).toBe(value);
  });

  it('orders figures of different prefixes and units as their values', () => {
    const rates = [950, 1.2e3, 8e5, 1.1e6, 2e9];
    const texts = rates.map((rate) => readFigure(withUnit('rate', rate))!);
    expect(texts).toEqual([...texts].sort((a, b) => a - b));
    expect(readFigure(withUnit('time', 900e3))!).toBeLessThan(readFigure(withUnit('time', 1e6))!);
    expect(readFigure(withUnit('bytes', 5e6))!).toBeGreaterThan(readFigure(withUnit('bytes', 900e3))!);
  });

  it('adds the parts of a duration', () => {
    expect(readFigure(secondsText(560))).toBe(560);
    expect(readFigure(secondsText(7_260))).toBe(7_260);
  });

  it('reads whatever the typography writes, three digits exact', () => {
    fc.assert(
      fc.property(fc.double({ min: -1e14, max: 1e14, noNaN: true }), (value) => {
        expect(readFigure(threeDigits(value))).toBeCloseTo(Number(value.toPrecision(3)), 6);
      }),
    );
    expect(readFigure(exactInteger(1_234_567))).toBe(1_234_567);
    expect(alignDecimals(['3.21×', '120×']).map(readFigure)).toEqual([3.21, 120]);
    expect(readFigure(ratioText(0.952))).toBe(0.952);
  });
});
