import { normalQuantile } from '../../../scenarios/harness/statistics/normal.js';
import type { Random } from '../../../scenarios/harness/statistics/random.js';

/** A standard normal number, by inversion of a 32-bit uniform one. */
export function drawNormal(random: Random): number {
  return normalQuantile((random.below(2 ** 32) + 0.5) / 2 ** 32);
}
