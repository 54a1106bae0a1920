import { parseArgs } from 'node:util';
import { PROFILE_TOOLS, type ProfileTool } from '../profiling/profile-tools.js';
import { baselineOption } from './baseline-name.js';
import { didYouMean } from './suggest.js';
import { UsageError } from './usage-error.js';

/** What the command line asked for. */
export interface RunOptions {
  quick: boolean;
  strict: boolean;
  arms: readonly string[] | null;
  casePattern: string | null;
  set: readonly (readonly [key: string, value: string])[];
  durationMs: number | null;
  repeat: number | null;
  seed: number;
  json: string | null;
  html: string | null;
  saveBaseline: string | null;
  baseline: string | null;
  keep: number | null;
  profile: ProfileTool | null;
  progress: boolean;
  /** The options of the kind soak; of other kinds they are refused. */
  soak: SoakOptions;
}

export interface SoakOptions {
  /** Seconds between checkpoints, instead of the scenario's. */
  checkpointSeconds: number | null;
  /** Name of a run's folder, `latest` for the newest; null starts a new run. */
  resume: string | null;
  /** The leak that is planted, to see it found. */
  plant: string | null;
}

export type CommandLine =
  | { mode: 'help' }
  | { mode: 'list' }
  | { mode: 'run'; scenario: string; options: RunOptions };

/** Every option: its type, the word its value is shown as, and its line in the help. */
export const OPTIONS = {
  list: { type: 'boolean', value: '', help: 'list the scenarios with a line each' },
  help: { type: 'boolean', value: '', help: 'this text' },
  quick: {
    type: 'boolean',
    value: '',
    help: '5 rounds of 0.5 s per case and arm; checks correctness, judges no numbers',
  },
  strict: { type: 'boolean', value: '', help: 'a missed number fails the run (exit 6)' },
  arm: { type: 'string', value: 'a,b', help: 'only these arms' },
  case: { type: 'string', value: 'GLOB', help: "only the cases that match, for instance 'tcp/depth=*'" },
  set: {
    type: 'string',
    value: 'key=value',
    help: 'change a parameter in every chosen case; may be repeated',
  },
  duration: {
    type: 'string',
    value: 'TIME',
    help: 'time per case, arm and round: 2s, 500ms (default 2s); of a soak the whole run: 2h, 24h',
  },
  repeat: { type: 'string', value: 'N', help: 'rounds (default 10); below 5 there are no intervals' },
  seed: { type: 'string', value: 'N', help: 'seed of all random orders (default: from the clock)' },
  json: { type: 'string', value: 'FILE', help: 'a further copy of the run record' },
  html: { type: 'string', value: 'FILE', help: 'a further copy of the report' },
  'save-baseline': { type: 'string', value: 'NAME', help: 'add this run to the stored baseline' },
  baseline: {
    type: 'string',
    value: 'NAME',
    help: 'compare with the stored baseline (exit 3: slower, 5: missing or foreign)',
  },
  keep: { type: 'string', value: 'N', help: 'keep the newest N run folders, remove older ones' },
  resume: {
    type: 'string',
    value: '[RUN]',
    help: 'soak: go on with a run that was interrupted or killed, from its last checkpoint',
  },
  checkpoint: { type: 'string', value: 'TIME', help: 'soak: time between checkpoints (default 60s)' },
  plant: { type: 'string', value: 'js|native|slice', help: 'soak: leak 1 KB/s on purpose, to see it found' },
  profile: {
    type: 'string',
    value: PROFILE_TOOLS.join('|'),
    help: 'run one arm (--arm, default native) in one case under this profiler of clinic; judges nothing',
  },
  'no-progress': { type: 'boolean', value: '', help: 'no progress on standard error' },
} as const satisfies Record<string, { type: 'boolean' | 'string'; value: string; help: string }>;

export type OptionName = keyof typeof OPTIONS;

/** What `--plant` knows. */
export const PLANT_NAMES = ['js', 'native', 'slice'] as const;
export type PlantName = (typeof PLANT_NAMES)[number];

/** Throws `UsageError`. `clockSeed` is the seed of a run that names none. */
export function parseCommandLine(args: readonly string[], clockSeed: number): CommandLine {
  const { values, positionals } = split(args);
  if (values.help === true) return { mode: 'help' };
  if (values.list === true) return { mode: 'list' };
  if (positionals.length === 0) {
    throw new UsageError('which scenario? "npm run scenario -- --list" lists them');
  }
  if (positionals.length > 1) {
    throw new UsageError(
      `one scenario at a time; got ${positionals.map((word) => `"${word}"`).join(' and ')}. ` +
        'Options stand behind "--": npm run scenario NAME -- --quick',
    );
  }
  const text = (name: OptionName): string | null => {
    const value = values[name];
    if (value === '') throw new UsageError(`--${name} needs a value: --${name} ${OPTIONS[name].value}`);
    return typeof value === 'string' ? value : null;
  };
  const options: RunOptions = {
    quick: values.quick === true,
    strict: values.strict === true,
    arms: armList(text('arm')),
    casePattern: text('case'),
    set: ((values.set as string[] | undefined) ?? []).map(setting),
    durationMs: duration('duration', text('duration')),
    repeat: wholeNumber('repeat', text('repeat'), 1, 1_000),
    seed: wholeNumber('seed', text('seed'), 0, 2 ** 32 - 1) ?? clockSeed >>> 0,
    json: text('json'),
    html: text('html'),
    saveBaseline: baselineOption('save-baseline', text('save-baseline')),
    baseline: baselineOption('baseline', text('baseline')),
    keep: wholeNumber('keep', text('keep'), 1, 1_000_000),
    profile: profileTool(text('profile')),
    progress: values['no-progress'] !== true,
    soak: soakOptions(text),
  };
  checkProfile(options);
  return { mode: 'run', scenario: positionals[0], options };
}

const CHECKPOINT_MS_MIN = 1_000;

function soakOptions(text: (name: OptionName) => string | null): SoakOptions {
  const checkpointMs = duration('checkpoint', text('checkpoint'));
  if (checkpointMs !== null && checkpointMs < CHECKPOINT_MS_MIN) {
    throw new UsageError(`--checkpoint is a time from 1s on; got "${text('checkpoint')}"`);
  }
  const plant = text('plant');
  if (plant !== null && !PLANT_NAMES.some((name) => name === plant)) {
    throw new UsageError(`--plant is one of ${PLANT_NAMES.join(', ')}; got "${plant}"`);
  }
  return {
    checkpointSeconds: checkpointMs === null ? null : checkpointMs / 1_000,
    resume: text('resume'),
    plant,
  };
}

/** `--resume` alone means the newest run. */
function withResumed(args: readonly string[]): string[] {
  return args.map((word, index) => {
    if (word !== '--resume') return word;
    const next = args[index + 1];
    return next === undefined || next.startsWith('-') ? '--resume=latest' : word;
  });
}

function split(args: readonly string[]): { values: Record<string, unknown>; positionals: string[] } {
  const config = Object.fromEntries(
    Object.entries(OPTIONS).map(([name, { type }]) => [name, { type, multiple: name === 'set' }]),
  );
  try {
    const { values, positionals } = parseArgs({
      args: withResumed(args),
      options: config,
      allowPositionals: true,
    });
    return { values: values as Record<string, unknown>, positionals };
  } catch (error) {
    const unknown = /^Unknown option '(-*)([^']*)'/.exec((error as Error).message);
    if (unknown === null) throw new UsageError((error as Error).message);
    const [, dashes, name] = unknown;
    const suggestion = didYouMean(name, Object.keys(OPTIONS));
    throw new UsageError(
      `unknown option ${dashes}${name}${suggestion}\n"npm run scenario -- --help" lists the options`,
    );
  }
}

function profileTool(text: string | null): ProfileTool | null {
  const tool = PROFILE_TOOLS.find((each) => each === text) ?? null;
  if (text === null || tool !== null) return tool;
  throw new UsageError(
    `--profile is one of ${PROFILE_TOOLS.join(', ')}; got "${text}"${didYouMean(text, PROFILE_TOOLS)}`,
  );
}

/** A profiler slows down what it looks at: nothing of such a run may be taken for a number. */
function checkProfile({ profile, arms, baseline, saveBaseline, strict }: RunOptions): void {
  if (profile === null) return;
  if (arms !== null && arms.length > 1) {
    throw new UsageError(`--profile looks at one arm at a time; got ${arms.join(', ')}`);
  }
  if (baseline !== null || saveBaseline !== null || strict) {
    throw new UsageError(
      '--profile judges and stores no numbers: leave --baseline, --save-baseline and --strict out',
    );
  }
}

function armList(text: string | null): string[] | null {
  if (text === null) return null;
  const arms = [...new Set(text.split(',').map((arm) => arm.trim()))].filter((arm) => arm !== '');
  if (arms.length === 0) throw new UsageError('--arm needs at least one arm: --arm native,baseline');
  return arms;
}

function setting(text: string): [string, string] {
  const equals = text.indexOf('=');
  if (equals < 1) throw new UsageError(`--set takes key=value; got "${text}". For instance: --set depth=4`);
  return [text.slice(0, equals), text.slice(equals + 1)];
}

const DURATION_MS_MIN = 100;
const DURATION_MS_MAX = 90 * 24 * 3_600_000;

function duration(option: OptionName, text: string | null): number | null {
  if (text === null) return null;
  const match = /^(\d+(?:\.\d+)?)(ms|s|m|h)?$/.exec(text);
  const factors: Record<string, number> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 };
  const milliseconds = match === null ? Number.NaN : Number(match[1]) * factors[match[2] ?? 's'];
  if (milliseconds >= DURATION_MS_MIN && milliseconds <= DURATION_MS_MAX) return milliseconds;
  throw new UsageError(`--${option} is a time from 100ms on, for instance 500ms, 2s or 24h; got "${text}"`);
}

function wholeNumber(name: string, text: string | null, min: number, max: number): number | null {
  if (text === null) return null;
  const value = /^\d{1,15}$/.test(text) ? Number(text) : Number.NaN;
  if (value >= min && value <= max) return value;
  throw new UsageError(`--${name} is a whole number from ${min} to ${max}; got "${text}"`);
}
