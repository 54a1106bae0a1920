import { describe, expect, it } from 'vitest';
import { studentTail } from './student-tail.js';

describe("the tail of Student's t", () => {
  it.each([
    [12.706, 1, 0.05],
    [4.303, 2, 0.05],
    [3.182, 3, 0.05],
    [2.776, 4, 0.05],
    [4.587, 10, 0.001],
    [4.437, 11, 0.001],
    [3.768, 23, 0.001],
    [3.373, 120, 0.001],
  ])('beyond %d with %d degrees of freedom is that of the printed tables: %d', (t, degrees, tail) => {
    expect(studentTail(t, degrees)).toBeCloseTo(tail, tail < 0.01 ? 5 : 4);
    expect(studentTail(-t, degrees)).toBe(studentTail(t, degrees));
  });

  it('is everything at 0 and nothing at infinity, and says nothing without a degree of freedom', () => {
    for (const degrees of [1, 2, 7, 30]) {
      expect(studentTail(0, degrees)).toBe(1);
      expect(studentTail(Infinity, degrees)).toBeCloseTo(0, 14);
    }
    expect(studentTail(100, 0)).toBe(1);
  });
});
