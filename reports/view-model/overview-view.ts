import type { RunRecord } from '../../scenarios/harness/record.js';
import { utcMinute } from '../numbers/moment.js';
import { shortCommit } from './provenance-view.js';
import type { RunView } from './report-view.js';
import { type TableView, tableView } from './table-view.js';

/** The runs of a page in the order given, each with its verdict in one sentence. */
export function overviewOf(
  records: readonly RunRecord[],
  runs: readonly RunView[],
): { sentence: string; table: TableView } {
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
