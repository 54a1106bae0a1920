import { formatBytes, formatNs, formatSi, significant } from './format-number.js';
import { type Scale, scaleOf, sparkline } from './sparkline.js';

/** What a run shows of itself while it goes on, as lines of text: no terminal here, and no clock. */

export interface ArmView {
  operationsPerSecond: number | null;
  /** Of the last windows, oldest first. */
  latencyNsP50: readonly number[];
  latencyNsP99: readonly number[];
  rssBytes: number | null;
}

export interface LiveState {
  phase: string;
  /** Of the whole run, 0 to 1. */
  share: number;
  secondsLeft: number;
  arms: ReadonlyMap<string, ArmView>;
  stealPercent: number | null;
  errors: number;
  nextCheckpointSeconds: number | null;
}

export const HISTORY_MAX = 12;
const BAR_CELLS = 20;
/** From here on a block is dropped, `pressure.ts`; from the other on it is worth a look. */
const STEAL_HIGH_PERCENT = 10;
const STEAL_SOME_PERCENT = 2;

/** A piece of a line, and how it is painted where colour is wanted. */
interface Piece {
  text: string;
  paint?: 'dim' | 'bold' | 'green' | 'yellow' | 'red';
}
type Line = readonly Piece[];

const PAINT = { dim: [2, 22], bold: [1, 22], green: [32, 39], yellow: [33, 39], red: [31, 39] } as const;

/** Lines of at most `columns` cells, at most `rows` of them: arms that do not fit are counted. */
export function liveLines(state: LiveState, columns: number, rows: number, color: boolean): string[] {
  const shown = [...state.arms].slice(0, Math.max(0, rows - 3));
  const hidden = state.arms.size - shown.length;
  const lines: Line[] = [headLine(state), ...armLines(shown, columns)];
  if (hidden > 0) lines.push([{ text: `and ${hidden} further arms`, paint: 'dim' }]);
  lines.push(footLine(state));
  return lines.slice(0, Math.max(1, rows)).map((line) => render(line, columns, color));
}

/** The same in one line without colour, for a log. */
export function plainLine(state: LiveState): string {
  const arms = [...state.arms].map(([arm, { operationsPerSecond, latencyNsP99 }]) => {
    const rate = operationsPerSecond === null ? '' : ` ${formatSi(operationsPerSecond)}/s`;
    const tail = latencyNsP99.at(-1);
    return `${arm}${rate}${tail === undefined ? '' : ` p99 ${formatNs(tail)}`}`;
  });
  const { phase, share, secondsLeft, errors } = state;
  const steal = state.stealPercent === null ? [] : [`steal ${significant(state.stealPercent)} %`];
  const told = errors === 0 ? [] : [errorText(errors)];
  const parts = [
    percent(share),
    phase,
    `${formatSeconds(secondsLeft)} left`,
    arms.join('  '),
    ...steal,
    ...told,
  ];
  return [...parts, ...checkpointText(state)].filter((part) => part !== '').join(' · ');
}

export function formatSeconds(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds));
  if (whole < 60) return `${whole} s`;
  if (whole >= 7_200) {
    return `${Math.floor(whole / 3_600)} h ${String(Math.floor(whole / 60) % 60).padStart(2, '0')} min`;
  }
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${String(whole % 60).padStart(2, '0')} s`;
  return `${Math.floor(whole / 3600)} h ${String(Math.floor(whole / 60) % 60).padStart(2, '0')} min`;
}

function headLine({ phase, share, secondsLeft }: LiveState): Line {
  const filled = Math.floor(share * BAR_CELLS);
  return [
    { text: `${percent(share)} `, paint: 'bold' },
    { text: '█'.repeat(filled), paint: 'green' },
    { text: '░'.repeat(BAR_CELLS - filled), paint: 'dim' },
    { text: ` ${formatSeconds(secondsLeft)} left · ${phase}` },
  ];
}

/** In columns; what does not fit goes whole, the least important first. */
function armLines(arms: readonly [string, ArmView][], columns: number): Line[] {
  const rows = arms.map(([arm, view]) => armCells(arm, view));
  const width = (column: number): number => Math.max(...rows.map((cells) => [...cells[column].text].length));
  const kept = new Set(rows[0]?.keys() ?? []);
  const total = (): number => [...kept].reduce((sum, column) => sum + width(column) + 2, -2);
  for (const column of DROPPED_FIRST) if (total() > columns) kept.delete(column);
  return rows.map((cells) =>
    [...kept].flatMap((column, place) => {
      const { text, paint } = cells[column];
      const padding = ' '.repeat(width(column) - [...text].length);
      // Names and bars begin together, figures end together.
      const padded = LEFT_COLUMNS.has(column) ? text + padding : padding + text;
      return [{ text: place === 0 ? padded : `  ${padded}`, paint }];
    }),
  );
}

/** Columns of an arm: 0 name, 1 rate, 2 p50, 3 its bars, 4 p99, 5 its bars, 6 memory. */
const DROPPED_FIRST = [3, 6, 5, 2, 4];
const LEFT_COLUMNS: ReadonlySet<number> = new Set([0, 3, 5]);

function armCells(arm: string, view: ArmView): Piece[] {
  const { operationsPerSecond, latencyNsP50, latencyNsP99, rssBytes } = view;
  // One scale for both, so that their distance shows.
  const scale = scaleOf([...latencyNsP50, ...latencyNsP99]);
  const latency = (name: string, values: readonly number[]): Piece =>
    values.length === 0 ? { text: '' } : { text: `${name} ${formatNs(values[values.length - 1])}` };
  const bars = (values: readonly number[]): Piece => ({ text: barsOf(values, scale), paint: 'dim' });
  return [
    { text: arm },
    { text: operationsPerSecond === null ? '' : `${formatSi(operationsPerSecond)}/s`, paint: 'bold' },
    latency('p50', latencyNsP50),
    bars(latencyNsP50),
    latency('p99', latencyNsP99),
    bars(latencyNsP99),
    { text: rssBytes === null ? '' : `RSS ${formatBytes(rssBytes)}` },
  ];
}

function barsOf(values: readonly number[], scale: Scale | null): string {
  return scale === null ? '' : sparkline(values, scale);
}

function footLine(state: LiveState): Line {
  const { stealPercent, errors } = state;
  const line: Piece[] = [];
  if (stealPercent !== null) {
    const [word, paint] =
      stealPercent >= STEAL_HIGH_PERCENT
        ? (['high', 'red'] as const)
        : stealPercent >= STEAL_SOME_PERCENT
          ? (['some', 'yellow'] as const)
          : (['calm', 'green'] as const);
    line.push({ text: '●', paint }, { text: ` ${word}: steal ${significant(stealPercent)} %  ` });
  }
  line.push({ text: errorText(errors), paint: errors === 0 ? 'dim' : 'red' });
  for (const text of checkpointText(state)) line.push({ text: `  ${text}` });
  return line;
}

function checkpointText({ nextCheckpointSeconds }: LiveState): string[] {
  return nextCheckpointSeconds === null ? [] : [`checkpoint in ${formatSeconds(nextCheckpointSeconds)}`];
}

function errorText(errors: number): string {
  return errors === 1 ? '1 error' : `${errors} errors`;
}

function percent(share: number): string {
  return `${String(Math.floor(share * 100)).padStart(2)} %`;
}

/** Cut to the width before it is painted: an escape sequence takes no cell. */
function render(line: Line, columns: number, color: boolean): string {
  let left = columns;
  let text = '';
  for (const { text: whole, paint } of line) {
    const cut = [...whole].slice(0, left).join('');
    left -= [...cut].length;
    const [on, off] = paint === undefined ? [0, 0] : PAINT[paint];
    text += color && paint !== undefined && cut !== '' ? `\u001b[${on}m${cut}\u001b[${off}m` : cut;
  }
  return text;
}
