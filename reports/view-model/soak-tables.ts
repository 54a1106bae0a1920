import type { LeakRecord, SoakRecord } from '../../scenarios/harness/record.js';
import { exactInteger, NOT_AVAILABLE, threeDigits } from '../numbers/digits.js';
import { secondsText } from '../numbers/moment.js';
import { median } from '../numbers/order-statistics.js';
import { inScale, withUnit } from '../numbers/scale.js';
import { armIdentity, compareArms } from './arm-identity.js';
import type { SoakPanel } from './soak-view.js';
import { type CellInput, type TableView, tableView } from './table-view.js';

/** The tables beside a soak's charts. */

const VERDICTS: Record<LeakRecord['verdict'], string> = {
  clean: '✓ clean',
  leak: '✕ leak',
  'too-short': '○ too short to judge',
  absent: '○ not there',
};

export function slopeText(bytesPerSecond: number | null): string {
  return bytesPerSecond === null ? NOT_AVAILABLE : withSign(bytesPerSecond);
}

function withSign(bytesPerSecond: number): string {
  const text = withUnit('byte-rate', Math.abs(bytesPerSecond));
  return bytesPerSecond < 0 ? `\u2212${text}` : text;
}

export function leakTable(soak: SoakRecord): TableView {
  return tableView({
    caption:
      'The leak rule: a gauge leaks when it rises significantly (1 % over all gauges), by more than 256 B/s and by more than the baseline for as many operations',
    columns: [
      'Gauge',
      'Arm',
      'Verdict',
      '#Slope',
      '#Baseline’s',
      '#Smallest findable',
      '#Chance without a trend',
      '#Troughs',
      '#Judged',
    ],
    rows: gaugesFirst(soak).map(({ arm, leak }): CellInput[] => [
      leak.label,
      armIdentity(arm).label,
      {
        text: VERDICTS[leak.verdict],
        state: leak.verdict === 'leak' ? 'fail' : leak.verdict === 'clean' ? 'pass' : 'not-measurable',
        ...(leak.sinceSeconds === null ? {} : { detail: `since ${secondsText(leak.sinceSeconds)}` }),
      },
      slopeText(leak.slopeBytesPerSecond),
      leak.baselineBytesPerSecond === null
        ? { text: 'none', state: 'muted' }
        : slopeText(leak.baselineBytesPerSecond),
      slopeText(leak.detectableBytesPerSecond),
      chanceCell(leak.pRising),
      exactInteger(leak.troughs),
      secondsText(leak.judgedSeconds),
    ]),
  });
}

/** The least of all have a text that is no figure, and are sorted by what they are. */
function chanceCell(p: number | null): CellInput {
  if (p === null) return NOT_AVAILABLE;
  return p < 1e-4 ? { text: '< 0.0001', sort: String(p) } : threeDigits(p);
}

/** Rows by gauge, the arms beside each other. */
function gaugesFirst(soak: SoakRecord): { arm: string; leak: LeakRecord }[] {
  const arms = Object.keys(soak.leaks).sort(compareArms);
  const names = (soak.leaks[arms[0] ?? ''] ?? []).map(({ gauge }) => gauge);
  return names.flatMap((name) =>
    arms.flatMap((arm) =>
      soak.leaks[arm]!.filter(({ gauge, verdict }) => gauge === name && verdict !== 'absent').map((leak) => ({
        arm,
        leak,
      })),
    ),
  );
}

export function courseTable(soak: SoakRecord): TableView {
  const lives = soak.lives.map(({ startSeconds, endSeconds }, index): CellInput[] => [
    `${index + 1}. processes at work`,
    secondsText(startSeconds),
    secondsText(endSeconds - startSeconds),
    { text: '', state: 'muted' },
  ]);
  const gaps = soak.gaps.map(({ fromSeconds, toSeconds, reason }): CellInput[] => [
    'gap',
    secondsText(fromSeconds),
    secondsText(toSeconds - fromSeconds),
    reason,
  ]);
  return tableView({
    caption: 'The course of the run',
    columns: ['What', '#Began after', '#Lasted', '~Why'],
    rows: [...lives, ...gaps],
  });
}

/** What the panels show, in three numbers each. */
export function thirdsTable(caption: string, panels: SoakPanel[]): TableView {
  return tableView({
    caption,
    columns: ['Measure', 'Arm', '#Unit', '#First third', '#Second third', '#Last third'],
    rows: panels.flatMap(({ label, scale, lines }) =>
      lines.map(({ arm, pieces }): CellInput[] => {
        const points = pieces.flat();
        const third = (index: number) =>
          median(
            points.slice((index * points.length) / 3, ((index + 1) * points.length) / 3).map(({ y }) => y),
          );
        const cells = [0, 1, 2].map((index) => inScale(scale, third(index) ?? Number.NaN));
        return [label, armIdentity(arm).label, scale.unit, ...cells];
      }),
    ),
  });
}
