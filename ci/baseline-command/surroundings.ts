import type { RunRecord } from '../../scenarios/harness/record.js';
import type { Comparability } from '../baseline-store/comparable-runs.js';

/** Where the command finds its surroundings. */
export interface BaselineSurroundings {
  /** Folder of the stored baselines. */
  baselines: string;
  /** Folder of the runs. */
  runs: string;
  /** Where the user stood: paths are relative to it. */
  from: string;
  env: Readonly<Record<string, string | undefined>>;
  now: Date;
  print(line: string): void;
  complain(line: string): void;
  /** @throws BaselineError `ERR_BASELINE_RECORD` */
  readRecord(path: string): Promise<RunRecord>;
  /** What decides here whether ratios of a scenario or suite can be compared; null where there is none any more. */
  comparability(scenario: string): Comparability | null;
}
