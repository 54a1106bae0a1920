import type { CheckRecord, RunRecord } from '../../scenarios/harness/record.js';
import { NOT_AVAILABLE } from '../numbers/digits.js';
import { utcDay } from '../numbers/moment.js';
import { listInWords, plural } from '../numbers/sentence.js';
import { entryOf } from '../record-file/entry-of.js';
import { armIdentity, mainArm } from '../view-model/arm-identity.js';
import type { TermView } from '../view-model/methods-view.js';
import { shortCommit } from '../view-model/provenance-view.js';
import { isSuite } from '../view-model/record-kind.js';
import { type CellInput, type TableView, tableView } from '../view-model/table-view.js';
import { roundsInWords } from '../view-model/verdict-view.js';
import { LEGEND } from './legend.js';
import type { PublishedRecord } from './published-records.js';
import type { ScenarioHeading } from './scenario-headings.js';
import { soakRows } from './soak-rows.js';
import { missing, rivalArms, type StandingRow, standingRows } from './standing-rows.js';
import { countInWords, standingCell } from './standing-word.js';

/** One scenario or suite: what it is, what was announced, and its figures. */
export interface StandingSection {
  id: string;
  name: string;
  title: string;
  announced: string | null;
  /** When and where it was measured, and how it went; or that there is no record yet. */
  sentence: string;
  /** Pages of this section's records, its own first. */
  reports: { href: string; text: string }[];
  table: TableView | null;
}

/** One line for a whole scenario. */
export interface SummaryLine {
  name: string;
  announced: string | null;
  /** Null without a record. */
  reportHref: string | null;
  headline: string;
  target: string;
  standing: CellInput;
  count: string;
}

export interface StandingView {
  title: string;
  lead: string;
  /** What its words mean. */
  legend: readonly TermView[];
  summary: SummaryLine[];
  summaryTable: TableView;
  scenarios: StandingSection[];
  suites: StandingSection[];
}

/**
 * Every scenario and suite with what was announced, what was measured and what is to be reached, from published records
 * and the headings of the scenarios' files.
 */
export function standingView(
  records: readonly PublishedRecord[],
  headings: readonly ScenarioHeading[],
): StandingView {
  const scenarios = headings.map((heading) => scenarioPart(heading, recordsOf(records, heading.name)));
  const suites = [
    ...new Set(records.filter(({ record }) => isSuite(record)).map(({ record }) => record.scenario)),
  ];
  const summary = scenarios.map(({ line }) => line);
  return {
    title: 'Announced, measured, to be reached',
    lead: leadSentence(records),
    legend: LEGEND,
    summary,
    summaryTable: summaryTable(summary),
    scenarios: scenarios.map(({ section }) => section),
    suites: suites.map((name) => suiteSection(recordsOf(records, name))),
  };
}

/** Those of one scenario: the one published under its own name first, which is the one that is shown. */
function recordsOf(records: readonly PublishedRecord[], scenario: string): PublishedRecord[] {
  const own = ({ folder }: PublishedRecord) => (folder === scenario.replace(':', '-') ? 0 : 1);
  return records.filter(({ record }) => record.scenario === scenario).sort((a, b) => own(a) - own(b));
}

function scenarioPart(
  heading: ScenarioHeading,
  records: readonly PublishedRecord[],
): { section: StandingSection; line: SummaryLine } {
  const { name } = heading;
  const [shown] = records;
  // A record knows what its scenario's file said when it ran; those of older versions do not.
  const announced = shown?.record.announced ?? heading.announced;
  if (shown === undefined) {
    return {
      section: {
        id: name,
        name,
        title: heading.title,
        announced,
        sentence: 'No record yet.',
        reports: [],
        table: null,
      },
      line: {
        ...{
          name,
          announced,
          reportHref: null,
          headline: NOT_AVAILABLE,
          target: NOT_AVAILABLE,
          count: NOT_AVAILABLE,
        },
        standing: standingCell({ kind: 'no-record', reason: null }),
      },
    };
  }
  const { record } = shown;
  const rows =
    record.soak === undefined ? standingRows(record) : soakRows(record, record.soak, heading.soakSeconds);
  const first = rows.find(({ standing }) => standing.kind !== 'no-target') ?? rows[0];
  return {
    section: {
      ...{ id: name, name, title: record.title, announced },
      sentence: recordSentence(record, rows),
      reports: reportsOf(records),
      table: scenarioTable(record, rows),
    },
    line: {
      name,
      announced,
      reportHref: reportHref(shown),
      headline: first?.headline ?? NOT_AVAILABLE,
      target: first?.target ?? NOT_AVAILABLE,
      standing: summaryStanding(record, first),
      count:
        countInWords(rows.filter(({ target }) => target !== 'none').map(({ standing }) => standing)) ||
        'no target',
    },
  };
}

/** A run that lost or damaged a message has failed, whatever its speed; its line says that, and no word of a number. */
function summaryStanding(record: RunRecord, first: StandingRow | undefined): CellInput {
  const failure = correctnessFailure(record);
  if (failure !== null) return standingCell({ kind: 'failed', reason: failure });
  return first === undefined ? NOT_AVAILABLE : standingCell(first.standing);
}

function suiteSection(records: readonly PublishedRecord[]): StandingSection {
  const { folder, record } = records[0]!;
  const rows = standingRows(record).filter(({ standing }) => standing.kind !== 'no-target');
  return {
    ...{ id: folder, name: record.scenario, title: record.title, announced: null },
    sentence: recordSentence(record, rows),
    reports: reportsOf(records),
    table: rows.length === 0 ? null : suiteTable(rows),
  };
}

function reportHref({ folder }: PublishedRecord): string {
  return `${folder}/report.html`;
}

function reportsOf(records: readonly PublishedRecord[]): StandingSection['reports'] {
  return records.map((each, index) => ({
    href: reportHref(each),
    text: index === 0 ? 'report' : `another record, of ${utcDay(each.record.startedAt)}: ${each.folder}`,
  }));
}

function recordSentence(record: RunRecord, rows: readonly StandingRow[]): string {
  const counted = countInWords(
    rows.filter(({ target }) => target !== 'none').map(({ standing }) => standing),
  );
  const rounds = record.soak === undefined ? `, medians of ${roundsInWords(record)}` : '';
  const parts = [
    `Measured on ${utcDay(record.startedAt)} at commit ${shortCommit(record)}${rounds}`,
    correctnessClause(record),
    counted || 'no number is asked for',
  ];
  const remarks = [
    record.interrupted ? ' It was interrupted before its end.' : '',
    record.options.quick === true ? ' A quick run, an impression only.' : '',
  ];
  return `${parts.join('; ')}.${remarks.join('')}`;
}

function correctnessClause(record: RunRecord): string {
  const checks = correctnessChecks(record);
  if (checks.length === 0) return 'correctness not judged';
  return correctnessFailure(record) ?? `all ${plural(checks.length, 'correctness check')} hold`;
}

/** How much of correctness fails; null where all of it holds. */
function correctnessFailure(record: RunRecord): string | null {
  const checks = correctnessChecks(record);
  const broken = checks.filter(({ verdict }) => verdict !== 'pass');
  return broken.length === 0
    ? null
    : `${broken.length} of ${plural(checks.length, 'correctness check')} failed`;
}

function correctnessChecks({ checks }: RunRecord): CheckRecord[] {
  return checks.filter(({ kind, verdict }) => kind === 'correctness' && verdict !== 'not-measurable');
}

/** Arms that a reader looks for on every page; where one is no arm of the scenario, the caption says so once. */
const USUAL_ARMS = ['baseline', 'rival:node-net', 'rival:message-port', 'limit'];

function scenarioTable(record: RunRecord, rows: readonly StandingRow[]): TableView {
  const rivals = rivalArms(record);
  const absent = USUAL_ARMS.filter((arm) => !rivals.includes(arm)).map((arm) => armIdentity(arm).label);
  const without = absent.length > 0 ? `; no arm of it: ${listInWords(absent)}` : '';
  return tableView({
    caption: `${record.scenario}: figures with 95 % intervals, each arm under the same work${without}`,
    columns: [
      'Work',
      'Metric',
      `#${armIdentity(mainArm(record)).label}`,
      ...rivals.map((arm) => `#${armIdentity(arm).label}`),
      '#Ratio, interval',
      'Target',
      '~Standing',
    ],
    rows: rows.map((row, index) => [
      headCell(row, rows[index - 1]),
      metricCell(row),
      row.ours,
      ...rivals.map((arm) => entryOf(row.others, arm) ?? missing('one figure for all arms')),
      row.ratio,
      row.target,
      standingCell(row.standing),
    ]),
  });
}

/** In a suite the other arms are other things in each case, so they share one column that names them. */
function suiteTable(rows: readonly StandingRow[]): TableView {
  return tableView({
    caption: 'What the suite is to reach: figures with 95 % intervals, all of one process',
    columns: ['Case', 'Metric', '#native', '#Against', '#Ratio, interval', 'Target', '~Standing'],
    rows: rows.map((row) => [
      row.caseName,
      metricCell(row),
      row.ours,
      againstCell(row),
      row.ratio,
      row.target,
      standingCell(row.standing),
    ]),
  });
}

function headCell(row: StandingRow, before: StandingRow | undefined): CellInput {
  return row.caseName === before?.caseName ? row.work : { text: row.work, detail: row.caseName };
}

function metricCell({ metric, metricDetail }: StandingRow): CellInput {
  return metricDetail === '' ? metric : { text: metric, detail: metricDetail };
}

function againstCell({ against, others }: StandingRow): CellInput {
  const cell = against === null ? undefined : entryOf(others, against);
  if (cell === undefined) return missing('a figure by itself');
  return { ...cell, detail: [armIdentity(against!).label, cell.detail ?? ''].join(' ').trim() };
}

function summaryTable(summary: readonly SummaryLine[]): TableView {
  return tableView({
    caption: 'One line for each scenario: the first number that it asks for',
    columns: ['Scenario', '~Announced by the original', '~Measured', 'Target', '~Standing', '~All targets'],
    rows: summary.map(({ name, announced, headline, target, standing, count }) => [
      { text: name, href: `#${name}` },
      announced ?? 'nothing',
      headline,
      target,
      standing,
      count,
    ]),
  });
}

function machineText({ machine }: RunRecord): string {
  const { cpuModel, cores, kernel, node } = machine;
  return `${cpuModel}, ${plural(cores, 'core')}, kernel ${kernel}, Node ${node.replace(/^v/, '')}`;
}

/** What the page is, and where and when each record on it was taken. */
function leadSentence(records: readonly PublishedRecord[]): string {
  const what =
    'What the original MsgTrans, written in Rust, announced for each scenario and never measured (its benchmarks slept instead of working), ' +
    'beside what this implementation, its rivals and the limit (raw C++) do in the published records, and what is to be reached';
  const shown = records
    .filter((each) => recordsOf(records, each.record.scenario)[0] === each)
    .sort((a, b) => Number(isSuite(a.record)) - Number(isSuite(b.record)));
  if (shown.length === 0) return `${what}; nothing is published yet.`;
  const places = groupBy(shown, ({ record }) => machineText(record)).map(([machine, there]) => {
    const days = groupBy(there, ({ record }) => utcDay(record.startedAt))
      .sort(([a], [b]) => (a < b ? 1 : -1))
      .map(([day, taken]) => `${listInWords(taken.map(({ record }) => record.scenario))} on ${day}`);
    return `on ${machine}: ${days.join('; ')}`;
  });
  return `${what}; taken ${places.join('; and ')}.`;
}

function groupBy<Item>(items: readonly Item[], keyOf: (item: Item) => string): [string, Item[]][] {
  const groups = new Map<string, Item[]>();
  for (const item of items) groups.set(keyOf(item), [...(groups.get(keyOf(item)) ?? []), item]);
  return [...groups];
}
