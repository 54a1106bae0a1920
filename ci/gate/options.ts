import { parseArgs } from 'node:util';
import { didYouMean } from '../../scenarios/harness/suggest.js';
import { UsageError } from '../../scenarios/harness/usage-error.js';
import { GROWTH_LIMIT_PERCENT } from '../instructions/compare-counts.js';
import { DEFAULT_LIMIT_PERCENT } from './statistics/gate-plan.js';

/** What the command line of the gate asked for. */
export interface GateOptions {
  base: string | null;
  anchor: boolean;
  casePattern: string | null;
  metricPattern: string | null;
  limitPercent: number;
  budgetMinutes: number | null;
  instructions: boolean;
  allowInconclusive: boolean;
  measureIdentical: boolean;
  seed: number;
  json: string | null;
  junit: string | null;
  markdown: string | null;
  html: string | null;
  progress: boolean;
}

/** Every option: its type, the word its value is shown as, and its line in the help. */
export const GATE_OPTIONS = {
  base: { type: 'string', value: 'REF', help: 'compare with this commit, branch or tag' },
  anchor: {
    type: 'boolean',
    value: '',
    help: 'compare with the anchor, not the last change: the promoted one, else the last release (tag v*)',
  },
  case: { type: 'string', value: 'GLOB', help: "only these gated cases, for instance 'tcp/load=open*'" },
  metric: { type: 'string', value: 'GLOB', help: "only these metrics, for instance 'cpu_ns_per_op'" },
  limit: {
    type: 'string',
    value: 'PERCENT',
    help: `slowdown that fails (default ${DEFAULT_LIMIT_PERCENT}); from 1 to 50`,
  },
  budget: {
    type: 'string',
    value: 'MINUTES',
    help: 'end an undecided gate as inconclusive after so long of measuring',
  },
  instructions: {
    type: 'boolean',
    value: '',
    help: `also count instructions under valgrind; more than ${GROWTH_LIMIT_PERCENT} % above the base's counts fail`,
  },
  'allow-inconclusive': { type: 'boolean', value: '', help: 'exit 0 instead of 4, and of nothing else' },
  'measure-identical': {
    type: 'boolean',
    value: '',
    help: 'measure also where candidate and base serve the same files; else that passes',
  },
  seed: { type: 'string', value: 'N', help: 'seed of all random orders (default: from the clock)' },
  json: { type: 'string', value: 'FILE', help: 'a further copy of the verdict' },
  junit: { type: 'string', value: 'FILE', help: 'the verdict as JUnit XML' },
  markdown: {
    type: 'string',
    value: 'FILE',
    help: 'a summary in Markdown; empty when there is nothing to say',
  },
  html: {
    type: 'string',
    value: 'FILE',
    help: "a further copy of the page, report.html in the run's folder",
  },
  'no-progress': { type: 'boolean', value: '', help: 'no progress on standard error' },
  help: { type: 'boolean', value: '', help: 'this text' },
} as const satisfies Record<string, { type: 'boolean' | 'string'; value: string; help: string }>;

type OptionName = keyof typeof GATE_OPTIONS;

/** Null for help. Throws `UsageError`. `clockSeed` is the seed of a gate that names none. */
export function parseGateOptions(args: readonly string[], clockSeed: number): GateOptions | null {
  const { values, positionals } = split(args);
  if (values.help === true) return null;
  if (positionals.length > 0) {
    throw new UsageError(
      `the gate takes options alone; got "${positionals.join(' ')}". ` +
        'They stand behind "--": npm run gate -- --base main',
    );
  }
  const text = (name: OptionName): string | null => {
    const value = values[name];
    if (value === '') throw new UsageError(`--${name} needs a value: --${name} ${GATE_OPTIONS[name].value}`);
    return typeof value === 'string' ? value : null;
  };
  const options: GateOptions = {
    base: text('base'),
    anchor: values.anchor === true,
    casePattern: text('case'),
    metricPattern: text('metric'),
    limitPercent: numberIn('limit', text('limit'), [1, 50]) ?? DEFAULT_LIMIT_PERCENT,
    budgetMinutes: numberIn('budget', text('budget'), [0.1, 10_000]),
    instructions: values.instructions === true,
    allowInconclusive: values['allow-inconclusive'] === true,
    measureIdentical: values['measure-identical'] === true,
    seed: wholeSeed(text('seed')) ?? clockSeed >>> 0,
    json: text('json'),
    junit: text('junit'),
    markdown: text('markdown'),
    html: text('html'),
    progress: values['no-progress'] !== true,
  };
  if (options.anchor && options.base !== null) {
    throw new UsageError('--anchor and --base both name what to compare with; leave one of them out');
  }
  return options;
}

function split(args: readonly string[]): { values: Record<string, unknown>; positionals: string[] } {
  const config = Object.fromEntries(Object.entries(GATE_OPTIONS).map(([name, { type }]) => [name, { type }]));
  try {
    const { values, positionals } = parseArgs({ args: [...args], options: config, allowPositionals: true });
    return { values: values as Record<string, unknown>, positionals };
  } catch (error) {
    const unknown = /^Unknown option '(-*)([^']*)'/.exec((error as Error).message);
    if (unknown === null) throw new UsageError((error as Error).message);
    const [, dashes, name] = unknown;
    const suggestion = didYouMean(name, Object.keys(GATE_OPTIONS));
    throw new UsageError(
      `unknown option ${dashes}${name}${suggestion}\n"npm run gate -- --help" lists the options`,
    );
  }
}

function numberIn(name: OptionName, text: string | null, [min, max]: [number, number]): number | null {
  if (text === null) return null;
  const value = /^\d{1,6}(\.\d{1,6})?$/.test(text) ? Number(text) : Number.NaN;
  if (value >= min && value <= max) return value;
  throw new UsageError(`--${name} is a number from ${min} to ${max}; got "${text}"`);
}

function wholeSeed(text: string | null): number | null {
  if (text === null) return null;
  const value = /^\d{1,10}$/.test(text) ? Number(text) : Number.NaN;
  if (value < 2 ** 32) return value;
  throw new UsageError(`--seed is a whole number from 0 to ${2 ** 32 - 1}; got "${text}"`);
}

export function gateHelp(): string {
  const options = Object.entries(GATE_OPTIONS).map(([name, { value, help }]) => {
    const option = value === '' ? `--${name}` : `--${name} ${value}`;
    return `  ${option.padEnd(22)} ${help}`;
  });
  return `Says whether this checkout is slower than its base: both are built, and measured in turn, until it is clear.

  npm run gate                          against the base of this change
  npm run gate -- --base v1.2.0         against another commit
  npm run gate -- --budget 20           at most twenty minutes
  npm run gate -- --instructions        and counts the instructions of the hot paths
  npm run gate -- selftest --help       try the gate itself on slowdowns that are known

Which base: --base, else the commit promoted last, or where none was that of the stored baseline "main", if it is an
ancestor, else the merge base with main, else, where that is HEAD, the first parent. It is built once, in a cache
(MSGTRANS_GATE_CACHE moves it).

Options (behind "--", or npm keeps them for itself):
${options.join('\n')}

The verdict goes to standard output, progress to standard error. What was measured, the verdict and the page go to
runs/<UTC>-gate-<seed>/ (invocations.ndjson, verdict.json, report.html); runs/latest links the newest; runs/history.ndjson
gets a line for each case and metric, which "npm run history" shows. MSGTRANS_RUNS_DIR moves runs/.

Exit codes: 0 pass · 1 error · 2 usage · 3 regression · 4 inconclusive, or a shallow clone · 5 neither a base that can be
built nor a stored baseline, or no stored counts (--instructions) · 6 a check failed (messages lost, a server that died) · 130 interrupted
`;
}
