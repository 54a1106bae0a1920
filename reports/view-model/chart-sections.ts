import type { RunRecord } from '../../scenarios/harness/record.js';
import { barChart } from '../charts/bar-chart.js';
import { distributionChart } from '../charts/distribution-chart.js';
import { forestChart } from '../charts/forest-chart.js';
import { latencyChart, pairChart } from '../charts/latency-chart.js';
import { loadChart } from '../charts/load-chart.js';
import { pairedChart } from '../charts/paired-chart.js';
import { efficiencyChart, speedupChart } from '../charts/scaling-chart.js';
import { panelChart, stripChart } from '../charts/timeline-chart.js';
import { armIdentity } from './arm-identity.js';
import { distributionView } from './distribution-view.js';
import { latencyView } from './latency-view.js';
import { loadView } from './load-view.js';
import { pairedView } from './paired-view.js';
import { ratioView } from './ratio-view.js';
import { resourceView } from './resource-view.js';
import { scalingView } from './scaling-view.js';
import { type AddChart, piecesOf, type Section } from './section-view.js';
import { throughputView } from './throughput-view.js';
import { timelineView } from './timeline-view.js';

export function ratioSection(record: RunRecord, chart: AddChart): Section {
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

export function scalingSection(record: RunRecord, chart: AddChart): Section {
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

export function throughputSection(record: RunRecord, chart: AddChart): Section {
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

export function latencySection(record: RunRecord, chart: AddChart): Section {
  const view = latencyView(record);
  return {
    title: 'Latency',
    sentence: view.sentence,
    layout: 'pairs',
    figures: view.cases.flatMap((latency, index) => [
      {
        heading: piecesOf(latency.caseName),
        sentence: latency.sentence,
        charts: chart(
          `latency-${index}`,
          latencyChart(latency),
          `Percentile curves of latency at ${latency.caseName}. ${latency.sentence}`,
        ),
        table: latency.table,
      },
      ...(latency.pair.length === 0
        ? []
        : [
            {
              heading: [...piecesOf(latency.caseName), ': service and response time'],
              sentence: latency.pairSentence,
              charts: chart(
                `latency-pair-${index}`,
                pairChart(latency),
                `Percentile curves of service and response time at ${latency.caseName}. ${latency.pairSentence}`,
              ),
              table: latency.pairTable,
            },
          ]),
    ]),
  };
}

/** Only where a scenario has the same work at several rates. */
export function loadSection(record: RunRecord, chart: AddChart): Section[] {
  const view = loadView(record);
  if (view.families.length === 0) return [];
  return [
    {
      title: 'Latency against rate',
      sentence: view.sentence,
      layout: 'pairs',
      figures: view.families.map((family, index) => ({
        heading: piecesOf(family.name),
        sentence: null,
        charts: chart(
          `load-${index}`,
          loadChart(family),
          `Latency over offered rate at ${family.name}. ${family.sentence}`,
        ),
        table: family.table,
      })),
    },
  ];
}

/** Only where there is more than one round or a course over time. */
export function distributionSection(record: RunRecord, chart: AddChart): Section[] {
  const view = distributionView(record);
  if (view.cases.length === 0) return [];
  return [
    {
      title: 'Distributions',
      sentence: view.sentence,
      layout: 'pairs',
      figures: view.cases.map((distribution, index) => ({
        heading: piecesOf(distribution.caseName),
        sentence: distribution.sentence,
        charts: chart(
          `distribution-${index}`,
          distributionChart(distribution),
          `Strips of quantiles of ${distribution.label} per arm at ${distribution.caseName}. ${distribution.sentence}`,
        ),
        table: distribution.table,
      })),
    },
  ];
}

/** A panel for each arm that ours is compared with: one scale for all would hide how each moves. */
export function pairedSection(record: RunRecord, chart: AddChart): Section[] {
  const view = pairedView(record);
  if (view.cases.length === 0) return [];
  return [
    {
      title: 'Round by round',
      sentence: view.sentence,
      layout: 'pairs',
      figures: view.cases.map((paired, index) => ({
        heading: piecesOf(paired.caseName),
        sentence: paired.sentence,
        charts: paired.lines.flatMap((line, lineIndex) =>
          chart(
            `paired-${index}-${lineIndex}`,
            pairedChart(paired, line),
            `Ratio of each round against ${armIdentity(line.against).label} at ${paired.caseName}, with the median. ${paired.sentence}`,
          ),
        ),
        table: paired.table,
      })),
    },
  ];
}

export function timelineSection(record: RunRecord, chart: AddChart): Section {
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
          `${timeline.strips.map((strip) => strip.label).join(', ')} per block at ${timeline.caseName}. ${timeline.sentence}`,
        ),
      ],
      table: timeline.table,
    })),
  };
}

export function resourceSection(record: RunRecord, chart: AddChart): Section {
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
