import { didYouMean } from '../../scenarios/harness/suggest.js';
import { UsageError } from '../../scenarios/harness/usage-error.js';
import { BaselineError } from '../baseline-store/baseline-error.js';
import { baselineHelp, SUBCOMMAND_HELP, type SubcommandName } from './help.js';
import { listCommand } from './list.js';
import { PROMOTE_OPTIONS, promoteCommand } from './promote.js';
import { RM_OPTIONS, rmCommand } from './rm.js';
import { saveCommand } from './save.js';
import { showCommand } from './show.js';
import type { BaselineSurroundings } from './surroundings.js';
import { verifyCommand } from './verify.js';

type Subcommand = (args: string[], surroundings: BaselineSurroundings) => Promise<number>;

const SUBCOMMANDS: Record<SubcommandName, Subcommand> = {
  save: saveCommand,
  list: listCommand,
  show: showCommand,
  promote: promoteCommand,
  rm: rmCommand,
  verify: verifyCommand,
};

/** Runs the command line after `npm run baseline --`. @returns the exit code */
export async function baselineCommand(
  args: readonly string[],
  surroundings: BaselineSurroundings,
): Promise<number> {
  try {
    refuseSwallowedOptions(args, surroundings.env);
    const [first, ...rest] = args;
    const subcommand = first !== undefined && isSubcommand(first) ? first : null;
    if (args.includes('--help') || args.includes('-h')) {
      surroundings.print(baselineHelp(subcommand));
      return 0;
    }
    if (subcommand !== null) return await SUBCOMMANDS[subcommand](rest, surroundings);
    const names = Object.keys(SUBCOMMAND_HELP);
    const problem =
      first === undefined ? 'what is to be done?' : `there is no "${first}"${didYouMean(first, names)}`;
    throw new UsageError(`${problem} Subcommands: ${names.join(', ')}`);
  } catch (error) {
    const { complain } = surroundings;
    if (error instanceof UsageError) {
      complain(`${error.message}\nSee: npm run baseline -- --help`);
      return 2;
    }
    complain(error instanceof Error ? error.message : String(error));
    return error instanceof BaselineError ? error.exitCode : 1;
  }
}

function isSubcommand(word: string): word is SubcommandName {
  return Object.hasOwn(SUBCOMMANDS, word);
}

/** npm takes options that stand before `--` for its own and passes on only the words. */
function refuseSwallowedOptions(
  args: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
): void {
  if (env.npm_lifecycle_event !== 'baseline') return;
  const swallowed = Object.entries({ ...PROMOTE_OPTIONS, ...RM_OPTIONS }).filter(
    ([option]) => env[`npm_config_${option.replaceAll('-', '_')}`] !== undefined,
  );
  if (swallowed.length === 0) return;
  const options = swallowed.map(([option, { value }]) =>
    value === '' ? `--${option}` : `--${option} ${value}`,
  );
  throw new UsageError(
    `npm kept options for itself; put them behind "--":\n  npm run baseline -- ${[...args, ...options].join(' ')}`,
  );
}
