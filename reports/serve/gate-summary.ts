import type { GateVerdictFile } from '../../ci/gate/verdict/gate-verdict.js';
import { type GateInput, isMeasured } from '../gate/gate-input.js';
import { caseInWords, metricInWords } from '../gate/gate-words.js';
import { verdictOfGate, verdictOfSummary } from '../gate/verdict-sentence.js';
import { readFigure } from '../numbers/read-figure.js';
import { metricName } from '../view-model/metric-catalogue.js';
import type { Tone } from '../view-model/verdict-view.js';

/** The slowdown that took most of its limit. */
export interface Largest {
  percent: number;
  interval95: readonly [number, number] | null;
  limitPercent: number;
  metric: string;
}

type Build = GateVerdictFile['candidate'];

/** What the list says of a gate; of its verdict alone, because the raw lines are some megabytes. */
export interface GateSummaryLine {
  /** Null where neither the verdict nor the folder's name says it. */
  startedAt: string | null;
  tone: Tone;
  badge: string;
  /** Null where the comparison is told in one sentence only. */
  builds: { candidate: Build; base: Build & { why: string } } | null;
  /** What was compared, where `builds` does not say it, and the weightiest reason of the verdict. */
  reason: string;
  /** Of what could have failed the gate; null where nothing was measured. */
  largest: Largest | null;
  /** Those that were used; null where nothing was interleaved. */
  invocations: number | null;
}

/** @param name of the folder, which tells when a gate began that says no more than its end */
export function gateSummaryOf(verdict: GateInput['verdict'], name: string): GateSummaryLine {
  if (!isMeasured(verdict)) {
    const { tone, badge } = verdictOfSummary(verdict);
    const gated = verdict.rows.filter(({ finding }) => finding !== 'shown');
    const slowdowns = gated.map((row) => ({
      percent: readFigure(row.slowdown),
      interval95: null,
      limitPercent: readFigure(row.limit) ?? Number.NaN,
      metric: `${metricName(row.metric).label}, ${caseInWords(row.case)}`,
    }));
    return {
      ...{ startedAt: stampOf(name), tone, badge, builds: null, invocations: null },
      reason: [verdict.comparison, ...verdict.reasons.slice(0, 1)].join('; '),
      largest: largestOf(slowdowns),
    };
  }
  const { base, candidate, metrics, reasons, startedAt, invocations } = verdict;
  const { tone, badge } = verdictOfGate(verdict, null);
  const slowdowns = metrics
    .filter(({ state }) => state !== null)
    .map((line) => ({
      percent: line.slowdownPercent,
      interval95: line.interval95Percent,
      limitPercent: line.limitPercent,
      metric: metricInWords(line),
    }));
  return {
    ...{ startedAt, tone, badge },
    builds: { candidate, base },
    reason: reasons[0] ?? '',
    largest: largestOf(slowdowns),
    invocations: invocations.used,
  };
}

type Slowdown = { percent: number | null } & Omit<Largest, 'percent'>;

/** In terms of its limit: one of p99 may be ten times that of a rate. Where everything became faster, what did so least. */
function largestOf(slowdowns: readonly Slowdown[]): Largest | null {
  const share = ({ percent, limitPercent }: Largest) => percent / limitPercent;
  return slowdowns.reduce<Largest | null>((largest, { percent, ...rest }) => {
    if (percent === null) return largest;
    const each = { percent, ...rest };
    return largest !== null && share(largest) >= share(each) ? largest : each;
  }, null);
}

const STAMP = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z-/;

function stampOf(name: string): string | null {
  const stamp = STAMP.exec(name);
  if (stamp === null) return null;
  const [year, month, day, hour, minute, second] = stamp.slice(1);
  return `${year}-${month}-${day}T${hour}:${minute}:${second}.000Z`;
}
