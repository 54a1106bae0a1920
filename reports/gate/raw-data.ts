import type { InvocationLine } from '../../ci/gate/invocation/invocation-record.js';
import type { RawLine } from '../../ci/gate/invocation/raw-file.js';
import { type CsvValue, csvText } from '../export/csv-text.js';
import { blocksOf, causesInWords, causesOf, type MeasuredGate, metricSeries } from './measured-gate.js';

/** What of the raw lines the page carries, as far as its size allows. */
export type GateThinning = 'none' | 'windows' | 'blocks' | 'all';

export const THINNING_WORDS: Record<GateThinning, string> = {
  none: 'The raw lines of the gate are in this page in full.',
  windows:
    'The raw lines of the gate are in this page with their blocks and without the windows in them, to keep it small; invocations.ndjson of the run has all.',
  blocks:
    'The raw lines of the gate are in this page without blocks and windows, to keep it small; invocations.ndjson of the run has all.',
  all: 'The raw lines of the gate do not fit into this page; invocations.ndjson of the run has them, and the units are here.',
};

/** NDJSON. Every line says what was left out of it, so that nobody takes a part for the whole. */
export function thinnedLines(lines: readonly RawLine[], level: GateThinning): string {
  if (level === 'all') return '';
  return lines
    .map((line) => {
      if (level === 'none') return JSON.stringify(line);
      const thinned = line.kind === 'invocation' ? thinnedInvocation(line, level) : line;
      return JSON.stringify({ ...thinned, without: level });
    })
    .map((line) => `${line}\n`)
    .join('');
}

function thinnedInvocation(line: InvocationLine, level: 'windows' | 'blocks'): object {
  const cases = Object.entries(line.cases).map(([name, body]) => {
    const { blocks, ...rest } = body;
    if (level === 'blocks') return [name, rest];
    const kept = Object.entries(blocks).map(([side, each]) => [
      side,
      each.map(({ windows, ...block }) => ({ order: windows.map(({ arm }) => arm), ...block })),
    ]);
    return [name, { ...rest, blocks: Object.fromEntries(kept) }];
  });
  return { ...line, cases: Object.fromEntries(cases) };
}

const COLUMNS = [
  'invocation',
  'started_at',
  'used',
  'case',
  'metric',
  'limit_percent',
  'slowdown_percent',
  'control_percent',
  'blocks_kept',
  'blocks_dropped',
  'drop_causes',
];

/** The units as a table for other programs: a line for each invocation and timed metric, in full precision. */
export function unitsCsv(gate: MeasuredGate): string {
  const rows = gate.header.metrics
    .filter(({ kind }) => kind !== 'counter')
    .flatMap((gated) => {
      const { units, control } = metricSeries(gate, gated);
      return gate.invocations.map(({ line, ordinal }, index): CsvValue[] => {
        const blocks = blocksOf(line, gated.case);
        const kept = blocks.filter(({ dropped }) => dropped === null).length;
        return [
          line.index + 1,
          line.startedAt,
          ordinal === null ? 'no' : 'yes',
          gated.case,
          gated.metric,
          gated.limitPercent,
          units[index] ?? null,
          control[index] ?? null,
          kept,
          blocks.length - kept,
          causesInWords(causesOf(blocks)),
        ];
      });
    });
  return csvText(COLUMNS, rows);
}
