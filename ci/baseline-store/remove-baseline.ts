import { readdirSync, rmdirSync, unlinkSync } from 'node:fs';
import { join } from 'node:path';
import { BaselineError } from './baseline-error.js';
import { baselinePath } from './baseline-file.js';
import { baselineScenarios, requireBaseline, strays } from './baseline-folder.js';
import { anchorAt, latestPromotion, readHistory } from './promotion-history.js';
import { withStoreLock } from './store-lock.js';

/**
 * Removes a baseline with all its scenarios, damaged ones too. Not the anchor, nor what was promoted last, unless `force`: the
 * next promotion is compared with the ratios of the one, and gates without a base build with those of the other. What is no
 * baseline in that folder is nobody's to remove.
 *
 * @returns the paths that are gone
 * @throws BaselineError `ERR_BASELINE_REFUSED`, `ERR_BASELINE_MISSING`
 */
export function removeBaseline(
  baselines: string,
  name: string,
  { now, force }: { now: Date; force: boolean },
): Promise<string[]> {
  requireBaseline(baselines, name);
  return withStoreLock(baselines, `baseline rm ${name}`, () => {
    const use = force ? null : useOf(baselines, name, now);
    if (use !== null) {
      throw new BaselineError(
        'ERR_BASELINE_REFUSED',
        `${name} ${use}; promote another one first (npm run baseline -- promote NAME), or remove it all the same with --force`,
      );
    }
    const foreign = strays(baselines, name).filter((path) => !path.endsWith('.tmp'));
    if (foreign.length > 0) {
      throw new BaselineError(
        'ERR_BASELINE_REFUSED',
        `${join(baselines, name)} also holds what is no stored baseline (${foreign.join(', ')}); move it away first`,
      );
    }
    const removed = baselineScenarios(baselines, name).map((scenario) =>
      baselinePath(baselines, name, scenario),
    );
    const folder = join(baselines, name);
    for (const entry of readdirSync(folder)) unlinkSync(join(folder, entry));
    rmdirSync(folder);
    return removed;
  });
}

/** What would miss it, in words; null when nothing would. */
function useOf(baselines: string, name: string, now: Date): string | null {
  const history = readHistory(baselines);
  const anchor = anchorAt(history, now);
  if (anchor?.name === name) {
    return `is the anchor since ${anchor.at.slice(0, 10)}, and later builds are compared with its ratios`;
  }
  const latest = latestPromotion(history);
  if (latest?.name !== name) return null;
  return `was promoted last, on ${latest.at.slice(0, 10)}, and a gate without a base build compares with its ratios`;
}
