import { mkdirSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { UsageError } from '../harness/usage-error.js';
import type { RunEntry } from './checkpoint-entry.js';
import { CheckpointError } from './checkpoint-log.js';
import { checkIdentity, type RunIdentity, resumedRunFolder } from './run-selection.js';
import { runFacts } from './testing/sample-checkpoints.js';

let runs: string;
beforeEach(() => {
  runs = mkdtempSync(join(tmpdir(), 'msgtrans-runs-'));
});
afterEach(() => rmSync(runs, { recursive: true, force: true }));

const OLD = '20260101T000000Z-small-1';
const NEW = '20260102T000000Z-small-1';
const OTHER = '20260103T000000Z-concurrent-1k-1';

describe('the run that goes on', () => {
  beforeEach(() => {
    for (const name of [OLD, NEW, OTHER]) mkdirSync(join(runs, name));
  });

  it('is the newest of its scenario, whatever ran since', () => {
    expect(resumedRunFolder(runs, 'latest', 'small')).toBe(join(runs, NEW));
    symlinkSync(OTHER, join(runs, 'latest'));
    expect(resumedRunFolder(runs, 'latest', 'small')).toBe(join(runs, NEW));
  });

  it('is what was begun or resumed last when that is known', () => {
    symlinkSync(OLD, join(runs, 'latest'));
    expect(resumedRunFolder(runs, 'latest', 'small')).toBe(join(runs, OLD));
  });

  it('may be named, and never by a path', () => {
    expect(resumedRunFolder(runs, OLD, 'small')).toBe(join(runs, OLD));
    for (const name of [`../${OLD}`, join(runs, OLD), 'nothing', OTHER, '']) {
      expect(() => resumedRunFolder(runs, name, 'small')).toThrow(UsageError);
    }
  });

  it('is missing with a word on what there is', () => {
    expect(() => resumedRunFolder(runs, 'x', 'small')).toThrow(`there are ${OLD}, ${NEW}`);
    expect(() => resumedRunFolder(join(runs, 'none'), 'latest', 'small')).toThrow(
      'there is none of this scenario',
    );
  });
});

describe('a run that is not the same any more', () => {
  const run = { ...runFacts(), kind: 'run', sequence: 0, segment: 1 } as unknown as RunEntry;
  const same: RunIdentity = {
    scenario: run.scenario,
    scenarioHash: run.scenarioHash,
    nativeHash: run.nativeHash,
    fingerprint: run.fingerprint,
  };

  it('goes on where it was', () => {
    expect(() => checkIdentity('folder', run, same)).not.toThrow();
  });

  it.each([
    ['scenarioHash', 'the scenario file as it was before it was changed'],
    ['nativeHash', 'another build of native/'],
    ['fingerprint', 'another machine'],
  ] as const)('is refused for another %s', (key, meaning) => {
    const check = () => checkIdentity('folder', run, { ...same, [key]: 'other' });
    expect(check).toThrow(CheckpointError);
    expect(check).toThrow(`folder: its checkpoints are those of ${meaning}`);
  });
});
