import type { RunRecord } from '../../scenarios/harness/record.js';
import { durationText } from '../numbers/moment.js';
import type { Quantity } from '../numbers/scale.js';
import { entryOf } from '../record-file/entry-of.js';
import { armIdentity, isStored, mainArm } from '../view-model/arm-identity.js';
import { metricName } from '../view-model/metric-catalogue.js';
import { ratioView } from '../view-model/ratio-view.js';
import { measuredCases, throughputMetric } from '../view-model/throughput-view.js';
import { type Tone, verdictView } from '../view-model/verdict-view.js';

/** A figure of a run that is worth following from run to run. */
export interface TrackedFigure {
  /** The same in every run that has this figure. */
  key: string;
  label: string;
  value: number;
  /** Null for a ratio, in which much of the machine and the day cancels; otherwise an absolute figure, in which nothing does. */
  quantity: Quantity | null;
}

/** What the list says of a run; the record itself, some megabytes, is not kept. */
export interface RunSummary {
  scenario: string;
  startedAt: string;
  tone: Tone;
  badge: string;
  sentence: string;
  build: { commit: string | null; dirty: boolean };
  duration: string;
  figures: TrackedFigure[];
  /** Why its figures are followed in no course, for `2 quick`, `1 interrupted`; null where they may be. */
  unfit: string | null;
  setting: RunSetting;
}

/** What has to be the same in all runs that are followed from one to the next. */
export interface RunSetting {
  fingerprint: string;
  scenarioHash: string;
  /** Of what the ratios are mostly taken against. */
  baselineHash: string;
  /** Planned, of a soak: what it takes up grows with it. */
  durationSeconds: number | null;
}

const ABSOLUTE = ['latency_ns_p99', 'rss_bytes_peak'];

export function summaryOf(record: RunRecord): RunSummary {
  const { tone, badge, sentence } = verdictView(record);
  return {
    ...{ scenario: record.scenario, startedAt: record.startedAt, tone, badge, sentence },
    build: record.build,
    duration: durationText(record.startedAt, record.finishedAt),
    figures: figuresOf(record),
    unfit: unfitness(record),
    setting: {
      fingerprint: record.machine.fingerprint,
      scenarioHash: record.scenarioHash,
      baselineHash: record.build.baselineHash,
      durationSeconds: record.soak?.durationSeconds ?? null,
    },
  };
}

/** The weightiest reason alone: a quick run that was interrupted is an interrupted one. */
function unfitness({ interrupted, soak, options, build, checks }: RunRecord): string | null {
  if (interrupted) return 'interrupted';
  if (soak?.running) return 'still running';
  if (soak?.plant) return 'with a leak planted';
  if (checks.some(({ kind, verdict }) => kind === 'correctness' && verdict === 'fail')) return 'not correct';
  if (options.profile !== undefined) return 'profiled';
  if (options.quick === true) return 'quick';
  return build.dirty ? 'built from a changed tree' : null;
}

/** The leading ratios; of a run without any, which a soak is, absolute figures of its first case. */
function figuresOf(record: RunRecord): TrackedFigure[] {
  const ours = mainArm(record);
  const ratios = ratioView(record)
    .leading.filter(({ arm, against, ratio }) => arm === ours && !isStored(against) && ratio > 0)
    .map(({ caseName, metric, metricLabel, against, ratio }): TrackedFigure => {
      const label = `${metricLabel} against ${armIdentity(against).label}, ${caseName}`;
      return { key: JSON.stringify([caseName, metric, against]), label, value: ratio, quantity: null };
    });
  if (ratios.length > 0) return ratios;
  const [first] = measuredCases(record);
  if (first === undefined) return [];
  const [caseName, caseRecord] = first;
  return [throughputMetric(caseRecord) ?? '', ...ABSOLUTE].flatMap((metric): TrackedFigure[] => {
    const value = entryOf(entryOf(caseRecord.arms, ours)?.metrics, metric)?.value;
    if (value === undefined || !(value > 0)) return [];
    const { label, quantity } = metricName(metric);
    return [{ key: JSON.stringify([caseName, metric]), label: `${label}, ${caseName}`, value, quantity }];
  });
}
