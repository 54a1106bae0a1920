import { parseArgs } from 'node:util';
import { didYouMean } from '../../../scenarios/harness/suggest.js';
import { UsageError } from '../../../scenarios/harness/usage-error.js';
import {
  INJECTED_KINDS,
  type InjectedKind,
  type SeriesName,
  STRESS_KINDS,
  type StressKind,
} from './selftest-kinds.js';

/** What `gate -- selftest` was asked for: to measure into a bank, or to say what banks show. */
export type SelftestOptions = MeasureOptions | ReportOptions;

export interface MeasureOptions {
  action: 'measure';
  series: SeriesName;
  bank: string;
  resume: boolean;
  invocations: number;
  /** Units of injected work; null to find them. */
  amount: number | null;
  budgetMinutes: number | null;
  seed: number;
  progress: boolean;
}

export interface ReportOptions {
  action: 'report';
  /** None: those in the folder of the evidence. */
  banks: string[];
  evidence: string | null;
  check: boolean;
}

/** Every option: its type, the word its value is shown as, and its line in the help. */
export const SELFTEST_OPTIONS = {
  aa: { type: 'string', value: 'N', help: 'measure N invocations of this build against itself' },
  inject: {
    type: 'string',
    value: 'PERCENT',
    help: 'against itself with work put in that slows it by so much',
  },
  kind: { type: 'string', value: 'KIND', help: `the work of --inject: ${INJECTED_KINDS.join(', ')}` },
  neutral: {
    type: 'string',
    value: 'N',
    help: 'N invocations against builds that only lie otherwise in memory',
  },
  stress: {
    type: 'string',
    value: 'KIND',
    help: `against itself on a disturbed machine: ${STRESS_KINDS.join(', ')}`,
  },
  invocations: { type: 'string', value: 'N', help: 'how many for --inject and --stress (default 72)' },
  bank: {
    type: 'string',
    value: 'FILE',
    help: 'where the invocations go; with --report what is read, also several',
  },
  resume: { type: 'boolean', value: '', help: 'append to a bank that is there' },
  amount: {
    type: 'string',
    value: 'UNITS',
    help: 'inject so much per message (wake: per wake-up), not calibrated',
  },
  budget: { type: 'string', value: 'MINUTES', help: 'begin no invocation that would end later' },
  seed: { type: 'string', value: 'N', help: 'seed of all random orders (default: from the clock)' },
  report: { type: 'boolean', value: '', help: 'measure nothing; say what the banks show' },
  evidence: { type: 'string', value: 'DIR', help: 'with --report: write evidence.json and README.md there' },
  check: { type: 'boolean', value: '', help: 'with --evidence: write nothing, exit 1 when they are stale' },
  'no-progress': { type: 'boolean', value: '', help: 'no progress on standard error' },
  help: { type: 'boolean', value: '', help: 'this text' },
} as const satisfies Record<string, { type: 'boolean' | 'string'; value: string; help: string }>;

type OptionName = keyof typeof SELFTEST_OPTIONS;

const INVOCATIONS = 72;
const INVOCATIONS_MAX = 100_000;
/** Of a thousand per cent a gate has nothing to learn. */
const PERCENT_RANGE = [0.1, 100] as const;

/** Null for help. Throws `UsageError`. `clockSeed` is the seed of a run that names none. */
export function parseSelftestOptions(args: readonly string[], clockSeed: number): SelftestOptions | null {
  const values = split(args);
  if (values.help === true) return null;
  const given = (name: OptionName): boolean => values[name] !== undefined && values[name] !== false;
  const text = (name: Exclude<OptionName, 'bank'>): string | null => {
    const value = values[name];
    if (value === '')
      throw new UsageError(`--${name} needs a value: --${name} ${SELFTEST_OPTIONS[name].value}`);
    return typeof value === 'string' ? value : null;
  };
  const refuse = (names: readonly OptionName[], why: string): void => {
    const stray = names.find(given);
    if (stray !== undefined) throw new UsageError(`--${stray} ${why}`);
  };
  const banks = (values.bank ?? []) as string[];
  if (banks.includes('')) throw new UsageError('--bank needs a value: --bank FILE');
  const modes = (['aa', 'inject', 'neutral', 'stress', 'report'] as const).filter(given);
  if (modes.length !== 1) {
    const got = modes.length === 0 ? 'none was given' : `got --${modes.join(' and --')}`;
    throw new UsageError(
      `selftest takes one of --aa N, --inject PERCENT, --neutral N, --stress KIND and --report; ${got}`,
    );
  }
  const [mode] = modes;
  if (mode === 'report') {
    const measuring = ['kind', 'invocations', 'resume', 'amount', 'budget', 'seed'] as const;
    refuse(measuring, 'is for measuring; --report measures nothing');
    const evidence = text('evidence');
    if (banks.length === 0 && evidence === null) {
      throw new UsageError('--report needs --bank FILE, or --evidence DIR with banks in it (bank-*.ndjson)');
    }
    if (evidence === null) refuse(['check'], 'compares what is in --evidence DIR; name it');
    return { action: 'report', banks, evidence, check: values.check === true };
  }
  refuse(['evidence', 'check'], 'goes with --report');
  if (banks.length !== 1) {
    throw new UsageError(`--${mode} needs one --bank FILE to measure into; got ${banks.length}`);
  }
  if (mode !== 'inject') refuse(['kind', 'amount'], 'goes with --inject');
  if (mode === 'aa' || mode === 'neutral')
    refuse(['invocations'], `is not needed: --${mode} N says how many`);
  const whole = (name: 'aa' | 'neutral' | 'invocations'): number | null =>
    numberIn(name, text(name), [1, INVOCATIONS_MAX], true);
  return {
    action: 'measure',
    series: seriesOf(mode, text),
    bank: banks[0],
    resume: values.resume === true,
    invocations: whole('aa') ?? whole('neutral') ?? whole('invocations') ?? INVOCATIONS,
    amount: numberIn('amount', text('amount'), [0, 1e7]),
    budgetMinutes: numberIn('budget', text('budget'), [0.1, 10_000]),
    seed: numberIn('seed', text('seed'), [0, 2 ** 32 - 1], true) ?? clockSeed >>> 0,
    progress: values['no-progress'] !== true,
  };
}

function seriesOf(
  mode: 'aa' | 'inject' | 'neutral' | 'stress',
  text: (name: Exclude<OptionName, 'bank'>) => string | null,
): SeriesName {
  if (mode === 'aa' || mode === 'neutral') return { kind: mode, percent: null };
  if (mode === 'stress')
    return { kind: oneOf<StressKind>('stress', text('stress'), STRESS_KINDS), percent: null };
  const percent = numberIn('inject', text('inject'), PERCENT_RANGE);
  return { kind: oneOf<InjectedKind>('kind', text('kind'), INJECTED_KINDS), percent };
}

function oneOf<Word extends string>(name: OptionName, text: string | null, words: readonly Word[]): Word {
  const found = words.find((word) => word === text);
  if (found !== undefined) return found;
  const hint = text === null ? '' : `; got "${text}"${didYouMean(text, words)}`;
  throw new UsageError(`--${name} is one of ${words.join(', ')}${hint}`);
}

function split(args: readonly string[]): Record<string, unknown> {
  const config = Object.fromEntries(
    Object.entries(SELFTEST_OPTIONS).map(([name, { type }]) => [name, { type, multiple: name === 'bank' }]),
  );
  try {
    const { values, positionals } = parseArgs({ args: [...args], options: config, allowPositionals: true });
    if (positionals.length === 0) return values;
    throw new UsageError(`selftest takes options alone; got "${positionals.join(' ')}"`);
  } catch (error) {
    const unknown = /^Unknown option '(-*)([^']*)'/.exec((error as Error).message);
    if (unknown === null)
      throw error instanceof UsageError ? error : new UsageError((error as Error).message);
    const [, dashes, name] = unknown;
    const suggestion = didYouMean(name, Object.keys(SELFTEST_OPTIONS));
    throw new UsageError(
      `unknown option ${dashes}${name}${suggestion}\n"npm run gate -- selftest --help" lists the options`,
    );
  }
}

function numberIn(
  name: OptionName,
  text: string | null,
  [min, max]: readonly [number, number],
  whole = false,
): number | null {
  if (text === null) return null;
  const value = (whole ? /^\d{1,10}$/ : /^\d{1,8}(\.\d{1,6})?$/).test(text) ? Number(text) : Number.NaN;
  if (value >= min && value <= max) return value;
  throw new UsageError(`--${name} is a ${whole ? 'whole ' : ''}number from ${min} to ${max}; got "${text}"`);
}

export function selftestHelp(): string {
  const options = Object.entries(SELFTEST_OPTIONS).map(([name, { value, help }]) => {
    const option = value === '' ? `--${name}` : `--${name} ${value}`;
    return `  ${option.padEnd(20)} ${help}`;
  });
  return `Tries the gate on what is known: this build against itself, and against itself made slower on purpose.

  npm run gate -- selftest --aa 600 --bank aa.ndjson                       equal builds
  npm run gate -- selftest --inject 5 --kind spin --invocations 300 --bank spin.ndjson
  npm run gate -- selftest --neutral 150 --bank neutral.ndjson             equal builds, other layout
  npm run gate -- selftest --stress load --bank load.ndjson                equal builds, a neighbour at work
  npm run gate -- selftest --aa 100 --bank aa.ndjson --resume              a hundred more
  npm run gate -- selftest --report --bank aa.ndjson --bank spin.ndjson    what they show
  npm run gate -- selftest --report --evidence ci/gate/evidence            the page of the banks in a folder

Each invocation is on the disk before the next one begins; an interrupt loses the one under way. How much work makes
a slowdown is searched for once for each bank, kind and per cent; what it made in truth is what the report says.

Options (behind "--", or npm keeps them for itself):
${options.join('\n')}

Results go to standard output, progress to standard error.
Exit codes: 0 measured, or the evidence is fresh · 1 error · 2 usage · 130 interrupted
`;
}
