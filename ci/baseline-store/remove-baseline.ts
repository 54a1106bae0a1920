import { readdirSync, rmdirSync, unlinkSync } from 'node:fs';
import { join } from 'node:path';
import { BaselineError } from './baseline-error.js';
import { baselinePath } from './baseline-file.js';
import { baselineScenarios, requireBaseline, strays } from './baseline-folder.js';
import { anchorAt, readHistory } from './promotion-history.js';
import { withStoreLock } from './store-lock.js';

/**
 * Removes a baseline with all its scenarios, damaged ones too. Not the anchor: the next promotion is compared with its
 * ratios. What is no baseline in that folder is nobody's to remove.
 *
 * @returns the paths that are gone
 */
export function removeBaseline(baselines: string, name: string, now: Date): Promise<string[]> {
  requireBaseline(baselines, name);
  return withStoreLock(baselines, `baseline rm ${name}`, () => {
    const anchor = anchorAt(readHistory(baselines), now);
    if (anchor?.name === name) {
      throw new BaselineError(
        'ERR_BASELINE_REFUSED',
        `${name} is the anchor since ${anchor.at.slice(0, 10)}, and later builds are compared with its ratios; ` +
          'promote another one first (npm run baseline -- promote NAME)',
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
