import { join } from 'node:path';
import { BaselineError } from '../baseline-store/baseline-error.js';
import {
  baselineNames,
  baselineScenarios,
  requireBaseline,
  strays,
} from '../baseline-store/baseline-folder.js';
import { readHistory } from '../baseline-store/promotion-history.js';
import { readBaseline } from '../baseline-store/read-baseline.js';
import { baselineName, subcommandArguments } from './arguments.js';
import type { BaselineSurroundings } from './surroundings.js';

/** `verify [NAME]`: every problem, not the first. */
export async function verifyCommand(args: string[], surroundings: BaselineSurroundings): Promise<number> {
  const [only] = subcommandArguments('verify', args, [0, 1]).positionals;
  const { baselines, print, complain } = surroundings;
  if (only !== undefined) requireBaseline(baselines, baselineName(only));
  const names = only === undefined ? baselineNames(baselines) : [only];
  let problems = 0;
  const report = (message: string): void => {
    problems++;
    complain(message);
  };
  const attempt = <Result>(action: () => Result, otherwise: Result): Result => {
    try {
      return action();
    } catch (error) {
      if (!(error instanceof BaselineError)) throw error;
      report(error.message);
      return otherwise;
    }
  };
  let files = 0;
  let runs = 0;
  for (const name of names) {
    for (const scenario of baselineScenarios(baselines, name)) {
      files++;
      runs += attempt(() => readBaseline(baselines, name, scenario).runs.length, 0);
    }
  }
  for (const stray of strays(baselines, only)) {
    report(`${join(baselines, stray)} is no stored baseline; remove it`);
  }
  let promotions = 0;
  if (only === undefined) {
    const history = attempt(() => readHistory(baselines), []);
    promotions = history.length;
    for (const name of new Set(history.map((each) => each.name))) {
      if (!names.includes(name)) print(`promoted once, and removed since: ${name}`);
    }
  }
  const counted = [
    [names.length, 'baseline', 'baselines'],
    [files, 'file', 'files'],
    [runs, 'run', 'runs'],
    [promotions, 'promotion', 'promotions'],
  ] as const;
  const summary = counted.map(([count, one, many]) => `${count} ${count === 1 ? one : many}`).join(', ');
  print(
    `${summary}: ${problems === 0 ? 'no problems' : `${problems} ${problems === 1 ? 'problem' : 'problems'}`}`,
  );
  return problems === 0 ? 0 : 5;
}
