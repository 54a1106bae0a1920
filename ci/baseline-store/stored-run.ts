import type { RunRecord } from '../../scenarios/harness/record.js';
import type { StoredRun } from './baseline-file.js';

/** The part of a record that a stored baseline keeps: ratios native ÷ baseline, per case and metric. */
export function storedRunOf(record: RunRecord, savedAt: Date): StoredRun {
  const cases: StoredRun['cases'] = {};
  for (const comparison of record.comparisons) {
    if (comparison.arm !== 'native' || comparison.against !== 'baseline') continue;
    cases[comparison.case] ??= { parameters: record.cases[comparison.case].parameters, metrics: {} };
    cases[comparison.case].metrics[comparison.metric] = {
      ratio: comparison.ratio,
      ci95: comparison.ci95,
      rounds: comparison.rounds ?? [],
    };
  }
  const { machine, build } = record;
  return {
    savedAt: savedAt.toISOString(),
    startedAt: record.startedAt,
    seed: record.seed,
    quick: record.options.quick === true,
    slotMs: Number(record.options.slotMs),
    fingerprint: machine.fingerprint,
    machine: { cpuModel: machine.cpuModel, cores: machine.cores, kernelMajor: machine.kernel.split('.')[0] },
    build: {
      commit: build.commit,
      dirty: build.dirty,
      nativeHash: build.nativeHash,
      baselineHash: build.baselineHash,
    },
    cases,
  };
}
