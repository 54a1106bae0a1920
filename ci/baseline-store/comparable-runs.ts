import { BaselineError } from './baseline-error.js';
import { type BaselineFile, baselinePath, type StoredRun } from './baseline-file.js';
import { wordsOf } from './stored-name.js';

/** What decides whether stored ratios mean the same here; known before anything is measured. */
export interface Comparability {
  fingerprint: string;
  /** Of the sources of `core/baseline/`, the opponent. */
  baselineHash: string;
  /** Of the scenario's file, or of the suite's sources. */
  scenarioHash: string;
}

/** The runs that mean the same, and what keeps the others apart, if there are any. */
export interface ComparableRuns {
  runs: StoredRun[];
  /** Reads on from the file's name. Null when at least one run is comparable. */
  problem: string | null;
}

/** Pure. The problem is that of the first condition which no run meets. `scenario` is what the runs are of, for its words. */
export function findComparableRuns(
  runs: readonly StoredRun[],
  { fingerprint, baselineHash, scenarioHash }: Comparability,
  scenario: string,
): ComparableRuns {
  const conditions: [(run: StoredRun) => boolean, () => string][] = [
    [
      (run) => run.fingerprint === fingerprint,
      () => `was measured on other machines (${machinesOf(runs)}) than this one (fingerprint ${fingerprint})`,
    ],
    [
      (run) => run.build.baselineHash === baselineHash,
      () =>
        `was measured against another core/baseline (${hashesOf(runs.map((run) => run.build.baselineHash))}) ` +
        `than this one (${shortHash(baselineHash)}), so its ratios mean something else`,
    ],
    [
      (run) => run.scenarioHash === scenarioHash,
      () =>
        `was measured with another ${wordsOf(scenario).source} (${hashesOf(runs.map((run) => run.scenarioHash))}) ` +
        `than this one (${shortHash(scenarioHash)})`,
    ],
  ];
  let left = [...runs];
  for (const [meets, problem] of conditions) {
    left = left.filter(meets);
    if (left.length === 0) return { runs: [], problem: problem() };
  }
  return { runs: left, problem: null };
}

/** Throws `BaselineError` when no stored run is comparable: checked before a long run, not after it. */
export function comparableRuns(baselines: string, file: BaselineFile, self: Comparability): StoredRun[] {
  const { runs, problem } = findComparableRuns(file.runs, self, file.scenario);
  if (problem === null) return runs;
  throw new BaselineError(
    'ERR_BASELINE_FOREIGN',
    `${baselinePath(baselines, file.name, file.scenario)} ${problem}; ` +
      `save one here with: ${wordsOf(file.scenario).command} -- --save-baseline NAME, or name another`,
  );
}

export function machinesOf(runs: readonly StoredRun[]): string {
  const known = runs.map(
    ({ machine, fingerprint }) =>
      `${machine.cpuModel} × ${machine.cores}, kernel ${machine.kernelMajor}, fingerprint ${fingerprint}`,
  );
  return [...new Set(known)].join('; ');
}

function hashesOf(hashes: readonly string[]): string {
  return [...new Set(hashes)].map(shortHash).join(', ');
}

function shortHash(hash: string): string {
  return hash.slice(0, 12);
}
