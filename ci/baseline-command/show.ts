import { formatRatio, significant } from '../../scenarios/harness/format-number.js';
import { alignColumns } from '../../scenarios/harness/result-table.js';
import { median, standardDeviation } from '../../scenarios/harness/statistics/quantile.js';
import type { BaselineFile, StoredMetric } from '../baseline-store/baseline-file.js';
import { requireBaseline } from '../baseline-store/baseline-folder.js';
import { estimateOfBuild, intervalOf } from '../baseline-store/ratio-estimate.js';
import { readBaseline } from '../baseline-store/read-baseline.js';
import { baselineName, subcommandArguments } from './arguments.js';
import { ageOf, shortCommit } from './format.js';
import { usability } from './list.js';
import type { BaselineSurroundings } from './surroundings.js';

/** `show NAME` */
export async function showCommand(args: string[], surroundings: BaselineSurroundings): Promise<number> {
  const name = baselineName(subcommandArguments('show', args, [1, 1]).positionals[0]);
  const files = requireBaseline(surroundings.baselines, name).map((scenario) =>
    readBaseline(surroundings.baselines, name, scenario),
  );
  surroundings.print(files.map((file) => describe(file, surroundings).join('\n')).join('\n\n'));
  return 0;
}

function describe({ name, scenario, runs }: BaselineFile, surroundings: BaselineSurroundings): string[] {
  return [
    `${name}: ${scenario}, usable here: ${usability(scenario, runs, surroundings)}`,
    ...indented(
      alignColumns([
        ['run', 'seed', 'age', 'commit', 'machine', 'kernel', 'node', 'compiler'],
        ...runs.map(({ startedAt, seed, build, machine }) => [
          startedAt,
          String(seed),
          ageOf(startedAt, surroundings.now),
          shortCommit(build.commit),
          `${machine.cpuModel} × ${machine.cores}`,
          machine.kernelMajor,
          build.node,
          build.compiler,
        ]),
      ]),
    ),
    '  ratios native ÷ baseline, above 1 is better; 95 % interval; how much the runs differ',
    ...indented(
      alignColumns([
        ['case', 'metric', 'ratio', 'spread', 'runs', 'rounds'],
        ...[...byCaseAndMetric(runs)].map(([key, metrics]) => [...key.split('\n'), ...figures(metrics)]),
      ]),
    ),
  ];
}

function byCaseAndMetric(runs: BaselineFile['runs']): Map<string, StoredMetric[]> {
  const all = new Map<string, StoredMetric[]>();
  for (const { cases } of runs) {
    for (const [caseName, { metrics }] of Object.entries(cases)) {
      for (const [metric, value] of Object.entries(metrics)) {
        const key = `${caseName}\n${metric}`;
        all.set(key, [...(all.get(key) ?? []), value]);
      }
    }
  }
  return all;
}

function figures(metrics: readonly StoredMetric[]): string[] {
  const estimate = estimateOfBuild(metrics);
  const ratio = estimate === null ? median(metrics.map((each) => each.ratio)) : Math.exp(estimate.log);
  const spread = standardDeviation(metrics.map((each) => Math.log(each.ratio)));
  return [
    formatRatio(ratio, estimate === null ? null : intervalOf(estimate)),
    metrics.length < 2 ? 'n/a' : `${significant(100 * spread)} %`,
    String(metrics.length),
    String(metrics.reduce((sum, each) => sum + each.rounds.length, 0)),
  ];
}

function indented(lines: readonly string[]): string[] {
  return lines.map((line) => `  ${line}`);
}
