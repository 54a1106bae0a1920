import type { CaseRecord, RunRecord } from '../../scenarios/harness/record.js';
import { NOT_AVAILABLE } from '../numbers/digits.js';
import { utcDay } from '../numbers/moment.js';
import { ratioText, ratioWithInterval } from '../numbers/ratio.js';
import { withUnit } from '../numbers/scale.js';
import { plural } from '../numbers/sentence.js';
import { ReportError } from '../record-file/report-error.js';
import { markdownTable, markdownText } from '../standing/markdown-text.js';
import type { SummaryLine } from '../standing/standing-view.js';
import { shortCommit } from '../view-model/provenance-view.js';
import { ratiosOf } from '../view-model/ratio-view.js';
import { tableView } from '../view-model/table-view.js';
import { measuredCases } from '../view-model/throughput-view.js';
import { roundsInWords } from '../view-model/verdict-view.js';

export const NUMBERS_START = '<!-- numbers:start -->';
export const NUMBERS_END = '<!-- numbers:end -->';

const HEADER = [
  '| case | native | × baseline [95 %] | × node-net [95 %] | CPU per operation, native ÷ limit | p50 / p99 |',
  '|---|---:|---:|---:|---:|---:|',
];

/** The Markdown between the markers: one row per measured case, and where and when it was measured. */
export function numbersBlock(record: RunRecord): string {
  const rows = measuredCases(record).map(([caseName, caseRecord]) => caseRow(record, caseName, caseRecord));
  const { machine } = record;
  const cores = plural(machine.cores, 'core');
  return [
    ...HEADER,
    ...rows,
    '',
    `Measured on ${utcDay(record.startedAt)} on ${markdownText(machine.cpuModel)}, ${cores}, kernel ${markdownText(machine.kernel)}, Node ${markdownText(machine.node.replace(/^v/, ''))}: ` +
      `medians of ${roundsInWords(record, 'interleaved round')}, commit ${markdownText(shortCommit(record))}.`,
  ].join('\n');
}

function caseRow(record: RunRecord, caseName: string, caseRecord: CaseRecord): string {
  const metrics = caseRecord.arms.native?.metrics ?? {};
  const against = (metric: string, arm: string) =>
    ratiosOf(record, caseName, metric).find((row) => row.against === arm && row.arm === 'native');
  const throughput = (arm: string) => {
    const row = against('throughput_ops_per_s', arm);
    if (!row) return NOT_AVAILABLE;
    return ratioWithInterval(row.ratio, row.ci95) + (row.mark ? ` (${markdownText(row.mark)})` : '');
  };
  const cpu = against('cpu_ns_per_op', 'limit');
  const figure = (metric: string, quantity: 'rate' | 'time') => {
    const value = metrics[metric]?.value;
    return value === undefined ? NOT_AVAILABLE : withUnit(quantity, value);
  };
  const rate = figure('throughput_ops_per_s', 'rate').replace('op/s', 'ops/s');
  return [
    '',
    ` ${markdownText(caseName)} `,
    ` ${rate} `,
    ` ${throughput('baseline')} `,
    ` ${throughput('rival:node-net')} `,
    // A cost as a plain quotient, ours ÷ theirs: the stored ratio upside down.
    ` ${cpu ? ratioText(1 / cpu.ratio) : NOT_AVAILABLE} `,
    ` ${figure('latency_ns_p50', 'time')} / ${figure('latency_ns_p99', 'time')} `,
    '',
  ].join('|');
}

/** One line for each scenario, under the numbers of the first: what was announced, what is measured, what is to be reached. */
export function summaryBlock(summary: readonly SummaryLine[], folder: string): string {
  const { columns, rows } = tableView({
    caption: '',
    columns: ['scenario', 'announced', 'measured', 'target', 'standing', 'all targets'],
    rows: summary.map(({ name, reportHref, announced, headline, target, standing, count }) => [
      reportHref === null ? name : { text: name, href: `${folder}/${reportHref}` },
      announced ?? 'nothing',
      headline,
      target,
      // The reason is on the page, here only the word.
      typeof standing === 'string' ? standing : standing.text,
      count,
    ]),
  });
  return [
    'The first number that each scenario asks for. *Announced* is what the original MsgTrans, written in Rust, claimed and ' +
      `never measured; [every figure beside it, the rivals and the targets](${folder}/README.md).`,
    '',
    markdownTable({ caption: '', columns, rows, footer: [] }),
  ].join('\n');
}

/**
 * The README with the block renewed.
 *
 * @throws ReportError `ERR_REPORT_MARKERS` when the markers are missing, doubled or in the wrong order
 */
export function withNumbers(readme: string, block: string): string {
  const starts = readme.split(NUMBERS_START).length - 1;
  const ends = readme.split(NUMBERS_END).length - 1;
  const start = readme.indexOf(NUMBERS_START) + NUMBERS_START.length;
  const end = readme.indexOf(NUMBERS_END);
  if (starts !== 1 || ends !== 1 || end < start) {
    throw new ReportError(
      'ERR_REPORT_MARKERS',
      `README.md needs one line "${NUMBERS_START}" and after it one line "${NUMBERS_END}"; found ${starts} and ${ends}. ` +
        'Put them where the numbers are to stand and run the command again.',
    );
  }
  return `${readme.slice(0, start)}\n${block}\n${readme.slice(end)}`;
}
