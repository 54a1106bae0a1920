import { plural } from '../numbers/sentence.js';
import { type GateListView, gateListView } from './gate-list-view.js';
import type { GateSummaryLine } from './gate-summary.js';
import type { Listed } from './listing.js';
import type { ScenarioCourses } from './run-courses.js';
import { type RunListView, runListView } from './run-list-view.js';
import type { RunSummary } from './run-summary.js';

/** The page that the server shows first. */
export interface IndexView {
  title: string;
  sentence: string;
  /** Its sections, to be jumped to. */
  places: { id: string; text: string }[];
  runs: Pick<RunListView, 'sentence' | 'table'>;
  gates: GateListView;
  scenarios: ScenarioCourses[];
}

export function indexView(
  runs: Listed<RunSummary>,
  gates: Listed<GateSummaryLine>,
  folder: string,
): IndexView {
  const { scenarios, ...list } = runListView(runs);
  return {
    title: `Runs and gates in ${folder}`,
    sentence: `${plural(runs.entries.length, 'run')} and ${plural(gates.entries.length, 'gate')}. Each date leads to a report.`,
    places: [
      { id: 'runs', text: 'Runs' },
      { id: 'gates', text: 'Gates' },
      ...scenarios.map(({ id, scenario }) => ({ id, text: `Course of ${scenario}` })),
    ],
    runs: list,
    gates: gateListView(gates),
    scenarios,
  };
}
