import { logLimit, PASS_BELOW, SUSPECT_ABOVE, slowdownPercent } from '../../ci/gate/statistics/gate-plan.js';
import type { MetricState, SideLook } from '../../ci/gate/statistics/gate-state.js';
import { locationOf } from '../../ci/gate/statistics/hodges-lehmann.js';
import type { MetricLine } from '../../ci/gate/verdict/gate-verdict.js';
import type { AxisSpec, ChartSpec, SeriesSpec } from '../charts/chart-spec.js';
import { chartNumber, spanAxis } from '../charts/ticks.js';
import { NOT_AVAILABLE, THIN_SPACE } from '../numbers/digits.js';
import { greatest } from '../numbers/order-statistics.js';
import { type CellInput, type TableView, tableView } from '../view-model/table-view.js';
import { metricInWords, slowdownText } from './gate-words.js';
import type { MetricSeries } from './measured-gate.js';

/** How the decision on one metric came about: what each look saw, against the lines it was held against. */
export interface LookCourse {
  line: MetricLine;
  state: MetricState;
  /** After each invocation that was used, from the second on; empty without the raw lines. */
  running: { invocations: number; estimate: number; interval95: [number, number] | null }[];
  sentence: string;
  table: TableView;
}

/** Null where nothing was decided by looks: counters, what is only shown, a gate that ended before. */
export function lookCourse(line: MetricLine, series: MetricSeries | null): LookCourse | null {
  const { state } = line;
  if (state === null || state.kind === 'counter' || state.slower.looks.length === 0) return null;
  return {
    line,
    state,
    running: series === null ? [] : runningEstimates(series),
    sentence: state.slower.reason,
    table: lookTable(line, state),
  };
}

const TAIL = 0.025;

function runningEstimates({ units }: MetricSeries): LookCourse['running'] {
  const logs = units.flatMap((unit) => (unit === null ? [] : [Math.log1p(unit / 100)]));
  return logs.slice(1).map((_, index) => {
    const { n, estimate, lowerBound, upperBound } = locationOf(logs.slice(0, index + 2));
    const [low, high] = [lowerBound(TAIL), upperBound(TAIL)];
    return {
      invocations: n,
      estimate: slowdownPercent(estimate),
      interval95: Number.isFinite(low + high) ? [slowdownPercent(low), slowdownPercent(high)] : null,
    };
  });
}

const FINDINGS: Record<SideLook['finding'], string> = {
  open: '… open',
  cleared: '✓ below',
  suspect: '! suspect',
  confirmed: '✕ confirmed',
  unconfirmed: '? not confirmed',
  undecided: '? undecided',
};

function lookTable(line: MetricLine, { slower }: MetricState): TableView {
  const bound = (value: number | null): CellInput =>
    value === null
      ? { text: NOT_AVAILABLE, detail: 'too few to show so much', state: 'muted' }
      : slowdownText(value);
  const level = (value: number) => `${Number((100 * value).toPrecision(2))}${THIN_SPACE}%`;
  const rows: CellInput[][] = slower.looks.map((look) => [
    `look after ${look.invocations}`,
    slowdownText(look.estimatePercent),
    bound(look.lowerPercent),
    level(look.suspectLevel),
    bound(look.upperPercent),
    level(look.passLevel),
    FINDINGS[look.finding],
  ]);
  const { confirmation } = slower;
  if (confirmation !== null) {
    const none = { text: '', state: 'muted' as const };
    rows.push(
      [
        `${confirmation.freshInvocations} fresh ones alone`,
        slowdownText(confirmation.freshEstimatePercent),
        none,
        none,
        none,
        none,
        none,
      ],
      [
        `all ${confirmation.pooledInvocations} together`,
        slowdownText(confirmation.pooledEstimatePercent),
        bound(confirmation.pooledLowerPercent),
        level(confirmation.level),
        none,
        none,
        FINDINGS[slower.finding],
      ],
    );
  }
  return tableView({
    caption: `${metricInWords(line)}: every look at a slowdown, with the one-sided levels of its bounds`,
    columns: [
      'Invocations',
      '#Estimate',
      '#Lower bound',
      '#at level',
      '#Upper bound',
      '#at level',
      'Finding',
    ],
    rows,
  });
}

/** Bounds at each look against the lines at 0.7 L and 0.9 L, over the running estimate and its 95 % band. */
export function lookChart({ line, state, running }: LookCourse): ChartSpec {
  const { looks, confirmation } = state.slower;
  const most = Math.max(
    confirmation?.pooledInvocations ?? 0,
    greatest(looks.map(({ invocations }) => invocations)),
  );
  const decided = running.filter(({ invocations }) => invocations <= most);
  const y = rangeOf(line, looks, decided);
  const x = invocationAxis(most);
  const within = (value: number) => chartNumber(Math.min(y.max, Math.max(y.min, value)));
  const area = decided.flatMap(({ invocations, interval95 }): [number, number, number][] =>
    interval95 === null ? [] : [[invocations, within(interval95[0]), within(interval95[1])]],
  );
  const series: SeriesSpec[] = [
    ...levelLines(line.limitPercent, x),
    {
      ...{ label: '', role: 'native', style: 'dotted', area },
      points: decided.map(({ invocations, estimate }) => [invocations, chartNumber(estimate)]),
    },
    {
      ...{ label: 'look', role: 'native', style: 'points' },
      points: looks.map(({ invocations, estimatePercent }) => [invocations, chartNumber(estimatePercent)]),
      intervals: looks.map(({ estimatePercent, lowerPercent, upperPercent }) => [
        // Where so few have no bound there is no bar; the table says so.
        chartNumber(lowerPercent ?? estimatePercent),
        chartNumber(upperPercent ?? estimatePercent),
      ]),
    },
  ];
  if (confirmation !== null) {
    const { pooledInvocations, pooledEstimatePercent, pooledLowerPercent, freshEstimatePercent } =
      confirmation;
    series.push(
      {
        ...{ label: 'all together', role: 'fail', style: 'points' },
        points: [[pooledInvocations, chartNumber(pooledEstimatePercent)]],
        // Only the lower bound decides a confirmation.
        intervals: [
          [chartNumber(pooledLowerPercent ?? pooledEstimatePercent), chartNumber(pooledEstimatePercent)],
        ],
      },
      {
        label: 'fresh ones alone',
        role: 'fail',
        style: 'dots',
        points: [[pooledInvocations, chartNumber(freshEstimatePercent)]],
      },
    );
  }
  return {
    ...{ kind: 'plot', series, x, y },
    rules: [{ axis: 'y', at: 0, label: '', dashed: false }],
    tip: { title: ['after ', ' invocations'], value: ['', `${THIN_SPACE}% slower`] },
  };
}

/** Shares of L in per cent, as the decision takes them: on logarithms of the ratio. */
function lineAt(limitPercent: number, share: number): number {
  return chartNumber(slowdownPercent(logLimit(limitPercent, share)));
}

/** Lines of their own, whose words stand apart at their ends however near the lines are. */
function levelLines(limitPercent: number, { min, max }: AxisSpec): SeriesSpec[] {
  const [suspect, pass, limit] = [SUSPECT_ABOVE, PASS_BELOW, 1].map((share) => lineAt(limitPercent, share));
  const level = (at: number, word: string, role: SeriesSpec['role']): SeriesSpec => ({
    ...{ label: `${at}${THIN_SPACE}% ${word}`, role, style: 'dashed' },
    points: [
      [min, at],
      [max, at],
    ],
  });
  return [
    level(limit!, 'limit', 'other'),
    level(pass!, 'pass', 'rival-1'),
    level(suspect!, 'suspect', 'fail'),
  ];
}

function rangeOf(line: MetricLine, looks: readonly SideLook[], running: LookCourse['running']): AxisSpec {
  // What the first few invocations say is far off; the axis is for what is looked at.
  const settled = running.filter(({ invocations }) => invocations >= SETTLED_FROM);
  return spanAxis(
    [
      ...looks.flatMap(({ estimatePercent, lowerPercent, upperPercent }) => [
        estimatePercent,
        lowerPercent ?? estimatePercent,
        upperPercent ?? estimatePercent,
      ]),
      ...settled.flatMap(({ estimate, interval95 }) => [estimate, ...(interval95 ?? [])]),
      0,
      line.limitPercent,
    ],
    'slower, %: down is better',
    6,
  );
}

const SETTLED_FROM = 8;
const TICKS = [2, 4, 8, 12, 24, 36, 48, 72, 96, 120];

function invocationAxis(most: number): AxisSpec {
  const max = most * 1.08;
  return {
    ...{ scale: 'log', min: 1.9, max },
    title: 'invocations, logarithmic',
    ticks: TICKS.filter((at) => at <= max).map((at) => ({ at, label: String(at) })),
  };
}
