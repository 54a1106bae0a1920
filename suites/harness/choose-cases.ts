import { matchesGlob } from '../../scenarios/harness/glob.js';
import { didYouMean } from '../../scenarios/harness/suggest.js';
import { UsageError } from '../../scenarios/harness/usage-error.js';
import type { Suite, SuiteCase } from './suite.js';

/** What of several suites the command line asks for; a pattern or arm that fits nothing at all is a mistake. */
export interface Wanted {
  arms: readonly string[] | null;
  casePattern: string | null;
}

/** The suites with the cases and arms that are wanted; those without any are left out. Throws `UsageError`. */
export function chooseCases(suites: readonly Suite[], wanted: Wanted): Suite[] {
  const cases = suites.flatMap((suite) => suite.cases);
  const { arms, casePattern } = wanted;
  const known = [...new Set(cases.flatMap((each) => each.arms.map((arm) => arm.name)))];
  for (const arm of arms ?? []) {
    if (known.includes(arm)) continue;
    throw new UsageError(
      `--arm: no case has an arm "${arm}"${didYouMean(arm, known)} (there are ${known.join(', ')})`,
    );
  }
  const names = cases.map((each) => each.name);
  if (casePattern !== null && !names.some((name) => matchesGlob(casePattern, name))) {
    throw new UsageError(
      `--case: no case matches "${casePattern}"${didYouMean(casePattern, names)}\nThe cases: ${names.join(' · ')}`,
    );
  }
  const chosen = suites
    .map((suite) => ({ ...suite, cases: suite.cases.flatMap((each) => narrowed(each, wanted)) }))
    .filter((suite) => suite.cases.length > 0);
  if (chosen.length > 0) return chosen;
  throw new UsageError(`no case that matches "${casePattern}" has one of the arms ${arms?.join(', ')}`);
}

function narrowed(body: SuiteCase, { arms, casePattern }: Wanted): SuiteCase[] {
  if (casePattern !== null && !matchesGlob(casePattern, body.name)) return [];
  const left = body.arms.filter((arm) => arms === null || arms.includes(arm.name));
  return left.length === 0 ? [] : [{ ...body, arms: left }];
}
