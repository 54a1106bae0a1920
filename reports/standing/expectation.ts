import type { CheckRecord } from '../../scenarios/harness/record.js';
import { shortDigits } from '../numbers/digits.js';
import { withUnit } from '../numbers/scale.js';
import { armIdentity } from '../view-model/arm-identity.js';
import { metricName } from '../view-model/metric-catalogue.js';
import { figureText } from './figure-text.js';

export type ExpectationForm = 'ratio-min' | 'quotient-max' | 'value-min' | 'value-max' | 'interval-min';

/** What a check asks for, in pieces. */
export interface Expectation {
  form: ExpectationForm;
  metric: string;
  arm: string;
  /** Set for the two forms that compare. */
  against: string | null;
  limit: number;
}

/** As the harness writes it: `cpu_ns_per_op: native against limit ≤ 1.15× the cost`. */
const EXPRESSION =
  /^(?<metric>\w+): (?<arm>\S+?)(?: against (?<against>\S+))?(?<lower>, lower end of the 95 % interval)? (?<sign>[≥≤]) [\d.e+-]+(?<times>×)?(?<cost> the cost)?$/;

/** The pieces of a check's sentence; null for sentences about something else than one metric. */
export function expectationOf(check: CheckRecord): Expectation | null {
  const groups = EXPRESSION.exec(check.expression)?.groups;
  if (groups === undefined) return null;
  const { metric, arm, against, lower, sign, times, cost } = groups;
  const common = { metric: metric!, arm: arm!, against: against ?? null, limit: check.limit };
  if (against !== undefined && times !== undefined) {
    return { ...common, form: cost === undefined ? 'ratio-min' : 'quotient-max' };
  }
  if (against !== undefined) return null;
  if (lower !== undefined) return { ...common, form: 'interval-min' };
  return { ...common, form: sign === '≥' ? 'value-min' : 'value-max' };
}

/** The target for its column: `≥ 15× baseline`, `≤ 100 µs`. */
export function targetText(check: CheckRecord, expectation: Expectation | null, unit: string): string {
  if (expectation === null) return check.expression;
  const { form, metric, against, limit } = expectation;
  const figure = () => unitText(metric, limit, unit);
  switch (form) {
    case 'ratio-min':
      return `≥ ${shortDigits(limit)}× ${armIdentity(against!).label}`;
    case 'quotient-max':
      return `≤ ${shortDigits(limit)}× the cost of ${armIdentity(against!).label}`;
    case 'value-min':
      return `≥ ${figure()}`;
    case 'value-max':
      return `≤ ${figure()}`;
    case 'interval-min':
      return `≥ ${figure()} at the interval’s lower end`;
  }
}

function unitText(metric: string, value: number, unit: string): string {
  const { quantity } = metricName(metric);
  if (quantity === 'share') return `${figureText({ divisor: 0.01, unit: '%' }, quantity, value)} %`;
  if (quantity === 'count') {
    const digits = shortDigits(value);
    return unit === '' || unit === '×' ? `${digits}${unit}` : `${digits} ${unit}`;
  }
  return withUnit(quantity, value).replace('op/s', 'ops/s');
}
