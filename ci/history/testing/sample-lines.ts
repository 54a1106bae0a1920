import { HISTORY_SCHEMA, type HistoryLine } from '../history-line.js';

/** Lines of gates that were never run, for tests of what is made of them. */

export const SAMPLE_MACHINE: HistoryLine['machine'] = {
  ...{ fingerprint: 'f', cpuModel: 'A processor', cores: 2, kernel: '6.1.0', node: '20.17.0' },
};
export const OTHER_MACHINE: HistoryLine['machine'] = {
  ...{ fingerprint: 'g', cpuModel: 'Another processor', cores: 4, kernel: '6.1.0', node: '20.17.0' },
};

export function commitOf(day: number): string {
  return day.toString(16).padStart(40, '0');
}

/** The gate of a day, on main: passed, throughput of 400 k. */
export function sampleLine(day: number, changes: Partial<HistoryLine> = {}): HistoryLine {
  const at = new Date(Date.UTC(2024, 0, day, 12)).toISOString();
  return {
    ...{
      schema: HISTORY_SCHEMA,
      gate: `${at} 7`,
      at,
      branch: 'main',
      anchor: false,
      comparison: 'base-build',
    },
    base: { commit: commitOf(day - 1), dirty: false, why: 'first parent of HEAD' },
    candidate: { commit: commitOf(day), dirty: false },
    ...{ machine: SAMPLE_MACHINE, case: 'tcp/depth=16,sessions=200', metric: 'throughput_ops_per_s' },
    ...{ unit: 'operations/s', better: 'higher', valueBase: 400_000, valueCandidate: 400_000 },
    ...{ slowdownPercent: 0.1, interval95Percent: [-0.5, 0.7], limitPercent: 5, finding: 'pass' },
    ...{ gateVerdict: 'pass', exitCode: 0, invocations: 12, unitDeviationPercent: 1.2, minutes: 3 },
    ...changes,
  };
}
