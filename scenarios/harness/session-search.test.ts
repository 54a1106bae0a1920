import { describe, expect, it } from 'vitest';
import { SessionSearch } from './session-search.js';

/** Tries until the search is done; what passes is at most `limit`. */
function search(most: number, guess: number, limit: number): { best: number; tried: number[] } {
  const searching = new SessionSearch(most, guess);
  const tried: number[] = [];
  for (let count = searching.next; count !== null; count = searching.next) {
    tried.push(count);
    if (tried.length > 50) throw new Error(`does not end: ${tried.join(' ')}`);
    searching.report(count, count <= limit);
  }
  return { best: searching.best, tried };
}

describe('the search for the most sessions', () => {
  it.each([
    [10_000, 1_000, 3_700],
    [10_000, 1_000, 90],
    [10_000, 9_000, 1_234],
    [10_000, 3_700, 3_700],
    [10_000, 1, 7_000],
  ])('of %d, from %d on, finds %d within 5 %%', (most, guess, limit) => {
    const { best, tried } = search(most, guess, limit);
    expect(best).toBeLessThanOrEqual(limit);
    expect(best).toBeGreaterThanOrEqual(limit / 1.06);
    expect(new Set(tried).size).toBe(tried.length);
    expect(Math.max(...tried)).toBeLessThanOrEqual(most);
  });

  it('is done when all pass, and when none does', () => {
    expect(search(10_000, 4_000, 1e9)).toEqual({ best: 10_000, tried: [4_000, 4_400, 5_325, 7_797, 10_000] });
    expect(search(10_000, 8, 0)).toEqual({ best: 0, tried: [8, 7, 5, 3, 1] });
    expect(search(1, 100, 5)).toEqual({ best: 1, tried: [1] });
  });

  it('needs few tries from a good guess', () => {
    expect(search(10_000, 3_600, 3_700).tried.length).toBeLessThanOrEqual(5);
  });
});
