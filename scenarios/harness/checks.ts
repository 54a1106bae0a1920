import type { PlannedCase } from './planner.js';
import type {
  ArmRecord,
  CaseRecord,
  CheckRecord,
  CheckVerdict,
  ComparisonRecord,
  LedgerRecord,
} from './record.js';
import type { CheckDefinition } from './scenario-schema.js';
import { INTERVAL_VALUES_MIN } from './statistics/bootstrap.js';

/** What of a planned case its checks depend on. */
export type JudgedCase = Pick<
  PlannedCase,
  'name' | 'checks' | 'absentArms' | 'notJudged' | 'messagesPerSessionMin'
>;

/** Judges a case: correctness for every arm, then the numbers its file asks for. */
export function evaluateChecks(
  planned: JudgedCase,
  body: CaseRecord,
  comparisons: readonly ComparisonRecord[],
): CheckRecord[] {
  const correctness = Object.entries(body.arms).flatMap(([arm, record]) =>
    correctnessOf(planned.name, arm, record),
  );
  const numbers = planned.checks.map((check) => serviceLevel(planned, body, check, comparisons));
  const messages = planned.messagesPerSessionMin > 0 ? [messagesPerSession(planned, body)] : [];
  return [...correctness, ...numbers, ...messages];
}

/**
 * Messages that are not accounted for, or not as they should be. Only what sessions had out that the load has cut
 * itself, `onKilled`, may stay unacknowledged.
 */
export function ledgerFaults(ledger: LedgerRecord, onKilled: number): number {
  const { lost, duplicated, reordered, corrupted, droppedCounted, unacknowledgedAtClose } = ledger;
  const open = Math.abs(unacknowledgedAtClose - onKilled);
  return Math.abs(lost) + duplicated + reordered + corrupted + droppedCounted + open;
}

function correctnessOf(caseName: string, arm: string, record: ArmRecord): CheckRecord[] {
  const { ledger } = record;
  const faults = ledgerFaults(ledger, record.killed?.unacknowledged ?? 0);
  const errors = record.errors ?? [];
  const listed = (Object.keys(ledger) as (keyof LedgerRecord)[])
    .filter((key) => key !== 'sent' && key !== 'delivered' && ledger[key] !== 0)
    .map((key) => `${key} ${ledger[key]}`);
  const first = errors[0];
  return [
    {
      id: `ledger-${arm}`,
      case: caseName,
      kind: 'correctness',
      expression: `${arm}: messages lost, duplicated, reordered, corrupted, dropped or unanswered`,
      value: faults,
      limit: 0,
      verdict: faults === 0 ? 'pass' : 'fail',
      reason: faults === 0 ? null : `${listed.join(', ')} of ${ledger.sent} sent`,
    },
    {
      id: `errors-${arm}`,
      case: caseName,
      kind: 'correctness',
      expression: `${arm}: errors`,
      value: errors.length,
      limit: 0,
      verdict: errors.length === 0 ? 'pass' : 'fail',
      reason: first === undefined ? null : `round ${first.round + 1}: ${first.code}: ${first.message}`,
    },
  ];
}

function serviceLevel(
  planned: JudgedCase,
  body: CaseRecord,
  check: CheckDefinition,
  comparisons: readonly ComparisonRecord[],
): CheckRecord {
  const { expression, limit, holds } = target(check);
  const measured =
    check.against === undefined
      ? metricOf(body, check)
      : comparisons.find(
          (each) =>
            each.case === planned.name &&
            each.metric === check.metric &&
            each.arm === check.arm &&
            each.against === check.against,
        );
  const value = measured === undefined ? null : judgedFigure(check, measured);
  const shown = value === null ? null : check.quotientMax === undefined ? value : 1 / value;
  const common = { id: check.id, case: planned.name, kind: 'service-level', expression, limit } as const;
  const unjudged = (reason: string): CheckRecord => ({
    ...common,
    value: shown,
    verdict: 'not-measurable',
    reason,
  });
  if (planned.notJudged !== null) return unjudged(planned.notJudged);
  if (measured !== undefined && measured.n < INTERVAL_VALUES_MIN) {
    return unjudged(`${measured.n} rounds; numbers are judged from ${INTERVAL_VALUES_MIN} on`);
  }
  if (measured === undefined || value === null || shown === null) {
    return unjudged(missingReason(planned, body, check));
  }
  const met = holds(value);
  const verdict: CheckVerdict = met ? 'pass' : 'missed';
  const mark = measured.mark === undefined ? null : measured.mark;
  return { ...common, value: shown, verdict, reason: mark };
}

/** The figure that the limit is about; null where the interval it asks for does not exist. */
function judgedFigure(
  check: CheckDefinition,
  measured: ComparisonRecord | ArmRecord['metrics'][string],
): number | null {
  if ('ratio' in measured) return measured.ratio;
  return check.intervalMin === undefined ? measured.value : (measured.ci95?.[0] ?? null);
}

function target(check: CheckDefinition): {
  expression: string;
  limit: number;
  holds: (value: number) => boolean;
} {
  const subject = check.against === undefined ? check.arm : `${check.arm} against ${check.against}`;
  if (check.ratioMin !== undefined) {
    const limit = check.ratioMin;
    return { expression: `${check.metric}: ${subject} ≥ ${limit}×`, limit, holds: (ratio) => ratio >= limit };
  }
  if (check.quotientMax !== undefined) {
    const limit = check.quotientMax;
    return {
      expression: `${check.metric}: ${subject} ≤ ${limit}× the cost`,
      limit,
      holds: (ratio) => ratio >= 1 / limit,
    };
  }
  if (check.valueMin !== undefined) {
    const limit = check.valueMin;
    return { expression: `${check.metric}: ${subject} ≥ ${limit}`, limit, holds: (value) => value >= limit };
  }
  if (check.intervalMin !== undefined) {
    const limit = check.intervalMin;
    const expression = `${check.metric}: ${subject}, lower end of the 95 % interval ≥ ${limit}`;
    return { expression, limit, holds: (value) => value >= limit };
  }
  const limit = check.valueMax as number;
  return { expression: `${check.metric}: ${subject} ≤ ${limit}`, limit, holds: (value) => value <= limit };
}

function metricOf(body: CaseRecord, check: CheckDefinition): ArmRecord['metrics'][string] | undefined {
  return body.arms[check.arm]?.metrics[check.metric];
}

function missingReason(planned: JudgedCase, body: CaseRecord, check: CheckDefinition): string {
  if (body.reason !== null) return body.reason;
  for (const arm of [check.arm, check.against]) {
    if (arm === undefined || Object.hasOwn(body.arms, arm)) continue;
    return planned.absentArms[arm] ?? `the arm ${arm} was not part of this run`;
  }
  return `${check.metric} was not measured`;
}

function messagesPerSession(planned: JudgedCase, body: CaseRecord): CheckRecord {
  const limit = planned.messagesPerSessionMin;
  const counts = Object.entries(body.arms).map(([arm, record]) => ({
    arm,
    count: record.messagesPerSessionMin ?? 0,
  }));
  const least = counts.reduce((low, each) => (each.count < low.count ? each : low), {
    arm: '',
    count: Number.POSITIVE_INFINITY,
  });
  const measured = counts.length > 0;
  const judged = measured && planned.notJudged === null;
  const met = least.count >= limit;
  return {
    id: 'messages-per-session',
    case: planned.name,
    kind: 'service-level',
    expression: `messages per session, least of all arms ≥ ${limit}`,
    value: measured ? least.count : null,
    limit,
    verdict: judged ? (met ? 'pass' : 'missed') : 'not-measurable',
    reason: judged ? (met ? null : `${least.arm} has the least`) : (planned.notJudged ?? body.reason),
  };
}
