import { type ParseArgsConfig, parseArgs } from 'node:util';
import { BASELINE_NAME_RULE, isBaselineName } from '../../scenarios/harness/baseline-name.js';
import { didYouMean } from '../../scenarios/harness/suggest.js';
import { UsageError } from '../../scenarios/harness/usage-error.js';
import { REASON_LENGTH_MAX } from '../baseline-store/promotion-history.js';

export interface SubcommandArguments {
  values: Record<string, string | boolean | undefined>;
  positionals: string[];
}

/**
 * `util.parseArgs` whose refusals are usage errors of ours.
 *
 * @param words how many words the subcommand takes: [at least, at most]
 * @throws UsageError
 */
export function subcommandArguments(
  subcommand: string,
  args: readonly string[],
  [least, most]: readonly [number, number],
  options: NonNullable<ParseArgsConfig['options']> = {},
): SubcommandArguments {
  let parsed: SubcommandArguments;
  try {
    const { values, positionals } = parseArgs({ args: [...args], options, allowPositionals: true });
    parsed = { values: values as SubcommandArguments['values'], positionals };
  } catch (error) {
    const unknown = /^Unknown option '(-*)([^']*)'/.exec((error as Error).message);
    if (unknown === null) throw new UsageError((error as Error).message);
    const [, dashes, name] = unknown;
    throw new UsageError(
      `${subcommand} has no option ${dashes}${name}${didYouMean(name, Object.keys(options))}`,
    );
  }
  const { positionals } = parsed;
  if (positionals.length < least) throw new UsageError(`${subcommand} of which baseline? Give its NAME`);
  if (positionals.length > most) {
    throw new UsageError(
      `${subcommand} takes ${most === 0 ? 'no words' : `at most ${most}`}; got ${positionals.map((word) => `"${word}"`).join(' ')}`,
    );
  }
  return parsed;
}

export function baselineName(text: string): string {
  if (isBaselineName(text)) return text;
  throw new UsageError(`${JSON.stringify(text)} cannot name a baseline: it takes ${BASELINE_NAME_RULE}`);
}

/** One line of text: it becomes part of a line, and is shown on terminals. Null where the option was not given. */
export function reasonOf(option: string, value: string | boolean | undefined): string | null {
  if (value === undefined) return null;
  const reason = String(value).trim();
  if (reason !== '' && reason.length <= REASON_LENGTH_MAX && !/\p{Cc}/u.test(reason)) return reason;
  throw new UsageError(
    `--${option} takes a reason of 1 to ${REASON_LENGTH_MAX} characters on one line; got ${JSON.stringify(value).slice(0, 100)}`,
  );
}
