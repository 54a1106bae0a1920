import { resolve } from 'node:path';
import { EXIT, type ExitCode } from '../../scenarios/harness/exit-code.js';
import { matchesGlob } from '../../scenarios/harness/glob.js';
import { swallowedByNpm } from '../../scenarios/harness/npm-swallowed.js';
import { UsageError } from '../../scenarios/harness/usage-error.js';
import { readHistory } from '../baseline-store/promotion-history.js';
import { gateHistoryPath, readHistoryFile } from './history-file.js';
import type { HistoryLine } from './history-line.js';
import { historyText } from './history-text.js';
import { historyView } from './history-view.js';
import { HISTORY_OPTIONS, type HistoryOptions, historyHelp, parseHistoryOptions } from './options.js';

/** Where the command finds its surroundings. */
export interface HistorySurroundings {
  /** Folder of the runs. */
  runs: string;
  /** Folder of the stored baselines. */
  baselines: string;
  /** Where the user stood: paths are relative to it. */
  from: string;
  env: Readonly<Record<string, string | undefined>>;
  /** Whether standard output is one. */
  terminal: boolean;
  print(text: string): void;
  complain(line: string): void;
}

/** Runs the command line after `npm run history --`. @returns the exit code */
export function historyCommand(args: readonly string[], surroundings: HistorySurroundings): ExitCode {
  try {
    const intended = swallowedByNpm(args, surroundings.env, { name: 'history', options: HISTORY_OPTIONS });
    if (intended !== null)
      throw new UsageError(`npm kept options for itself; put them behind "--":\n  ${intended}`);
    const options = parseHistoryOptions(args);
    if (options !== null) return show(options, surroundings);
    surroundings.print(historyHelp());
    return EXIT.pass;
  } catch (error) {
    const { complain } = surroundings;
    if (error instanceof UsageError) {
      complain(`${error.message}\nSee: npm run history -- --help`);
      return EXIT.usage;
    }
    complain(error instanceof Error ? error.message : String(error));
    return EXIT.error;
  }
}

function show(options: HistoryOptions, surroundings: HistorySurroundings): ExitCode {
  const { runs, baselines, from, print } = surroundings;
  const path = options.file === null ? gateHistoryPath(runs) : resolve(from, options.file);
  const lines = readHistoryFile(path);
  const { casePattern, metricPattern, last } = options;
  const wanted = (caseName: string, metric: string): boolean =>
    (casePattern === null || matchesGlob(casePattern, caseName)) &&
    (metricPattern === null || matchesGlob(metricPattern, metric));
  const view = historyView(lines, readHistory(baselines), { last, wanted });
  if (view.series.length === 0 && lines.some((line) => line.case !== null))
    throw nothingWanted(lines, options);
  if (options.json) print(`${JSON.stringify(view, null, 1)}\n`);
  else print(lines.length === 0 ? emptyText(path) : historyText(view, { color: usesColor(surroundings) }));
  return options.check && view.streak.failing ? EXIT.inconclusive : EXIT.pass;
}

function emptyText(path: string): string {
  return `no gate has come to a verdict here yet: there is nothing in ${path}
Every "npm run gate" that does adds to it; --file FILE shows another history, for instance one of CI.
`;
}

function nothingWanted(
  lines: readonly HistoryLine[],
  { casePattern, metricPattern }: HistoryOptions,
): UsageError {
  const asked = [
    ...(casePattern === null ? [] : [`--case "${casePattern}"`]),
    ...(metricPattern === null ? [] : [`--metric "${metricPattern}"`]),
  ];
  const known = lines.flatMap(({ case: name, metric }) => (name === null ? [] : [`${metric} of ${name}`]));
  return new UsageError(`nothing matches ${asked.join(' ')}\nThere are ${[...new Set(known)].join(' · ')}`);
}

function usesColor({ env, terminal }: HistorySurroundings): boolean {
  return terminal && (env.NO_COLOR === undefined || env.NO_COLOR === '') && env.TERM !== 'dumb';
}
