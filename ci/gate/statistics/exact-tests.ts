import { GateError } from './gate-error.js';

/** An exact two-sided test for small counts; no chance is involved. */

/** As in R's `fisher.test`: tables as unlikely as the one seen count as well, up to rounding. */
const ALIKE = 1 + 1e-7;

/**
 * Fisher's exact test: whether rows and columns of [[a, b], [c, d]] are independent, as the chance of a table as unlikely
 * as this one among all with its margins (Fisher, "The Design of Experiments", 1935).
 */
export function fisherExact([[a, b], [c, d]]: readonly [
  readonly [number, number],
  readonly [number, number],
]): number {
  if (![a, b, c, d].every((count) => Number.isInteger(count) && count >= 0)) {
    throw new GateError(
      'ERR_GATE_ARGUMENT',
      `a table of counts holds ${[a, b, c, d].join(', ')}; give whole numbers from 0`,
    );
  }
  const row = a + b;
  const column = a + c;
  const all = a + b + c + d;
  const least = Math.max(0, row + column - all);
  const most = Math.min(row, column);
  // Hypergeometric weights from the quotient of neighbours, scaled by their sum; on logarithms, because those of a thousand
  // drops among thousands of blocks are beyond what a number holds.
  const logarithms = [0];
  for (let count = least; count < most; count++) {
    const quotient = ((row - count) * (column - count)) / ((count + 1) * (all - row - column + count + 1));
    logarithms.push(logarithms[logarithms.length - 1] + Math.log(quotient));
  }
  const largest = Math.max(...logarithms);
  const weights = logarithms.map((logarithm) => Math.exp(logarithm - largest));
  const seen = weights[a - least] * ALIKE;
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  return Math.min(1, weights.reduce((sum, weight) => sum + (weight <= seen ? weight : 0), 0) / total);
}
