/** A handful of values as one bar each, `▁` the lowest and `█` the highest of a scale. */

const BARS = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];

export interface Scale {
  low: number;
  high: number;
}

/** The scale that holds all values; null without any. */
export function scaleOf(values: readonly number[]): Scale | null {
  const known = values.filter((value) => value > 0 && Number.isFinite(value));
  return known.length === 0 ? null : { low: Math.min(...known), high: Math.max(...known) };
}

/** Logarithmic, because a latency that doubles has to show whatever the highest was; `·` for a value that is missing. */
export function sparkline(values: readonly number[], scale: Scale): string {
  const span = Math.log(scale.high / scale.low);
  return values
    .map((value) => {
      if (!(value > 0) || !Number.isFinite(value)) return '·';
      // Less than a tenth of difference over the whole scale is noise, and drawn as a level.
      const share = span < 0.1 ? 0 : Math.log(value / scale.low) / span;
      return BARS[Math.max(0, Math.min(BARS.length - 1, Math.floor(share * BARS.length)))];
    })
    .join('');
}
