import type { RunRecord, SoakRecord } from '../../scenarios/harness/record.js';
import { soakPanelChart, soakStripChart } from '../charts/soak-chart.js';
import type { AddChart, Section } from './section-view.js';
import { type SoakView, soakView } from './soak-view.js';

type SoakPart = SoakView['gauges'];

/** The hours of a soak: gauges and their slopes, then how the work went, each over the fault phases. */
export function soakSection(record: RunRecord, soak: SoakRecord, chart: AddChart): Section {
  const view = soakView(record, soak);
  const strips = (name: string, sentence: string) =>
    chart(
      `${name}-strips`,
      soakStripChart(view),
      `${view.strips.map(({ label }) => label).join(', ')} over the run. ${sentence}`,
    );
  const panels = (name: string, { panels: all, sentence }: SoakPart) =>
    all.flatMap((panel, index) =>
      chart(
        `${name}-${index}`,
        soakPanelChart(view, panel),
        `${panel.label} of each arm over the run. ${sentence}`,
      ),
    );
  const { gauges, besides, work } = view;
  return {
    title: 'Over the hours',
    sentence: view.sentence,
    figures: [
      {
        heading: ['Gauges after garbage collection'],
        sentence: gauges.sentence,
        charts: [...panels('gauge', gauges), ...strips('gauge', gauges.sentence)],
        table: gauges.table,
      },
      {
        heading: ['The work'],
        sentence: work.sentence,
        charts: [...panels('work', work), ...strips('work', work.sentence)],
        table: work.table,
      },
      {
        heading: ['Memory besides'],
        sentence: besides.sentence,
        charts: panels('besides', besides),
        table: besides.table,
      },
    ],
    tables: [view.course],
  };
}
