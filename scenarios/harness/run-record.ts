import { evaluateChecks } from './checks.js';
import { compareCases } from './comparisons.js';
import type { RunOptions } from './options.js';
import type { RunPlan } from './planner.js';
import { type BuildRecord, type MachineRecord, RECORD_SCHEMA, type RunRecord } from './record.js';
import type { RunSamples } from './run.js';
import { fitScaling, labelProjected } from './scaling/scaling-fit.js';
import type { Scenario } from './scenario-file.js';
import { createRandom } from './statistics/random.js';
import { summariseCase } from './summarise.js';

export interface RecordInputs {
  scenario: Scenario;
  options: RunOptions;
  plan: RunPlan;
  samples: RunSamples;
  machine: MachineRecord;
  build: BuildRecord;
  startedAt: Date;
  finishedAt: Date;
}

/** Makes the record of what was measured; verdict and exit code are filled in by `judge`. */
export function buildRecord(inputs: RecordInputs): RunRecord {
  const { scenario, options, plan, samples } = inputs;
  const random = createRandom(options.seed).fork('statistics');
  const cases: RunRecord['cases'] = {};
  for (const [name, each] of samples.cases) cases[name] = summariseCase(each, samples.startNs, random);
  const scaling = fitScaling(plan.cases, cases, plan.threadProcessors?.length ?? 0, random);
  labelProjected(plan.cases, cases, scaling);
  const comparisons = compareCases(cases, random);
  const all = [...samples.cases.values()];
  return {
    schema: RECORD_SCHEMA,
    scenario: scenario.name,
    title: scenario.title,
    ...(scenario.announced === undefined ? {} : { announced: scenario.announced }),
    scenarioHash: scenario.hash,
    seed: options.seed,
    options: {
      quick: options.quick,
      strict: options.strict,
      rounds: plan.rounds,
      slotMs: plan.slotNs / 1e6,
      ...(options.profile === null ? {} : { profile: options.profile }),
      arm: options.arms,
      case: options.casePattern,
      set: Object.fromEntries(options.set),
      baseline: options.baseline,
      pinning: plan.pinning,
    },
    startedAt: inputs.startedAt.toISOString(),
    finishedAt: inputs.finishedAt.toISOString(),
    interrupted: samples.interrupted,
    verdict: 'inconclusive',
    reasons: [],
    exitCode: 0,
    machine: inputs.machine,
    build: inputs.build,
    cases,
    windows: all.flatMap((each) => each.windows),
    blocks: all.flatMap((each) => each.blocks),
    comparisons,
    checks: plan.cases.flatMap((each) => evaluateChecks(each, cases[each.name], comparisons)),
    ...(scaling.length > 0 ? { scaling } : {}),
    notes: [...plan.notes, ...paceNotes(samples), ...dropNotes(samples)],
  };
}

function paceNotes(samples: RunSamples): string[] {
  const notes: string[] = [];
  for (const [name, { paces }] of samples.cases) {
    for (const { arm, windowNs, reason } of paces.values()) {
      if (reason !== null) notes.push(`${name}: windows of ${windowNs / 1e6} ms for ${arm}: ${reason}`);
    }
  }
  return notes;
}

function dropNotes(samples: RunSamples): string[] {
  const blocks = [...samples.cases.values()].flatMap((each) => each.blocks);
  const dropped = blocks.filter((block) => block.dropped);
  if (dropped.length === 0) return [];
  return [
    `${dropped.length} of ${blocks.length} blocks dropped for causes outside, first: ${dropped[0].reason}`,
  ];
}
