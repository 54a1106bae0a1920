import { didYouMean } from '../../scenarios/harness/suggest.js';
import { UsageError } from '../../scenarios/harness/usage-error.js';
import { reasonOf, subcommandArguments } from '../baseline-command/arguments.js';
import { GROWTH_LIMIT_PERCENT } from './compare-counts.js';

/** What the command line of `npm run instructions` asked for. */
export interface InstructionOptions {
  save: boolean;
  acceptGrowth: string | null;
  gate: boolean;
  path: string | null;
  json: string | null;
}

/** Every option: its type, the word its value is shown as, and its line in the help. */
export const INSTRUCTION_OPTIONS = {
  path: { type: 'string', value: 'NAME', help: 'only this path' },
  save: { type: 'boolean', value: '', help: 'store the counts for this toolchain' },
  'accept-growth': {
    type: 'string',
    value: 'REASON',
    help: `with --save: why a count may be more than ${GROWTH_LIMIT_PERCENT} % above what is stored`,
  },
  gate: { type: 'boolean', value: '', help: 'exit 3 where a count grew, 5 where none are stored' },
  json: { type: 'string', value: 'FILE', help: 'the counts and what was compared' },
  help: { type: 'boolean', value: '', help: 'this text' },
} as const satisfies Record<string, { type: 'boolean' | 'string'; value: string; help: string }>;

/** Null for help. @throws UsageError */
export function parseInstructionOptions(args: readonly string[]): InstructionOptions | null {
  const config = Object.fromEntries(
    Object.entries(INSTRUCTION_OPTIONS).map(([name, { type }]) => [name, { type }]),
  );
  const { values } = subcommandArguments('npm run instructions', args, [0, 0], config);
  if (values.help === true) return null;
  const text = (name: keyof typeof INSTRUCTION_OPTIONS): string | null => {
    const value = values[name];
    if (typeof value !== 'string') return null;
    if (value.trim() !== '') return value.trim();
    throw new UsageError(`--${name} needs a value: --${name} ${INSTRUCTION_OPTIONS[name].value}`);
  };
  const options: InstructionOptions = {
    save: values.save === true,
    acceptGrowth: reasonOf('accept-growth', values['accept-growth']),
    gate: values.gate === true,
    path: text('path'),
    json: text('json'),
  };
  if (options.acceptGrowth !== null && !options.save) {
    throw new UsageError('--accept-growth is the reason of a --save; give both');
  }
  if (options.save && options.gate) {
    throw new UsageError('--save changes what --gate compares with; run one after the other');
  }
  return options;
}

/** The paths to count. @throws UsageError for a name that the program does not know */
export function chosenPaths(all: readonly string[], path: string | null): readonly string[] {
  if (path === null) return all;
  if (all.includes(path)) return [path];
  throw new UsageError(`there is no path "${path}"${didYouMean(path, all)}\nThere are: ${all.join(', ')}`);
}

export function instructionsHelp(): string {
  const options = Object.entries(INSTRUCTION_OPTIONS).map(([name, { value, help }]) => {
    const option = value === '' ? `--${name}` : `--${name} ${value}`;
    return `  ${option.padEnd(24)} ${help}`;
  });
  return `Counts the instructions of the engine's hot paths under callgrind, and compares them with those stored for this toolchain.

  npm run instructions                                 all paths
  npm run instructions -- --path map-get               one of them
  npm run instructions -- --save                       store them: counts go down, and new ones are added
  npm run instructions -- --save --accept-growth WHY   also up

Options (behind "--", or npm keeps them for itself):
${options.join('\n')}

Profiles stay in runs/instructions/<path>.callgrind, for callgrind_annotate; MSGTRANS_RUNS_DIR moves runs/. The counts are
stored in ci/baselines/instructions/; MSGTRANS_BASELINES_DIR moves ci/baselines/.

Exit codes: 0 counted, whatever grew · 1 error, valgrind not installed · 2 usage · 3 a count grew (--gate), or may not be
saved · 5 none stored for this toolchain (--gate), or damaged · 130 interrupted
`;
}
