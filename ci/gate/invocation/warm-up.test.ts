import { describe, expect, it } from 'vitest';
import { createRandom } from '../../../scenarios/harness/statistics/random.js';
import { drawNormal } from '../statistics/draw-normal.js';
import { agree } from './warm-up.js';

const PLAN = { windows: 10, agreement: 0.03 };
/** Of a window, as it was seen on a shared machine with two processors. */
const NOISE = 0.046;

/** Windows until they agree, of a machine whose rate follows `rateAt`. */
function windowsUntil(rateAt: (window: number) => number, noise: number, seed: number): number {
  const random = createRandom(seed);
  const rates: number[] = [];
  while (rates.length < 90) {
    rates.push(rateAt(rates.length) * (1 + noise * drawNormal(random)));
    if (agree(rates, PLAN)) return rates.length;
  }
  return rates.length;
}

const seeds = Array.from({ length: 200 }, (_, seed) => seed);

describe('warming up', () => {
  it('needs as many windows as are compared, and no more where nothing changes', () => {
    expect(windowsUntil(() => 1_000, 0, 1)).toBe(20);
    expect(agree(new Array(19).fill(1_000), PLAN)).toBe(false);
  });

  it('does not take the noise of windows for warming: nine in ten end with the first comparison', () => {
    const lengths = seeds.map((seed) => windowsUntil(() => 1_000, NOISE, seed));
    expect(lengths.filter((length) => length === 20).length).toBeGreaterThan(0.9 * seeds.length);
    expect(Math.max(...lengths)).toBeLessThan(45);
  });

  it('goes on while the rate still rises, by steps or slowly, with noise and without', () => {
    const ramp = (window: number): number => Math.min(1_000, 400 + 15 * window);
    const step = (window: number): number => (window < 14 ? 620 : 1_000);
    expect(windowsUntil(ramp, 0, 1)).toBeGreaterThan(45);
    expect(windowsUntil(step, 0, 1)).toBeGreaterThan(25);
    for (const seed of seeds) {
      expect(windowsUntil(ramp, NOISE, seed)).toBeGreaterThan(30);
      expect(windowsUntil(step, NOISE, seed)).toBeGreaterThan(22);
    }
  });
});
