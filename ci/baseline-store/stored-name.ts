import { z } from 'zod';
import { HYPHENATED_WORDS, SCENARIO_NAME } from '../../scenarios/harness/scenario-schema.js';

/**
 * What a stored baseline is of, as run records name it: a scenario by its name, a suite as `suite:<name>`. Its file is
 * `<scenario>.json` or `suite-<name>.json`; no scenario may have a name that begins like that.
 */

const SUITE = 'suite:';
const SUITE_FILE = 'suite-';
const ENDING = '.json';

/** The name becomes a file. */
export const storedName = z.string().max(64).refine(isNameOfKind, 'no name of a scenario or suite');

function isNameOfKind(name: string): boolean {
  const suite = suiteOf(name);
  return suite === null ? SCENARIO_NAME.test(name) : HYPHENATED_WORDS.test(suite);
}

/** The suite's own name; null for a scenario. */
export function suiteOf(name: string): string | null {
  return name.startsWith(SUITE) ? name.slice(SUITE.length) : null;
}

export function storedFile(name: string): string {
  const suite = suiteOf(name);
  return `${suite === null ? name : SUITE_FILE + suite}${ENDING}`;
}

/** The other way round; null for what is no baseline's file. */
export function nameOfFile(file: string): string | null {
  if (!file.endsWith(ENDING)) return null;
  const stem = file.slice(0, -ENDING.length);
  const name = stem.startsWith(SUITE_FILE) ? SUITE + stem.slice(SUITE_FILE.length) : stem;
  return storedName.safeParse(name).success && storedFile(name) === file ? name : null;
}

/** Words for messages. */
export interface KindWords {
  kind: string;
  /** What its hash is of. */
  source: string;
  /** The command that measures it; its options come behind ` -- `. */
  command: string;
  /** That command's option for the number of rounds. */
  roundsOption: string;
}

export function wordsOf(name: string): KindWords {
  const suite = suiteOf(name);
  return suite === null
    ? {
        ...{ kind: 'scenario', source: 'scenario file', roundsOption: '--repeat' },
        command: `npm run scenario ${name}`,
      }
    : {
        ...{ kind: 'suite', source: 'suite source', roundsOption: '--rounds' },
        command: `npm run suite ${suite}`,
      };
}
