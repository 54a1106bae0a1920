import { UsageError } from './usage-error.js';

/**
 * Names of stored baselines. A name becomes a folder beside the history of promotions, so it may neither lead out of
 * there nor look like a file of that folder.
 */
const BASELINE_NAME = /^[a-z0-9][a-z0-9._-]{0,63}$/i;
const LOOKS_LIKE_A_FILE = /\.(json|ndjson|tmp|lock)$/i;

/** Beside the baselines lie counts of instructions, which are of no run. */
export const INSTRUCTIONS_FOLDER = 'instructions';

/** What a refusal says. */
export const BASELINE_NAME_RULE =
  'a name of letters, digits, ".", "_" and "-", beginning with a letter or digit, at most 64, not ending like a file, and not "instructions"';

export function isBaselineName(text: string): boolean {
  return (
    BASELINE_NAME.test(text) &&
    !text.includes('..') &&
    !LOOKS_LIKE_A_FILE.test(text) &&
    text.toLowerCase() !== INSTRUCTIONS_FOLDER
  );
}

/** The value of an option that names a baseline; null where it was not given. @throws UsageError */
export function baselineOption(option: string, text: string | null): string | null {
  if (text === null || isBaselineName(text)) return text;
  throw new UsageError(`--${option} is ${BASELINE_NAME_RULE}; got "${text}"`);
}
