import { UsageError } from '../../scenarios/harness/usage-error.js';
import { subcommandArguments } from '../baseline-command/arguments.js';
import { POINTS_MAX } from './history-view.js';

/** What the command line of the history asked for. */
export interface HistoryOptions {
  casePattern: string | null;
  metricPattern: string | null;
  last: number;
  json: boolean;
  check: boolean;
  file: string | null;
}

const LAST_DEFAULT = 100;

/** Every option: its type, the word its value is shown as, and its line in the help. */
export const HISTORY_OPTIONS = {
  case: { type: 'string', value: 'GLOB', help: "only these cases, for instance 'tcp/load=open*'" },
  metric: { type: 'string', value: 'GLOB', help: "only these metrics, for instance 'latency*'" },
  last: {
    type: 'string',
    value: 'N',
    help: `the newest N gates of each case and metric (default ${LAST_DEFAULT}, at most ${POINTS_MAX})`,
  },
  json: { type: 'boolean', value: '', help: 'everything as JSON' },
  check: {
    type: 'boolean',
    value: '',
    help: 'exit 4 when the newest gates on main were inconclusive, five or more in a row',
  },
  file: { type: 'string', value: 'FILE', help: 'this file, not runs/history.ndjson' },
  help: { type: 'boolean', value: '', help: 'this text' },
} as const satisfies Record<string, { type: 'boolean' | 'string'; value: string; help: string }>;

type OptionName = keyof typeof HISTORY_OPTIONS;

/** Null for help. Throws `UsageError`. */
export function parseHistoryOptions(args: readonly string[]): HistoryOptions | null {
  const config = Object.fromEntries(
    Object.entries(HISTORY_OPTIONS).map(([name, { type }]) => [name, { type }]),
  );
  const { values } = subcommandArguments('history', args, [0, 0], config);
  if (values.help === true) return null;
  const text = (name: OptionName): string | null => {
    const value = values[name];
    if (value === '')
      throw new UsageError(`--${name} needs a value: --${name} ${HISTORY_OPTIONS[name].value}`);
    return typeof value === 'string' ? value : null;
  };
  return {
    casePattern: text('case'),
    metricPattern: text('metric'),
    last: wholeNumber(text('last')) ?? LAST_DEFAULT,
    json: values.json === true,
    check: values.check === true,
    file: text('file'),
  };
}

function wholeNumber(text: string | null): number | null {
  if (text === null) return null;
  const value = /^\d{1,6}$/.test(text) ? Number(text) : 0;
  if (value >= 1 && value <= POINTS_MAX) return value;
  throw new UsageError(`--last is a whole number from 1 to ${POINTS_MAX}; got "${text}"`);
}

export function historyHelp(): string {
  const options = Object.entries(HISTORY_OPTIONS).map(([name, { value, help }]) => {
    const option = value === '' ? `--${name}` : `--${name} ${value}`;
    return `  ${option.padEnd(16)} ${help}`;
  });
  return `Shows what the gates of this machine measured over time: each case and metric as a row of bars, its newest values, and since
which commit it is faster or slower.

  npm run history                              everything
  npm run history -- --metric 'throughput*'    one metric
  npm run history -- --file ci.ndjson --json   a history from elsewhere, for a program

Steps are sought within the values of one kind of machine: another machine is no change of the code, and is marked.
Promotions of baselines and accepted regressions come from ci/baselines/history.ndjson (MSGTRANS_BASELINES_DIR moves it).

Options (behind "--", or npm keeps them for itself):
${options.join('\n')}

Every gate that comes to a verdict adds its lines to runs/history.ndjson (MSGTRANS_RUNS_DIR moves runs/). NO_COLOR is heeded.

Exit codes: 0 shown · 1 the history is damaged · 2 usage · 4 with --check, the gate fails on main
`;
}
