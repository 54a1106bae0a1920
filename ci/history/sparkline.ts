const BARS = '▁▂▃▄▅▆▇█';
/** Where every value is the same there is nothing to be high or low against. */
const LEVEL = BARS[3];
const ABSENT = '·';

/** One character for each value, the least one lowest and the greatest one highest. */
export function sparkline(values: readonly (number | null)[]): string {
  const present = values.filter((value) => value !== null);
  const [least, greatest] = [Math.min(...present), Math.max(...present)];
  return values
    .map((value) => {
      if (value === null) return ABSENT;
      if (greatest === least) return LEVEL;
      return BARS[
        Math.min(BARS.length - 1, Math.floor(((value - least) / (greatest - least)) * BARS.length))
      ];
    })
    .join('');
}
