import type { Interval, RunRecord } from '../../scenarios/harness/record.js';
import { alignDecimals, NOT_AVAILABLE } from '../numbers/digits.js';
import { ratioWithInterval } from '../numbers/ratio.js';
import { inScale, type Scale, scaleFor, withUnit } from '../numbers/scale.js';
import { listInWords } from '../numbers/sentence.js';
import { entryOf } from '../record-file/entry-of.js';
import { armIdentity, mainArm } from './arm-identity.js';
import { compareMetrics, isLatency, isThroughput, metricName } from './metric-catalogue.js';
import { ratiosOf } from './ratio-view.js';
import { type CellInput, type TableView, tableView } from './table-view.js';
import { absentArms, armsOf, type BarsView, measuredCases } from './throughput-view.js';

export interface ResourceView {
  sentence: string;
  /** Operations per second of server CPU: the reciprocal of the cost, so that better is to the right. */
  bars: BarsView[];
  table: TableView;
}

const CPU = 'cpu_ns_per_op';

export function resourceView(record: RunRecord): ResourceView {
  const ours = mainArm(record);
  return {
    sentence: sentenceOf(record, ours),
    bars: measuredCases(record).flatMap(([caseName, caseRecord]): BarsView[] => {
      const rows = armsOf(caseRecord).flatMap(([arm, armRecord]) => {
        const figure = armRecord.metrics[CPU];
        if (!figure || figure.value <= 0) return [];
        const rounds = armRecord.rounds
          .map(({ round, metrics }) => ({ round, value: 1e9 / metrics[CPU]! }))
          .filter(({ value }) => Number.isFinite(value));
        const ci95: [number, number] | null = figure.ci95
          ? [1e9 / figure.ci95[1], 1e9 / figure.ci95[0]]
          : null;
        return [{ arm, value: 1e9 / figure.value, ci95, rounds, mark: null }];
      });
      if (rows.length === 0) return [];
      const scale = scaleFor(
        'rate',
        rows.map((row) => row.value),
      );
      const unit = scale.unit.replace('op/s', 'op per CPU second');
      const costs = rows.map((row) => `${armIdentity(row.arm).label} ${withUnit('time', 1e9 / row.value)}`);
      return [
        {
          caseName,
          metric: CPU,
          label: 'operations per second of server CPU',
          scale: { divisor: scale.divisor, unit },
          rows,
          absent: absentArms(caseRecord),
          sentence: `CPU per operation: ${costs.join(', ')}.`,
          table: cpuTable(caseName, rows, { divisor: scale.divisor, unit }),
        },
      ];
    }),
    table: resourceTable(record),
  };
}

function cpuTable(caseName: string, rows: BarsView['rows'], rate: Scale): TableView {
  const scale = scaleFor(
    'time',
    rows.map((row) => 1e9 / row.value),
  );
  return tableView({
    caption: `${caseName}: server CPU per operation`,
    columns: ['Arm', `#CPU per operation, ${scale.unit}`, `#${rate.unit}`],
    rows: rows.map((row) => [
      armIdentity(row.arm).label,
      inScale(scale, 1e9 / row.value),
      inScale(rate, row.value),
    ]),
  });
}

/** All cases in one table: one unit per column makes the cases comparable. */
function resourceTable(record: RunRecord): TableView {
  const rows = measuredCases(record).flatMap(([caseName, caseRecord]) =>
    armsOf(caseRecord).map(([arm, armRecord]) => ({ caseName, arm, metrics: armRecord.metrics })),
  );
  const metrics = [...new Set(rows.flatMap((row) => Object.keys(row.metrics)))]
    .filter((metric) => !isLatency(metric) && !isThroughput(metric))
    .sort(compareMetrics);
  const columns = metrics.map((metric) => {
    const { label, quantity } = metricName(metric);
    const figures = rows.map((row) => entryOf(row.metrics, metric));
    const scale = scaleFor(
      quantity,
      figures.flatMap((figure) => (figure ? [figure.value] : [])),
    );
    const texts = figures.map((figure) => (figure ? inScale(scale, figure.value) : NOT_AVAILABLE));
    return { header: scale.unit ? `#${label}, ${scale.unit}` : `#${label}`, cells: alignDecimals(texts) };
  });
  return tableView({
    caption: 'Resources of the server process; n/a: this arm does not count it',
    columns: ['Case', 'Arm', ...columns.map((column) => column.header)],
    rows: rows.map((row, index): CellInput[] => [
      row.caseName,
      armIdentity(row.arm).label,
      ...columns.map(
        ({ cells }): CellInput =>
          cells[index] === NOT_AVAILABLE ? { text: NOT_AVAILABLE, state: 'muted' } : cells[index]!,
      ),
    ]),
  });
}

function sentenceOf(record: RunRecord, ours: string): string {
  const clauses = measuredCases(record).flatMap(([caseName, caseRecord]) => {
    const mine = entryOf(caseRecord.arms, ours)?.metrics[CPU]?.value;
    if (!mine) return [];
    const limit = ratiosOf(record, caseName, CPU).find((row) => row.against === 'limit');
    // A cost as a plain quotient, ours ÷ theirs: the ratio of the record upside down.
    const interval: Interval | null = limit?.ci95 ? [1 / limit.ci95[1], 1 / limit.ci95[0]] : null;
    const against = limit ? ` (${ratioWithInterval(1 / limit.ratio, interval)} that of the limit)` : '';
    return [`${withUnit('time', mine)} at ${caseName}${against}`];
  });
  if (clauses.length === 0) return 'No processor time per operation was recorded.';
  return `An operation costs ${armIdentity(ours).label} server CPU of ${listInWords(clauses)}.`;
}
