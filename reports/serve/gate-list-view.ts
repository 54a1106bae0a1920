import { slowdownIntervalText, slowdownText } from '../gate/gate-words.js';
import { NOT_AVAILABLE, THIN_SPACE } from '../numbers/digits.js';
import { utcMinute } from '../numbers/moment.js';
import { plural } from '../numbers/sentence.js';
import { type CellInput, type TableView, tableView } from '../view-model/table-view.js';
import type { GateSummaryLine, Largest } from './gate-summary.js';
import { buildCell, folderCell, MISSING, olderInWords, toneState } from './list-cells.js';
import type { Entry, Listed } from './listing.js';
import { reportPath } from './request-route.js';

export interface GateListView {
  sentence: string;
  table: TableView | null;
}

/** The gates of a folder: what each compared, and what it said. */
export function gateListView({ entries, left }: Listed<GateSummaryLine>): GateListView {
  return {
    sentence: sentenceOf(entries, left),
    table: entries.length === 0 ? null : gateTable(entries),
  };
}

const WORDS = [
  ['fail', 'failed'],
  ['inconclusive', 'inconclusive'],
  ['interrupted', 'interrupted'],
  ['pass', 'passed'],
] as const;

function sentenceOf(entries: readonly Entry<GateSummaryLine>[], left: number): string {
  if (entries.length === 0)
    return 'No gate lies here: `npm run gate` compares this checkout with its base and leaves a folder with a verdict.json.';
  const counts = WORDS.flatMap(([tone, word]) => {
    const count = entries.filter((entry) => 'summary' in entry && entry.summary.tone === tone).length;
    return count === 0 ? [] : [`${count} ${word}`];
  });
  const silent = entries.filter((entry) => 'problem' in entry).length;
  if (silent > 0) counts.push(`${silent} without a verdict that can be read`);
  return `${plural(entries.length, 'gate')}, the newest first: ${counts.join(', ')}${olderInWords(left)}.`;
}

function gateTable(entries: readonly Entry<GateSummaryLine>[]): TableView {
  return tableView({
    caption:
      'Gates, the newest first; the slowdown is the largest in terms of its own limit, with its 95 % interval',
    columns: [
      ...['Started', 'Verdict', 'Candidate', 'Base', '#Largest slowdown', '~Reason', '#Invocations'],
      'Folder',
    ],
    rows: entries.map((entry): CellInput[] => {
      const { name } = entry;
      if ('problem' in entry) {
        const told: CellInput = { text: entry.problem, state: 'muted' };
        const rest = [MISSING, MISSING, MISSING, told, MISSING, folderCell(entry, 'gates')];
        return [MISSING, NO_VERDICT, ...rest];
      }
      const { startedAt, tone, badge, builds, reason, largest, invocations } = entry.summary;
      return [
        {
          text: startedAt === null ? NOT_AVAILABLE : utcMinute(startedAt),
          href: reportPath('gates', name),
          ...(startedAt === null ? {} : { sort: startedAt }),
        },
        { text: badge, state: toneState(tone) },
        builds === null ? MISSING : buildCell(builds.candidate),
        builds === null ? MISSING : buildCell(builds.base, builds.base.why),
        largest === null ? MISSING : slowdownCell(largest),
        reason,
        invocations === null ? MISSING : String(invocations),
        name,
      ];
    }),
  });
}

function slowdownCell({ percent, interval95, metric, limitPercent }: Largest): CellInput {
  const interval = interval95 === null ? [] : [slowdownIntervalText(interval95)];
  return {
    text: slowdownText(percent),
    detail: `${[...interval, metric].join(' ')}; limit ${limitPercent}${THIN_SPACE}%`,
  };
}

const NO_VERDICT: CellInput = { text: '○ no verdict', state: 'not-measurable' };
