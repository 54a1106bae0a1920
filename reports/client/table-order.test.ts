import { describe, expect, it } from 'vitest';
import { matchesWords, orderOfRows } from './table-order.js';

describe('order of rows', () => {
  it('sorts figures by value and keeps equal ones in their order', () => {
    expect(orderOfRows([3, 1, 2, 1], 'ascending')).toEqual([1, 3, 2, 0]);
    expect(orderOfRows([3, 1, 2, 1], 'descending')).toEqual([0, 2, 1, 3]);
  });

  it('puts what is missing last in both directions', () => {
    expect(orderOfRows([null, 2, 1], 'ascending')).toEqual([2, 1, 0]);
    expect(orderOfRows([null, 2, 1], 'descending')).toEqual([1, 2, 0]);
  });

  it('counts digits in names as numbers, whatever the case', () => {
    expect(orderOfRows(['depth=16', 'Depth=2', 'depth=100', 'alpha'], 'ascending')).toEqual([3, 1, 0, 2]);
  });

  it('finds every typed word in any order, across thin spaces', () => {
    expect(matchesWords('tcp/depth=16 throughput 1.18\u202fM op/s', 'THROUGH depth')).toBe(true);
    expect(matchesWords('tcp/depth=16 1.18\u202fM op/s', '1.18 m')).toBe(true);
    expect(matchesWords('tcp', 'tcp mem')).toBe(false);
    expect(matchesWords('anything', '  ')).toBe(true);
  });
});
