import { THIN_SPACE, threeDigits, threeDigitsFixed } from './digits.js';

/** What a figure counts; decides which prefixes are sensible. */
export type Quantity = 'rate' | 'byte-rate' | 'time' | 'bytes' | 'share' | 'count';

/** Values are divided by `divisor` and shown under `unit`. */
export interface Scale {
  divisor: number;
  unit: string;
}

type Ladder = readonly (readonly [divisor: number, unit: string])[];

const TIME: Ladder = [
  [1e9, 's'],
  [1e6, 'ms'],
  [1e3, 'µs'],
  [1, 'ns'],
];
const BYTES: Ladder = [
  [1e9, 'GB'],
  [1e6, 'MB'],
  [1e3, 'kB'],
  [1, 'B'],
];
const BYTE_RATE: Ladder = BYTES.map(([divisor, unit]) => [divisor, `${unit}/s`] as const);
const RATE: Ladder = [
  [1e9, 'G op/s'],
  [1e6, 'M op/s'],
  [1e3, 'k op/s'],
  [1, 'op/s'],
];

const LADDERS: Partial<Record<Quantity, Ladder>> = {
  rate: RATE,
  'byte-rate': BYTE_RATE,
  time: TIME,
  bytes: BYTES,
};

/**
 * The prefix under which a set of values reads best together: that of their geometric middle, so that one
 * header serves a whole column.
 */
export function scaleFor(quantity: Quantity, values: readonly number[], ownUnit = ''): Scale {
  if (quantity === 'share') return { divisor: 0.01, unit: '%' };
  const ladder = LADDERS[quantity];
  if (!ladder) return { divisor: 1, unit: ownUnit };
  const logs = values.filter((value) => Number.isFinite(value) && value > 0).map(Math.log);
  const middle = logs.length === 0 ? 1 : Math.exp(logs.reduce((sum, log) => sum + log, 0) / logs.length);
  // A round million comes back from the logarithm a hair below itself.
  const step = ladder.find(([divisor]) => middle * (1 + 1e-9) >= divisor) ?? ladder.at(-1)!;
  return { divisor: step[0], unit: step[1] };
}

/** A figure on its own, with its unit: `1.25 M op/s`. */
export function withUnit(quantity: Quantity, value: number, ownUnit = ''): string {
  const scale = scaleFor(quantity, [value], ownUnit);
  const digits = threeDigits(value / scale.divisor);
  return scale.unit ? `${digits}${THIN_SPACE}${scale.unit}` : digits;
}

/** A figure for a column whose header carries the unit. */
export function inScale(scale: Scale, value: number): string {
  return threeDigitsFixed(value / scale.divisor);
}
