import { promoteBaseline } from '../baseline-store/promote-baseline.js';
import { historyPath } from '../baseline-store/promotion-history.js';
import { baselineName, reasonOf, subcommandArguments } from './arguments.js';
import { ageOf, shortCommit } from './format.js';
import type { BaselineSurroundings } from './surroundings.js';

export const PROMOTE_OPTIONS = { 'accept-regression': { type: 'string', value: 'REASON' } } as const;

/** `promote NAME [--accept-regression REASON]` */
export async function promoteCommand(args: string[], surroundings: BaselineSurroundings): Promise<number> {
  const { values, positionals } = subcommandArguments('promote', args, [1, 1], PROMOTE_OPTIONS);
  const name = baselineName(positionals[0]);
  const acceptRegression = reasonOf('accept-regression', values['accept-regression']);
  const { baselines, now, print } = surroundings;
  const { promotion, written, anchor, comparison } = await promoteBaseline(baselines, name, {
    acceptRegression,
    now,
  });
  const build = `${name} (${shortCommit(promotion.commit)})`;
  if (!written) {
    print(`${build} was promoted already, on ${promotion.at.slice(0, 10)}; nothing changed`);
  } else if (promotion.against === null) {
    print(`${build} is promoted${promotion.acceptedRegression === null ? ': the first one' : ''}`);
  } else {
    const { ratio, name: before } = promotion.against;
    print(
      `${build} is promoted: ${ratio.toFixed(3)}× the anchor ${before}, over ${comparison?.measured.length} metrics`,
    );
  }
  if (written && acceptRegression !== null) {
    print(
      promotion.acceptedRegression === null
        ? 'there was no regression to accept; the reason was not written down'
        : `a regression was accepted: ${acceptRegression}`,
    );
  }
  if (anchor.name !== promotion.name || anchor.commit !== promotion.commit) {
    const age = ageOf(anchor.at, now);
    print(
      `the anchor is still ${anchor.name} (${shortCommit(anchor.commit)}), which is faster and was promoted ${age} ago`,
    );
  }
  if (written) print(`history ${historyPath(baselines)}`);
  return 0;
}
