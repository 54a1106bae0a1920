import type { GatedKind } from '../../ci/gate/invocation/gated-metrics.js';
import { gatePower, type MetricPower } from '../../ci/gate/output/gate-power.js';
import { type GateSummary, type SummaryRow, summariseVerdict } from '../../ci/gate/output/gate-summary.js';
import type { GateVerdictFile } from '../../ci/gate/verdict/gate-verdict.js';
import type { ChartSpec } from '../charts/chart-spec.js';
import { THIN_SPACE, threeDigits } from '../numbers/digits.js';
import { greatest } from '../numbers/order-statistics.js';
import { plural } from '../numbers/sentence.js';
import type { RunView } from '../view-model/report-view.js';
import { type AddChart, adderOf, completed, piecesOf, type Section } from '../view-model/section-view.js';
import { evidenceSection } from './evidence-section.js';
import { type GateInput, isMeasured } from './gate-input.js';
import { caseInWords, metricInWords } from './gate-words.js';
import { historySection } from './history-section.js';
import { lookChart, lookCourse } from './look-course.js';
import { type MeasuredGate, measuredGate, metricSeries } from './measured-gate.js';
import { gateMethods, SUMMARY_METHODS } from './methods-terms.js';
import { pairedChart, pairedCourse } from './paired-course.js';
import { powerChart, powerView } from './power-view.js';
import { provenanceSection } from './provenance.js';
import { ratioForest, ratiosInWords } from './ratio-forest.js';
import { resultView, summaryResultView } from './result-table.js';
import { validityView } from './validity-view.js';
import { verdictOfGate, verdictOfSummary } from './verdict-sentence.js';
import { spreadChart, spreadSentence, windowSpreads } from './window-spread.js';

/** The page of a gate: everything it shows, with every chart as data under the id of its canvas. */
export interface GatePageView {
  title: string;
  run: RunView;
  charts: Record<string, ChartSpec>;
}

export const GATE_ID = 'gate';

/** @param power of {@link gatePower}, where it is already known */
export function gatePageView(input: GateInput, power?: readonly MetricPower[]): GatePageView {
  const charts: Record<string, ChartSpec> = {};
  const chart = adderOf(charts, GATE_ID);
  const { verdict } = input;
  const measured = measuredGate(input.lines);
  const page = isMeasured(verdict)
    ? measuredPage(verdict, measured, power ?? gatePower(verdict), chart)
    : summaryPage(verdict);
  const sections = [
    ...page.sections,
    input.history == null ? null : historySection(input.history, chart),
    input.evidence == null ? null : evidenceSection(input.evidence, chart),
    ...page.closing,
  ].filter((section) => section !== null);
  return {
    title: `Performance gate: ${verdict.verdict}`,
    run: {
      id: GATE_ID,
      name: 'the gate',
      title: 'Performance gate: is this checkout slower than its base?',
      verdict: page.verdict,
      sections: sections.map((section) => completed(section, GATE_ID)),
    },
    charts,
  };
}

/** What is decided over the looks, and differs from invocation to invocation. */
const NOISY: readonly GatedKind[] = ['timed', 'tally'];

interface PageParts {
  verdict: RunView['verdict'];
  sections: Section[];
  /** What stands behind history and evidence. */
  closing: Section[];
}

function summaryPage(summary: GateSummary): PageParts {
  const { sentence, table } = summaryResultView(summary);
  return {
    verdict: verdictOfSummary(summary),
    sections: summary.rows.length === 0 ? [] : [{ title: 'Results', sentence, tables: [table] }],
    closing: [{ title: 'Methods', ...SUMMARY_METHODS }],
  };
}

function measuredPage(
  file: GateVerdictFile,
  measured: MeasuredGate | null,
  power: readonly MetricPower[],
  chart: AddChart,
): PageParts {
  // The curves have their own section; a sentence of eight figures for each metric says less.
  const summary = summariseVerdict(file, []);
  const result = resultView(file, summary.rows);
  const drawn = measured?.invocations.some(({ ordinal }) => ordinal !== null) ? measured : null;
  const sections: Section[] = [
    { title: 'Results', sentence: result.sentence, tables: [result.table], notes: result.notes },
    ...ratioSection(file, summary.rows, chart),
    ...(drawn === null ? [] : [windowSection(drawn, chart), courseSection(file, drawn, chart)]),
    ...decisionSection(file, measured, chart),
    validitySection(file, measured),
    ...powerSection(power, chart),
  ];
  return {
    verdict: verdictOfGate(file, measured),
    sections,
    closing: [provenanceSection(file, measured), { title: 'Methods', ...gateMethods(measured) }],
  };
}

function ratioSection(file: GateVerdictFile, rows: readonly SummaryRow[], chart: AddChart): Section[] {
  const spec = ratioForest(file, rows);
  if (spec === null) return [];
  const { sentence, table } = ratiosInWords(file, rows);
  const charts = chart(
    'forest',
    spec,
    `Forest plot of ratios of candidate to base, better to the right. ${sentence}`,
  );
  return [{ title: 'Ratios', sentence, figures: [{ heading: null, sentence: null, charts, table }] }];
}

function windowSection(measured: MeasuredGate, chart: AddChart): Section {
  const cases = casesOf(measured);
  return {
    title: 'Windows',
    sentence:
      'How single windows of both arms are spread: thin from p5 to p95, thick over the middle half, a line at the median; dots are the medians of invocations. Absolute figures belong to this machine and these minutes.',
    layout: 'multiples',
    figures: cases.flatMap((caseName, caseIndex) =>
      windowSpreads(measured, caseName).map((spread, index) => {
        const sentence = spreadSentence(spread);
        return {
          heading: [`${spread.label}, `, ...piecesOf(caseInWords(caseName))],
          sentence,
          charts: chart(
            `windows-${caseIndex}-${index}`,
            spreadChart(spread),
            `Strips of windows of both arms. ${sentence}`,
          ),
          table: spread.table,
        };
      }),
    ),
  };
}

function casesOf({ header }: MeasuredGate): string[] {
  return [...new Set(header.metrics.map((each) => each.case))];
}

function courseSection(file: GateVerdictFile, measured: MeasuredGate, chart: AddChart): Section {
  const noisy = measured.header.metrics.filter(({ kind }) => NOISY.includes(kind));
  return {
    title: 'Over time',
    sentence:
      'Paired differences in the order they were measured: what each invocation said of the candidate (points) and its blocks (specks), and the control, which is the base against itself (hollow).',
    figures: noisy.map((gated, index) => {
      const line = file.metrics.find((each) => each.case === gated.case && each.metric === gated.metric);
      const looks = line?.state?.slower.looks.map(({ invocations }) => invocations) ?? [];
      const course = pairedCourse(measured, gated, looks);
      return {
        heading: piecesOf(metricInWords(gated)),
        sentence: course.sentence,
        charts: chart(
          `course-${index}`,
          pairedChart(measured, course, looks),
          `Slowdown of each invocation in the order of time. ${course.sentence}`,
        ),
        table: course.table,
      };
    }),
  };
}

function decisionSection(file: GateVerdictFile, measured: MeasuredGate | null, chart: AddChart): Section[] {
  const courses = file.metrics.flatMap((line) => {
    const gated = measured?.header.metrics.find(
      (each) => each.case === line.case && each.metric === line.metric,
    );
    const series =
      measured === null || gated === undefined || !NOISY.includes(gated.kind)
        ? null
        : metricSeries(measured, gated);
    return lookCourse(line, series) ?? [];
  });
  if (courses.length === 0) return [];
  const looks = greatest(courses.map(({ state }) => state.slower.looks.length));
  return [
    {
      title: 'Decision',
      sentence: `${plural(looks, 'look')} until it was clear: a metric passes when the upper bound falls below 0.9 of its limit in every metric, and is suspect when the lower bound rises above 0.7 of it. Bars are the bounds of a look, the band is a running interval of 95 % as if there were no looks.`,
      layout: 'pairs',
      figures: courses.map((course, index) => ({
        heading: piecesOf(metricInWords(course.line)),
        sentence: course.sentence,
        charts: chart(
          `decision-${index}`,
          lookChart(course),
          `Estimate and bounds at each look. ${course.sentence}`,
        ),
        table: course.table,
      })),
    },
  ];
}

function validitySection(file: GateVerdictFile, measured: MeasuredGate | null): Section {
  const { sentence, checks, noise, drops } = validityView(file, measured);
  return {
    title: 'Validity',
    sentence,
    tables: [checks, ...(noise.rows.length === 0 ? [] : [noise]), ...(drops === null ? [] : [drops])],
  };
}

function powerSection(power: readonly MetricPower[], chart: AddChart): Section[] {
  if (power.length === 0) return [];
  const noise = power.map(
    (each) => `${threeDigits(each.deviationPercent)}${THIN_SPACE}% (${metricInWords(each)})`,
  );
  return [
    {
      title: 'Power',
      sentence: `What this gate could have found at its own noise between invocations: ${noise.join(', ')}.`,
      layout: 'pairs',
      figures: power.map((each, index) => {
        const view = powerView(
          metricInWords(each),
          each.limitPercent,
          each.points,
          'replayed from normal noise of this deviation, by this metric’s share of the levels',
        );
        return {
          heading: piecesOf(view.heading),
          sentence: view.sentence,
          charts: chart(
            `power-${index}`,
            powerChart(view),
            `Share of gates that fail, by true slowdown. ${view.sentence}`,
          ),
          table: view.table,
        };
      }),
    },
  ];
}
