import type { RunRecord } from '../../scenarios/harness/record.js';
import { barChart } from '../charts/bar-chart.js';
import type { ChartSpec } from '../charts/chart-spec.js';
import { forestChart } from '../charts/forest-chart.js';
import { latencyChart } from '../charts/latency-chart.js';
import { efficiencyChart, speedupChart } from '../charts/scaling-chart.js';
import { panelChart, stripChart } from '../charts/timeline-chart.js';
import { utcMinute } from '../numbers/moment.js';
import type { Thinning } from '../record-file/thin-record.js';
import { checkView } from './check-view.js';
import { latencyView } from './latency-view.js';
import { ledgerView } from './ledger-view.js';
import { methodsView, type TermView } from './methods-view.js';
import { noiseView } from './noise-view.js';
import { provenanceView, shortCommit } from './provenance-view.js';
import { ratioView } from './ratio-view.js';
import { isSuite } from './record-kind.js';
import { resourceView } from './resource-view.js';
import { hasScaling, scalingView } from './scaling-view.js';
import { soakSection } from './soak-section.js';
import { type TableView, tableView } from './table-view.js';
import { throughputView } from './throughput-view.js';
import { timelineView } from './timeline-view.js';
import { type VerdictView, verdictView } from './verdict-view.js';

/** One canvas; `spec` goes into the page as data, the rest into the markup. */
export interface ChartView {
  id: string;
  kind: ChartSpec['kind'];
  /** What a screen reader says instead of the picture. */
  label: string;
}

export interface FigureView {
  /** In pieces between which a line may break. */
  heading: string[] | null;
  sentence: string | null;
  charts: ChartView[];
  table: TableView;
}

export interface SectionView {
  id: string;
  title: string;
  sentence: string;
  /** Figures beside each other where there is room, or each at full width. */
  layout: 'multiples' | 'pairs' | 'full';
  tablesLayout: 'multiples' | 'full';
  figures: FigureView[];
  tables: TableView[];
  /** A table that is folded away while scripts run. */
  folded: TableView | null;
  /** Sentences that the run left for its reader. */
  notes: string[];
  terms: TermView[];
  /** The section offers the record for download. */
  download: { recordId: string; fileName: string; note: string } | null;
}

export interface RunView {
  id: string;
  name: string;
  title: string;
  verdict: VerdictView;
  sections: SectionView[];
}

export interface ReportView {
  title: string;
  overview: { sentence: string; table: TableView } | null;
  runs: RunView[];
}

export interface ReportModel {
  view: ReportView;
  charts: Record<string, ChartSpec>;
}

/** Everything the page shows, with every chart as data under the id of its canvas. */
export function reportModel(records: readonly RunRecord[]): ReportModel {
  const charts: Record<string, ChartSpec> = {};
  const runs = records.map((record, index) => runView(record, `run-${index + 1}`, charts));
  return {
    view: {
      title: records.length === 1 ? `${records[0]!.scenario}: run report` : `${records.length} runs: report`,
      overview: records.length > 1 ? overview(records, runs) : null,
      runs,
    },
    charts,
  };
}

/** Sections about servers under load; a suite, and work over threads, have them only where there is a picture to show. */
const SERVER_SECTIONS: ReadonlySet<string> = new Set(['Latency', 'Resources']);

export type Section = Partial<SectionView> & Pick<SectionView, 'title' | 'sentence'>;

function runView(record: RunRecord, id: string, charts: Record<string, ChartSpec>): RunView {
  const chart = (name: string, spec: ChartSpec | null, label: string): ChartView[] => {
    if (!spec) return [];
    const chartId = `${id}-${name}`;
    charts[chartId] = spec;
    return [{ id: chartId, kind: spec.kind, label }];
  };
  const sections = [
    ...(hasScaling(record) ? [scalingSection(record, chart)] : []),
    ...(record.soak === undefined ? [ratioSection(record, chart)] : []),
    checkSection(record),
    ...(record.soak === undefined ? [] : [soakSection(record, record.soak, chart)]),
    throughputSection(record, chart),
    latencySection(record, chart),
    ...(record.soak === undefined ? [timelineSection(record, chart)] : []),
    ledgerSection(record),
    noiseSection(record),
    resourceSection(record, chart),
    provenanceSection(record),
    methodsSection(record),
    dataSection(record, id),
  ].filter(
    (section) =>
      (!isSuite(record) && !hasScaling(record)) ||
      !SERVER_SECTIONS.has(section.title) ||
      section.figures?.length !== 0,
  );
  return {
    id,
    name: record.scenario,
    title: record.title,
    verdict: verdictView(record),
    sections: sections.map((section) => ({
      id: `${id}-${section.title.toLowerCase().replaceAll(' ', '-')}`,
      layout: 'full',
      tablesLayout: 'full',
      figures: [],
      tables: [],
      folded: null,
      notes: [],
      terms: [],
      download: null,
      ...section,
    })),
  };
}

export type AddChart = (name: string, spec: ChartSpec | null, label: string) => ChartView[];

function ratioSection(record: RunRecord, chart: AddChart): Section {
  const view = ratioView(record);
  const charts = chart(
    'forest',
    forestChart(view),
    `Forest plot of ratios, better to the right. ${view.sentence}`,
  );
  return {
    title: 'Ratios',
    sentence: view.sentence,
    figures: [{ heading: null, sentence: null, charts, table: view.table }],
  };
}

function scalingSection(record: RunRecord, chart: AddChart): Section {
  const view = scalingView(record);
  return {
    title: 'Scaling',
    sentence: view.sentence,
    figures: view.works.map((work, index) => ({
      heading: [work.title],
      sentence: work.sentence,
      charts: [
        ...chart(
          `scaling-${index}`,
          speedupChart(work),
          `Throughput against threads, with the ideal line; projected and dashed beyond ${work.cores} cores. ${work.sentence}`,
        ),
        ...chart(
          `scaling-${index}-efficiency`,
          efficiencyChart(work),
          `Efficiency against threads, the ALU loop divided out. ${work.sentence}`,
        ),
      ],
      table: work.table,
    })),
    tables: view.laws === null ? [] : [view.laws],
  };
}

function checkSection(record: RunRecord): Section {
  const view = checkView(record);
  const tables = view.table.rows.length > 0 ? [view.table] : [];
  return { title: 'Checks', sentence: view.sentence, tables, folded: view.passed };
}

/** A case's name has no spaces, and is long: it may break where one parameter ends. */
function piecesOf(caseName: string): string[] {
  return caseName.split(/(?<=[/,])/);
}

function throughputSection(record: RunRecord, chart: AddChart): Section {
  const view = throughputView(record);
  return {
    title: 'Throughput',
    sentence: view.sentence,
    layout: 'multiples',
    figures: view.cases.map((bars, index) => ({
      heading: piecesOf(bars.caseName),
      sentence: bars.sentence,
      charts: chart(
        `throughput-${index}`,
        barChart(bars),
        `Bars of throughput per arm at ${bars.caseName}. ${bars.sentence}`,
      ),
      table: bars.table,
    })),
  };
}

function latencySection(record: RunRecord, chart: AddChart): Section {
  const view = latencyView(record);
  return {
    title: 'Latency',
    sentence: view.sentence,
    layout: 'pairs',
    figures: view.cases.map((latency, index) => ({
      heading: piecesOf(latency.caseName),
      sentence: latency.sentence,
      charts: chart(
        `latency-${index}`,
        latencyChart(latency),
        `Percentile curves of latency at ${latency.caseName}. ${latency.sentence}`,
      ),
      table: latency.table,
    })),
  };
}

function timelineSection(record: RunRecord, chart: AddChart): Section {
  const view = timelineView(record);
  return {
    title: 'Over time',
    sentence: view.sentence,
    figures: view.cases.map((timeline, index) => ({
      heading: piecesOf(timeline.caseName),
      sentence: timeline.sentence,
      charts: [
        ...timeline.panels.flatMap((panel, panelIndex) =>
          chart(
            `time-${index}-${panelIndex}`,
            panelChart(timeline, panel),
            `${panel.label} of each arm over the blocks at ${timeline.caseName}. ${timeline.sentence}`,
          ),
        ),
        ...chart(
          `time-${index}-strips`,
          stripChart(timeline),
          `${timeline.strips.map((strip) => strip.label).join(' and ')} per block at ${timeline.caseName}.`,
        ),
      ],
      table: timeline.table,
    })),
  };
}

function ledgerSection(record: RunRecord): Section {
  const view = ledgerView(record);
  return { title: 'Ledger', sentence: view.sentence, tables: [view.table] };
}

function noiseSection(record: RunRecord): Section {
  const view = noiseView(record);
  return { title: 'Noise', sentence: view.sentence, tables: [view.blocks, view.spread] };
}

function resourceSection(record: RunRecord, chart: AddChart): Section {
  const view = resourceView(record);
  return {
    title: 'Resources',
    sentence: view.sentence,
    layout: 'multiples',
    figures: view.bars.map((bars, index) => ({
      heading: piecesOf(bars.caseName),
      sentence: bars.sentence,
      charts: chart(
        `cpu-${index}`,
        barChart(bars),
        `Bars of ${bars.label} per arm at ${bars.caseName}. ${bars.sentence}`,
      ),
      table: bars.table,
    })),
    tables: [view.table],
  };
}

function provenanceSection(record: RunRecord): Section {
  const view = provenanceView(record);
  return {
    title: 'Environment and provenance',
    sentence: view.sentence,
    tablesLayout: 'multiples',
    tables: view.tables,
  };
}

function methodsSection(record: RunRecord): Section {
  const view = methodsView(record);
  return { title: 'Methods', sentence: view.sentence, terms: view.terms, notes: record.notes ?? [] };
}

const THINNING_NOTES: Record<Thinning, string> = {
  none: 'The record is in this page in full.',
  windows: 'The record is in this page without its list of windows, to keep the page small.',
  series:
    'The record is in this page without its windows and with its series thinned to medians, to keep the page small.',
  'all-samples': 'The record is in this page without windows and series, to keep the page small.',
};

function dataSection(record: RunRecord, id: string): Section {
  return {
    title: 'Raw data',
    // Completed by `withThinningNoted`: how much fits is known only when the page is put together.
    sentence: '',
    download: {
      recordId: `${id}-record`,
      fileName: `${fileNamePart(record.scenario)}-${fileNamePart(record.startedAt)}.json`,
      note: 'Run record as JSON',
    },
  };
}

/** The page with the sentence on how much of each record it holds. */
export function withThinningNoted(view: ReportView, thinning: Thinning): ReportView {
  const sentence = `${THINNING_NOTES[thinning]} Everything above was made from it.`;
  const runs = view.runs.map((run) => ({
    ...run,
    sections: run.sections.map((section) => (section.download ? { ...section, sentence } : section)),
  }));
  return { ...view, runs };
}

function fileNamePart(text: string): string {
  return text.replace(/[^A-Za-z0-9.-]+/g, '-').slice(0, 60);
}

function overview(records: readonly RunRecord[], runs: RunView[]): { sentence: string; table: TableView } {
  const count = (tone: string) => runs.filter((run) => run.verdict.tone === tone).length;
  const words = (['pass', 'fail', 'inconclusive', 'interrupted'] as const)
    .filter((tone) => count(tone) > 0)
    .map((tone) => `${count(tone)} ${tone}`);
  return {
    sentence: `${records.length} runs: ${words.join(', ')}.`,
    table: tableView({
      caption: 'The runs on this page, in the order given',
      columns: ['Run', 'Verdict', '~In one sentence', 'Started', 'Commit'],
      rows: records.map((record, index) => {
        const { badge, tone, sentence } = runs[index]!.verdict;
        const state = tone === 'pass' ? 'pass' : tone === 'fail' ? 'fail' : 'missed';
        return [
          { text: `${index + 1}. ${record.scenario}`, href: `#${runs[index]!.id}` },
          { text: badge, state },
          sentence,
          utcMinute(record.startedAt),
          shortCommit(record),
        ];
      }),
    }),
  };
}
