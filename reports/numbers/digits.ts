import { greatest } from './order-statistics.js';

/** Typography of numbers: three significant digits, thin spaces in thousands, a true minus sign. */

/** U+202F, a thin space at which no line breaks: between groups of three digits, before units. */
export const THIN_SPACE = '\u202f';
/** U+2007, as wide as a digit. */
const FIGURE_SPACE = '\u2007';
/** U+2008, as wide as a full stop. */
const PUNCTUATION_SPACE = '\u2008';
const MINUS = '\u2212';

/** What stands where a figure is missing; the reason goes beside it. */
export const NOT_AVAILABLE = 'n/a';

function groupThousands(digits: string): string {
  // Four digits read well unbroken, and years and ports stay what they are.
  if (digits.length < 5) return digits;
  return digits.replace(/\B(?=(\d{3})+$)/g, THIN_SPACE);
}

function withSign(value: number, unsigned: string): string {
  return value < 0 ? MINUS + unsigned : unsigned;
}

/** A whole number in full, for counts that must be exact. */
export function exactInteger(value: number): string {
  if (!Number.isFinite(value)) return NOT_AVAILABLE;
  return withSign(value, groupThousands(Math.abs(Math.round(value)).toFixed(0)));
}

/** Decimals that leave three significant digits, after rounding: 9.996 has one digit more in front. */
function decimalsFor(magnitude: number): number {
  if (magnitude === 0) return 0;
  const rounded = Number(magnitude.toPrecision(3));
  return Math.max(0, 2 - Math.floor(Math.log10(rounded)));
}

/** Three significant digits; whole numbers of up to three digits stay whole. */
export function threeDigits(value: number): string {
  if (!Number.isFinite(value)) return NOT_AVAILABLE;
  const magnitude = Math.abs(value);
  if (magnitude < 1000 && Number.isInteger(value)) return withSign(value, magnitude.toFixed(0));
  if (magnitude >= 1e15 || magnitude < 1e-6) return value.toExponential(2).replace('-', MINUS);
  const [whole, fraction] = Number(magnitude.toPrecision(3)).toFixed(decimalsFor(magnitude)).split('.');
  return withSign(value, groupThousands(whole!) + (fraction ? `.${fraction}` : ''));
}

/** As few digits as the value needs, three at most: 0.5, 20, 1.25. For axes. */
export function shortDigits(value: number): string {
  return threeDigits(value)
    .replace(/(\.\d*?)0+$/, '$1')
    .replace(/\.$/, '');
}

/** Three significant digits with trailing zeros kept, for columns and intervals: 20.0, 3.00. */
export function threeDigitsFixed(value: number): string {
  if (!Number.isFinite(value)) return NOT_AVAILABLE;
  const magnitude = Math.abs(value);
  if (magnitude === 0) return '0';
  if (magnitude >= 1e15 || magnitude < 1e-6) return threeDigits(value);
  const rounded = Number(magnitude.toPrecision(3));
  const [whole, fraction] = rounded.toFixed(decimalsFor(magnitude)).split('.');
  return withSign(value, groupThousands(whole!) + (fraction ? `.${fraction}` : ''));
}

/** `18 %`; below 10 with one decimal, because a steal of 0.3 % is not none. */
export function percent(value: number): string {
  if (!Number.isFinite(value)) return NOT_AVAILABLE;
  const digits = Math.abs(value) >= 10 || value === 0 ? value.toFixed(0) : value.toFixed(1);
  return `${digits.replace('-', MINUS)}${THIN_SPACE}%`;
}

/**
 * Pads right-aligned figures with spaces as wide as the decimals they lack, so that decimal points stand
 * under each other in tabular numerals.
 */
export function alignDecimals(cells: readonly string[]): string[] {
  const widths = cells.map(decimalsOf);
  const widest = Math.max(0, greatest(widths));
  return cells.map((cell, index) => {
    const missing = widest - widths[index]!;
    if (missing === 0 || !/\d/.test(cell)) return cell;
    const point = widths[index] === 0 ? PUNCTUATION_SPACE : '';
    return cell + point + FIGURE_SPACE.repeat(missing);
  });
}

function decimalsOf(cell: string): number {
  return /\.(\d+)/.exec(cell)?.[1]?.length ?? 0;
}
