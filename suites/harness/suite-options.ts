import { parseArgs } from 'node:util';
import { baselineOption } from '../../scenarios/harness/baseline-name.js';
import { didYouMean } from '../../scenarios/harness/suggest.js';
import { UsageError } from '../../scenarios/harness/usage-error.js';

/** What the command line asked for. */
export interface SuiteOptions {
  quick: boolean;
  strict: boolean;
  arms: readonly string[] | null;
  casePattern: string | null;
  rounds: number | null;
  seed: number;
  json: string | null;
  html: string | null;
  saveBaseline: string | null;
  baseline: string | null;
  progress: boolean;
}

export type SuiteCommandLine =
  | { mode: 'help' }
  | { mode: 'list' }
  | { mode: 'run'; suites: readonly string[]; options: SuiteOptions };

/** Every option: its type, the word its value is shown as, and its line in the help. */
export const SUITE_OPTIONS = {
  list: { type: 'boolean', value: '', help: 'list the suites and their cases' },
  help: { type: 'boolean', value: '', help: 'this text' },
  quick: { type: 'boolean', value: '', help: '5 short rounds; checks results, judges no numbers' },
  strict: { type: 'boolean', value: '', help: 'a missed number fails the run (exit 6)' },
  arm: { type: 'string', value: 'a,b', help: 'only these arms' },
  case: { type: 'string', value: 'GLOB', help: "only the cases that match, for instance 'read/*'" },
  rounds: { type: 'string', value: 'N', help: 'rounds (default 10); below 5 there are no intervals' },
  seed: { type: 'string', value: 'N', help: 'seed of all random orders (default: from the clock)' },
  json: { type: 'string', value: 'FILE', help: 'a further copy of the run record; one suite only' },
  html: { type: 'string', value: 'FILE', help: 'a further copy of the report; one suite only' },
  'save-baseline': { type: 'string', value: 'NAME', help: 'add each run to the stored baseline' },
  baseline: {
    type: 'string',
    value: 'NAME',
    help: 'compare with the stored baseline (exit 3: slower, 5: missing or foreign)',
  },
  'no-progress': { type: 'boolean', value: '', help: 'no progress on standard error' },
} as const satisfies Record<string, { type: 'boolean' | 'string'; value: string; help: string }>;

type OptionName = keyof typeof SUITE_OPTIONS;

/** Throws `UsageError`. `known` are the suites there are; without a name all of them run. */
export function parseSuiteCommandLine(
  args: readonly string[],
  known: readonly string[],
  clockSeed: number,
): SuiteCommandLine {
  const { values, positionals } = split(args);
  if (values.help === true) return { mode: 'help' };
  if (values.list === true) return { mode: 'list' };
  for (const name of positionals) {
    if (known.includes(name)) continue;
    throw new UsageError(
      `no suite is named "${name}"${didYouMean(name, known)}\nThe suites: ${known.join(', ')}`,
    );
  }
  const text = (name: OptionName): string | null => {
    const value = values[name];
    if (value === '') throw new UsageError(`--${name} needs a value: --${name} ${SUITE_OPTIONS[name].value}`);
    return typeof value === 'string' ? value : null;
  };
  const suites = positionals.length === 0 ? [...known] : [...new Set(positionals)];
  for (const name of ['json', 'html'] as const) {
    if (text(name) === null || suites.length === 1) continue;
    throw new UsageError(
      `--${name} ${text(name)} is one file, and ${suites.length} suites would write it; name one: npm run suite ${suites[0]} -- --${name} ${text(name)}`,
    );
  }
  const options: SuiteOptions = {
    quick: values.quick === true,
    strict: values.strict === true,
    arms: armList(text('arm')),
    casePattern: text('case'),
    rounds: wholeNumber('rounds', text('rounds'), 1, 1_000),
    seed: wholeNumber('seed', text('seed'), 0, 2 ** 32 - 1) ?? clockSeed >>> 0,
    json: text('json'),
    html: text('html'),
    saveBaseline: baselineOption('save-baseline', text('save-baseline')),
    baseline: baselineOption('baseline', text('baseline')),
    progress: values['no-progress'] !== true,
  };
  return { mode: 'run', suites, options };
}

function split(args: readonly string[]): { values: Record<string, unknown>; positionals: string[] } {
  const config = Object.fromEntries(
    Object.entries(SUITE_OPTIONS).map(([name, { type }]) => [name, { type }]),
  );
  try {
    const { values, positionals } = parseArgs({ args: [...args], options: config, allowPositionals: true });
    return { values: values as Record<string, unknown>, positionals };
  } catch (error) {
    const unknown = /^Unknown option '(-*)([^']*)'/.exec((error as Error).message);
    if (unknown === null) throw new UsageError((error as Error).message);
    const [, dashes, name] = unknown;
    const suggestion = didYouMean(name, Object.keys(SUITE_OPTIONS));
    throw new UsageError(
      `unknown option ${dashes}${name}${suggestion}\n"npm run suite -- --help" lists the options`,
    );
  }
}

function armList(text: string | null): string[] | null {
  if (text === null) return null;
  const arms = [...new Set(text.split(',').map((arm) => arm.trim()))].filter((arm) => arm !== '');
  if (arms.length === 0) throw new UsageError('--arm needs at least one arm: --arm native,baseline');
  return arms;
}

function wholeNumber(name: string, text: string | null, min: number, max: number): number | null {
  if (text === null) return null;
  const value = /^\d{1,15}$/.test(text) ? Number(text) : Number.NaN;
  if (value >= min && value <= max) return value;
  throw new UsageError(`--${name} is a whole number from ${min} to ${max}; got "${text}"`);
}

export function suiteHelp(): string {
  const options = Object.entries(SUITE_OPTIONS).map(([name, { value, help }]) => {
    const option = value === '' ? `--${name}` : `--${name} ${value}`;
    return `  ${option.padEnd(20)} ${help}`;
  });
  return `Measures one part of the engine at a time, next to what else could do its work.

  npm run suite                      all suites
  npm run suite NAME...              these
  npm run suite -- --list            the suites and their cases

Options (behind "--", or npm keeps them for itself):
${options.join('\n')}

Rivals are compiled in when their Debian packages are installed (libtbb-dev, libcuckoo-dev, liburcu-dev); a rival that
is absent is named and left out. Record (JSON) and report (HTML) go to runs/<UTC>-suite-<name>-<seed>/.

Exit codes: 0 pass · 1 error · 2 usage · 3 slower than the stored baseline · 5 baseline missing or incompatible ·
6 a check failed (a wrong result; with --strict missed numbers) · 130 interrupted

Examples:
  npm run suite session-directory -- --quick
  npm run suite event-queue -- --save-baseline main
  npm run suite lock-free-map -- --case '*threads=2*' --arm native,rival:tbb --seed 7
`;
}
