import { shortDigits } from '../numbers/digits.js';
import { greatest, least } from '../numbers/order-statistics.js';
import { ratioWithInterval } from '../numbers/ratio.js';
import type { RatioEstimate } from '../numbers/ratio-interval.js';
import { armIdentity } from '../view-model/arm-identity.js';
import { MISSING_TEXT, RATIO_LIMIT, type RatioRow, type RatioView } from '../view-model/ratio-view.js';
import type { AxisSpec, ChartSpec, RowSpec, RuleSpec } from './chart-spec.js';
import { chartNumber, logTicks } from './ticks.js';

/** Above this quotient of largest and smallest ratio a linear axis would hide the small ones. */
const LOG_SPAN = 4;

/** One row per case and metric, dot and 95 % bar, lines at 1× and at the limit. */
export function forestChart(view: RatioView): ChartSpec | null {
  const finite = view.leading.filter((row) => Number.isFinite(row.ratio) && row.ratio > 0);
  if (finite.length === 0) return null;
  const rows: RowSpec[] = [];
  let caseName: string | null = null;
  for (const row of finite) {
    if (row.caseName !== caseName) rows.push(headingRow(row.caseName));
    caseName = row.caseName;
    rows.push(ratioRow(row, view.ours));
  }
  for (const entry of view.missing) {
    rows.push(headingRow(entry.caseName));
    rows.push({ label: MISSING_TEXT[entry.status], role: 'other', hollow: true, note: entry.reason });
  }
  return {
    kind: 'rows',
    x: ratioAxis(finite, 'dashed: 5 % slower · better is to the right →'),
    y: { scale: 'linear', min: -0.5, max: rows.length - 0.5, title: '', ticks: [], hidden: true },
    series: [],
    rows,
    noteColumn: true,
    rules: limitRules(),
  };
}

/** Where nothing differs. */
export const UNITY_RULE: RuleSpec = { axis: 'x', at: 1, label: '1×', dashed: false };

/** No difference, and the slowdown that counts. */
function limitRules(): RuleSpec[] {
  return [UNITY_RULE, { axis: 'x', at: chartNumber(RATIO_LIMIT), label: '0.952×', dashed: true }];
}

export function headingRow(label: string): RowSpec {
  return { label, role: 'other', heading: true, note: '' };
}

/** The arm is named where it is not the one that the page speaks about. */
function ratioRow(row: RatioRow, ours: string): RowSpec {
  const hollow = row.mark !== null || row.ci95 === null;
  const subject = row.arm === ours ? '' : `${armIdentity(row.arm).label}: `;
  const marked = row.mark ? ` (${row.mark})` : '';
  return {
    label: `${subject}${row.metricLabel} vs ${armIdentity(row.against).label}${marked}`,
    role: armIdentity(row.against).role,
    value: chartNumber(row.ratio),
    ...(row.ci95
      ? { interval: [chartNumber(row.ci95[0]), chartNumber(row.ci95[1])] as [number, number] }
      : {}),
    ...(hollow ? { hollow } : {}),
    note: ratioWithInterval(row.ratio, row.ci95),
  };
}

export function ratioAxis(rows: readonly RatioEstimate[], title: string): AxisSpec {
  const values = rows.flatMap((row) => [row.ratio, ...(row.ci95 ?? [])]).filter((value) => value > 0);
  const low = Math.min(RATIO_LIMIT, least(values));
  const high = Math.max(1, greatest(values));
  if (high / low > LOG_SPAN) {
    const air = (high / low) ** 0.03;
    const [min, max] = [chartNumber(low / air), chartNumber(high * air)];
    return { scale: 'log', min, max, title, ticks: logTicks(min, max, '×') };
  }
  const air = (high - low) * 0.05 + 0.005;
  const [min, max] = [chartNumber(low - air), chartNumber(high + air)];
  // Not from zero: what matters is the distance from 1×.
  const step = (max - min) / 6;
  const decade = 10 ** Math.floor(Math.log10(step));
  const nice = decade * ([1, 2, 5, 10].find((lead) => lead * decade >= step) ?? 10);
  const ticks = [];
  for (let at = Math.ceil(min / nice) * nice; at <= max; at += nice) {
    ticks.push({ at: chartNumber(at), label: `${shortDigits(chartNumber(at))}×` });
  }
  return { scale: 'linear', min, max, title, ticks };
}
