import type { RunRecord } from '../../scenarios/harness/record.js';
import type { StoredMetric, StoredRun } from './baseline-file.js';

/** Who is compared with whom in a stored baseline. */
export const STORED_ARM = 'native';
export const STORED_AGAINST = 'baseline';

/** A ten-millionth is far below what can be measured, and a file that people read in a diff is worth more. */
const SIGNIFICANT_DIGITS = 7;

/** The part of a record that a stored baseline keeps: ratios native ÷ baseline, per case and metric. */
export function storedRunOf(record: RunRecord): StoredRun {
  const cases = new Map<string, Map<string, StoredMetric>>();
  for (const comparison of record.comparisons) {
    if (comparison.arm !== STORED_ARM || comparison.against !== STORED_AGAINST) continue;
    if (!cases.has(comparison.case)) cases.set(comparison.case, new Map());
    cases.get(comparison.case)?.set(comparison.metric, {
      ratio: rounded(comparison.ratio),
      ci95: comparison.ci95 === null ? null : [rounded(comparison.ci95[0]), rounded(comparison.ci95[1])],
      rounds: (comparison.rounds ?? []).map(rounded),
    });
  }
  const { machine, build } = record;
  return {
    startedAt: record.startedAt,
    seed: record.seed,
    scenarioHash: record.scenarioHash,
    slotMs: slotMsOf(record.options),
    fingerprint: machine.fingerprint,
    machine: { cpuModel: machine.cpuModel, cores: machine.cores, kernelMajor: machine.kernel.split('.')[0] },
    build: {
      commit: build.commit,
      nativeHash: build.nativeHash,
      baselineHash: build.baselineHash,
      compiler: build.compiler,
      node: machine.node,
    },
    cases: Object.fromEntries(
      [...cases].map(([name, metrics]) => [
        name,
        { parameters: parametersOf(record, name), metrics: Object.fromEntries(metrics) },
      ]),
    ),
  };
}

/** A record that compares what it has no case of is not whole; its run is then refused for the empty parameters. */
function parametersOf(record: RunRecord, name: string): StoredRun['cases'][string]['parameters'] {
  return Object.hasOwn(record.cases, name) ? record.cases[name].parameters : {};
}

/** A suite's record says what its slots are made of: blocks, each of them an order of the arms and its mirror. */
function slotMsOf({ slotMs, blocks, windowMs }: RunRecord['options']): number {
  return Number(slotMs ?? 2 * Number(blocks) * Number(windowMs));
}

function rounded(value: number): number {
  return Number(value.toPrecision(SIGNIFICANT_DIGITS));
}
