import type { RunRecord } from '../../scenarios/harness/record.js';
import type { ChartSpec } from '../charts/chart-spec.js';
import { comparisonChart } from '../charts/comparison-chart.js';
import { plural } from '../numbers/sentence.js';
import type { Thinning } from '../record-file/thin-record.js';
import {
  distributionSection,
  latencySection,
  loadSection,
  pairedSection,
  ratioSection,
  resourceSection,
  scalingSection,
  throughputSection,
  timelineSection,
} from './chart-sections.js';
import { downloadsAfter, downloadsOf } from './download-view.js';
import { overviewOf } from './overview-view.js';
import { isSuite } from './record-kind.js';
import { runComparison } from './run-comparison.js';
import { hasScaling } from './scaling-view.js';
import { adderOf, completed, type Section, type SectionView } from './section-view.js';
import { soakSection } from './soak-section.js';
import {
  checkSection,
  ledgerSection,
  methodsSection,
  noiseSection,
  provenanceSection,
} from './table-sections.js';
import type { TableView } from './table-view.js';
import { type VerdictView, verdictView } from './verdict-view.js';

export interface RunView {
  id: string;
  name: string;
  title: string;
  verdict: VerdictView;
  sections: SectionView[];
}

/** The runs of one scenario, the oldest first, and what changed between them. */
export interface RunGroupView {
  /** Null on a page of one run. */
  heading: string | null;
  comparisons: SectionView[];
  runs: RunView[];
}

export interface ReportView {
  title: string;
  overview: { sentence: string; table: TableView } | null;
  /** In the order of the records. */
  runs: RunView[];
  groups: RunGroupView[];
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
      overview: records.length > 1 ? overviewOf(records, runs) : null,
      runs,
      groups: groupsOf(records, runs, charts),
    },
    charts,
  };
}

/** By scenario in the order in which each comes first; every later run is compared with the oldest. */
function groupsOf(
  records: readonly RunRecord[],
  runs: readonly RunView[],
  charts: Record<string, ChartSpec>,
): RunGroupView[] {
  if (records.length === 1) return [{ heading: null, comparisons: [], runs: [...runs] }];
  const members = records.map((record, index) => ({ record, run: runs[index]! }));
  return [...new Set(records.map(({ scenario }) => scenario))].map((scenario) => {
    const own = members
      .filter(({ record }) => record.scenario === scenario)
      .sort((a, b) => Date.parse(a.record.startedAt) - Date.parse(b.record.startedAt));
    const [oldest, ...later] = own;
    return {
      heading: own.length === 1 ? scenario : `${scenario}: ${plural(own.length, 'run')}`,
      comparisons: later.map(({ record, run }) =>
        comparisonSection(oldest!.record, record, `${oldest!.run.id}-${run.id}`, charts),
      ),
      runs: own.map(({ run }) => run),
    };
  });
}

function comparisonSection(
  old: RunRecord,
  recent: RunRecord,
  id: string,
  charts: Record<string, ChartSpec>,
): SectionView {
  const view = runComparison(old, recent);
  const chart = adderOf(charts, id);
  const spec = comparisonChart(view.rows, Object.keys(recent.cases));
  const label = `Forest plot of ratios of two runs, new ÷ old, better to the right. ${view.sentence}`;
  return completed(
    {
      title: 'New against old',
      sentence: view.sentence,
      figures: [{ heading: null, sentence: null, charts: chart('change', spec, label), table: view.table }],
      folded: view.absolute.rows.length > 0 ? view.absolute : null,
      notes: view.cautions,
    },
    id,
  );
}

/** Sections about servers under load; a suite, and work over threads, have them only where there is a picture to show. */
const SERVER_SECTIONS: ReadonlySet<string> = new Set(['Latency', 'Resources']);

function runView(record: RunRecord, id: string, charts: Record<string, ChartSpec>): RunView {
  const chart = adderOf(charts, id);
  const isSoak = record.soak !== undefined;
  const sections = [
    ...(hasScaling(record) ? [scalingSection(record, chart)] : []),
    ...(isSoak ? [] : [ratioSection(record, chart)]),
    checkSection(record),
    ...(record.soak === undefined ? [] : [soakSection(record, record.soak, chart)]),
    throughputSection(record, chart),
    ...(isSoak ? [] : distributionSection(record, chart)),
    ...(isSoak ? [] : pairedSection(record, chart)),
    latencySection(record, chart),
    ...loadSection(record, chart),
    ...(isSoak ? [] : [timelineSection(record, chart)]),
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
    sections: sections.map((section) => completed(section, id)),
  };
}

const THINNING_NOTES: Record<Thinning, string> = {
  none: 'The record is in this page in full.',
  windows: 'The record is in this page without its list of windows, to keep the page small.',
  series:
    'The record is in this page without its windows and with its series thinned to medians (pauses to their longest), to keep the page small.',
  'all-samples': 'The record is in this page without windows and series, to keep the page small.',
};

function dataSection(record: RunRecord, id: string): Section {
  return {
    title: 'Raw data',
    // Completed by `withThinningNoted`: how much fits is known only when the page is put together.
    sentence: '',
    downloads: downloadsOf(record, `${id}-record`),
  };
}

/** The page with the sentence on how much of each record it holds. */
export function withThinningNoted(view: ReportView, thinning: Thinning): ReportView {
  const source = thinning === 'none' ? 'it' : 'the whole of it';
  const sentence = `${THINNING_NOTES[thinning]} Everything above was made from ${source}.`;
  const noted = (run: RunView): RunView => ({
    ...run,
    sections: run.sections.map((section) =>
      section.downloads.length === 0
        ? section
        : { ...section, sentence, downloads: downloadsAfter(section.downloads, thinning) },
    ),
  });
  return {
    ...view,
    runs: view.runs.map(noted),
    groups: view.groups.map((group) => ({ ...group, runs: group.runs.map(noted) })),
  };
}
