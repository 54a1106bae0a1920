import { expect, it } from 'vitest';
import type { RunOptions } from './options.js';
import type { RunPlan } from './planner.js';
import type { RunSamples } from './run.js';
import { buildRecord, type RecordInputs } from './run-record.js';
import type { Scenario } from './scenario-file.js';
import { sampleRecord } from './testing/sample-record.js';

/** A run that was interrupted before its first case: only its head is of interest. */
function inputsOf(scenario: Partial<Scenario>): RecordInputs {
  const { machine, build } = sampleRecord({});
  return {
    scenario: { name: 'sample', title: 'A sample', hash: 'h', ...scenario } as Scenario,
    options: { seed: 7, set: new Map(), profile: null } as unknown as RunOptions,
    plan: { cases: [], notes: [], rounds: 5, slotNs: 2e9, pinning: null } as unknown as RunPlan,
    samples: { cases: new Map(), startNs: 0, interrupted: true } as unknown as RunSamples,
    ...{ machine, build, startedAt: new Date(0), finishedAt: new Date(1) },
  };
}

it('carries what the scenario announced into the record, and nothing where it announced nothing', () => {
  expect(buildRecord(inputsOf({ announced: '1 M devices' })).announced).toBe('1 M devices');
  expect(buildRecord(inputsOf({}))).not.toHaveProperty('announced');
});
