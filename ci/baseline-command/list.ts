import { alignColumns } from '../../scenarios/harness/result-table.js';
import { BaselineError } from '../baseline-store/baseline-error.js';
import type { BaselineFile, StoredRun } from '../baseline-store/baseline-file.js';
import { baselineNames, baselineScenarios } from '../baseline-store/baseline-folder.js';
import { findComparableRuns } from '../baseline-store/comparable-runs.js';
import { anchorAt, latestPromotion, readHistory } from '../baseline-store/promotion-history.js';
import { readBaseline } from '../baseline-store/read-baseline.js';
import { wordsOf } from '../baseline-store/stored-name.js';
import { subcommandArguments } from './arguments.js';
import { ageOf, shortCommits } from './format.js';
import type { BaselineSurroundings } from './surroundings.js';

/** `list`: what can be read is shown, what cannot is complained about. */
export async function listCommand(args: string[], surroundings: BaselineSurroundings): Promise<number> {
  subcommandArguments('list', args, [0, 0]);
  const { baselines, now, print, complain } = surroundings;
  const names = baselineNames(baselines);
  if (names.length === 0) {
    print(`no stored baselines in ${baselines}; save one with: npm run baseline -- save NAME`);
    return 0;
  }
  let code = 0;
  const attempt = <Result>(action: () => Result, otherwise: Result): Result => {
    try {
      return action();
    } catch (error) {
      if (!(error instanceof BaselineError)) throw error;
      complain(error.message);
      code = error.exitCode;
      return otherwise;
    }
  };
  const history = attempt(() => readHistory(baselines), []);
  const roles = new Map<string, string[]>();
  for (const [role, promotion] of [
    ['anchor', anchorAt(history, now)],
    ['promoted last', latestPromotion(history)],
  ] as const) {
    if (promotion !== null) roles.set(promotion.name, [...(roles.get(promotion.name) ?? []), role]);
  }
  const rows = [['name', 'scenario', 'runs', 'newest', 'commit', 'machine', 'usable here', 'role']];
  for (const name of names) {
    const role = roles.get(name)?.join(', ') ?? '';
    for (const scenario of baselineScenarios(baselines, name)) {
      const file = attempt(() => readBaseline(baselines, name, scenario), null);
      rows.push(
        file === null
          ? [name, scenario, '', '', '', '', 'no: damaged', role]
          : rowOf(file, role, surroundings),
      );
    }
  }
  for (const line of alignColumns(rows)) print(line);
  return code;
}

function rowOf(
  { name, scenario, runs }: BaselineFile,
  role: string,
  surroundings: BaselineSurroundings,
): string[] {
  const newest = runs[runs.length - 1];
  const machines = new Set(runs.map(({ machine }) => `${machine.cpuModel} × ${machine.cores}`));
  return [
    name,
    scenario,
    String(runs.length),
    ageOf(newest.startedAt, surroundings.now),
    shortCommits(runs),
    [...machines].join('; '),
    usability(scenario, runs, surroundings),
    role,
  ];
}

/** Whether a run made here and now would be compared with it, and if not, why. */
export function usability(
  scenario: string,
  runs: readonly StoredRun[],
  { comparability }: Pick<BaselineSurroundings, 'comparability'>,
): string {
  const self = comparability(scenario);
  const { kind, source } = wordsOf(scenario);
  if (self === null) return `no: no such ${kind}`;
  const usable = findComparableRuns(runs, self, scenario).runs.length;
  if (usable === runs.length) return 'yes';
  if (usable > 0) return `${usable} of ${runs.length} runs`;
  if (!runs.some((run) => run.fingerprint === self.fingerprint)) return 'no: other machine';
  if (!runs.some((run) => run.build.baselineHash === self.baselineHash)) return 'no: other core/baseline';
  return `no: other ${source}`;
}
