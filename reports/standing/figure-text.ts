import { inScale, type Quantity, type Scale } from '../numbers/scale.js';

/** Beyond this many decimals a share says more than any run can know. */
const SHARE_DECIMALS_MAX = 6;

/**
 * A figure for a cell whose unit stands beside it. A share close to one keeps two digits of what it lacks, cut and not
 * rounded: 99.9987 % of messages in time must not read as 100 %.
 */
export function figureText(scale: Scale, quantity: Quantity, value: number): string {
  if (quantity !== 'share' || value < 0.95 || value >= 1) return inScale(scale, value);
  const lacking = 100 * (1 - value);
  const decimals = Math.min(SHARE_DECIMALS_MAX, Math.max(1, 1 - Math.floor(Math.log10(lacking) + 1e-9)));
  const step = 10 ** decimals;
  // Room for 0.9999 × 100 being a hair less than 99.99.
  return (Math.floor(value * 100 * step + 1e-6) / step).toFixed(decimals).replace(/(\.\d+?)0+$/, '$1');
}
