import { normalQuantile } from '../../../../scenarios/harness/statistics/normal.js';
import { createRandom, type Random } from '../../../../scenarios/harness/statistics/random.js';

/** A standard normal number by inversion. */
export function drawNormal(random: Random): number {
  return normalQuantile((random.below(2 ** 32) + 0.5) / 2 ** 32);
}

export function simulatedNormal(count: number, seed: number, deviation: number, centre = 0): number[] {
  const random = createRandom(seed);
  return Array.from({ length: count }, () => centre + deviation * drawNormal(random));
}
