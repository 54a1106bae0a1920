import { significant } from '../../../scenarios/harness/format-number.js';
import type { MetricPower } from './gate-power.js';

/** What the gate could have found, a sentence for each metric: the share of gates that fail at each true slowdown. */
export function powerNotes(power: readonly MetricPower[]): string[] {
  return power.map(({ name, deviationPercent, points }) => {
    const shares = points.map(
      ({ slowdownPercent, fail, gates }) =>
        `${significant((100 * fail) / gates)} % fail at ${Number(slowdownPercent.toPrecision(3))} %`,
    );
    const noise = `${significant(deviationPercent)} % between invocations`;
    return `power of ${name} at ${noise}, by its share of the levels, if normal: ${shares.join(', ')}`;
  });
}
