import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { GateSummary } from '../gate/output/gate-summary.js';
import { summaryJunit } from '../gate/output/junit.js';
import { summaryText } from '../gate/output/summary-text.js';
import { SampleRepository } from '../gate/testing/sample-repository.js';
import { compareCounts } from './compare-counts.js';
import { countsFileOf, countsPath, writeCounts } from './counts-file.js';
import { type GateInstructions, gateReference, withInstructions } from './gate-counts.js';
import { SAMPLE_TOOLCHAIN, sampleCount, storedCount } from './testing/sample-counts.js';

describe('what a gate compares counts with', () => {
  let repository: SampleRepository;
  beforeEach(() => {
    repository = SampleRepository.create();
  });
  afterEach(() => repository.remove());

  const baselines = (): string => join(repository.root, 'ci', 'baselines');
  const store = (instructions: number, accepted: string | null = null): void => {
    writeCounts(
      baselines(),
      countsFileOf(SAMPLE_TOOLCHAIN, { 'map-get': storedCount(instructions, accepted) }),
    );
  };
  const reference = (commit: string | null) =>
    gateReference({
      ...{ rootDir: repository.root, baselines: baselines() },
      ...{ baseCommit: commit, toolchain: SAMPLE_TOOLCHAIN },
    });

  it('is what the base stores, while what the change stores only declares', () => {
    store(1000);
    const base = repository.commit('base', {});
    store(1500, 'why');
    repository.commit('change', {});
    const { stored, declared, from } = reference(base);
    expect(stored.paths['map-get']).toEqual(storedCount(1000));
    expect(declared?.paths['map-get']).toEqual(storedCount(1500, 'why'));
    expect(from).toBe(`the base ${base.slice(0, 12)}`);
  });

  it('is what the checkout stores where there is no base', () => {
    store(1000);
    expect(reference(null)).toMatchObject({
      from: 'this checkout',
      stored: { paths: { 'map-get': storedCount(1000) } },
    });
  });

  it('is missing where the base stores nothing for the toolchain, whatever the change does', () => {
    const base = repository.commit('base');
    store(1000);
    const missing = { code: 'ERR_INSTRUCTIONS_MISSING', exitCode: 5 };
    expect(() => reference(base)).toThrow(expect.objectContaining(missing));
    expect(() => reference(base)).toThrow(/the base [0-9a-f]{12} stores no counts for x64-/);
    rmSync(baselines(), { recursive: true });
    expect(() => reference(null)).toThrow(expect.objectContaining(missing));
  });

  it('is refused when the base stores it damaged', () => {
    store(1000);
    const path = countsPath(baselines(), SAMPLE_TOOLCHAIN);
    repository.write({
      [path.slice(repository.root.length + 1)]: readFileSync(path, 'utf8').replace('1000', '2000'),
    });
    const base = repository.commit('base', {});
    store(1000);
    expect(() => reference(base)).toThrow(/does not match its checksum/);
  });
});

describe("the gate's verdict", () => {
  const PASSED: GateSummary = {
    ...{ verdict: 'pass', exitCode: 0, comparison: 'a against b', reasons: ['nothing is slower'] },
    ...{ rows: [], notes: ['a note'], improved: false },
  };

  function counted(now: number, declared: number | null = null): GateInstructions {
    const lines = compareCounts({
      counts: [sampleCount('map-get', now), sampleCount('new', 5000)],
      stored: { 'map-get': storedCount(100_000), gone: storedCount(1000) },
      declared: declared === null ? {} : { 'map-get': storedCount(declared, 'it checks more') },
      allPaths: ['map-get', 'new'],
    });
    return { toolchain: 'x64-0', from: 'the base abc', limitPercent: 2, lines };
  }

  it('stays what it was when no count grew, with a row for each path', () => {
    const summary = withInstructions(PASSED, counted(101_000));
    expect(summary).toMatchObject({ verdict: 'pass', exitCode: 0, reasons: PASSED.reasons });
    const text = summaryText(summary);
    expect(text).toMatch(/instructions +map-get +100\.00 +101\.00 +\+1\.00 % +2 % +pass/);
    expect(text).toMatch(/instructions +new +– +5\.00 +– +2 % +shown/);
    expect(text).toContain('note: instructions are compared with those that the base abc stores');
  });

  it('fails when a count grew, says so first, and has a failed test for it', () => {
    const summary = withInstructions(PASSED, counted(105_000));
    expect(summary).toMatchObject({ verdict: 'fail', exitCode: 3 });
    expect(summary.reasons[0]).toBe('more instructions than stored, above the limit of 2 %: map-get +5.00 %');
    expect(summary.reasons[1]).toBe('nothing is slower');
    expect(summaryJunit(summary)).toMatch(
      /classname="gate.instructions" name="map-get"><failure message="more than 2 % more"/,
    );
  });

  it.each([
    ['inconclusive', 4, 'fail', 3],
    ['fail', 3, 'fail', 3],
    ['fail', 6, 'fail', 6],
    ['interrupted', 130, 'interrupted', 130],
  ] as const)('of %s (%i) with a count that grew is %s (%i)', (verdict, exitCode, expected, code) => {
    const summary = withInstructions({ ...PASSED, verdict, exitCode }, counted(105_000));
    expect(summary).toMatchObject({ verdict: expected, exitCode: code });
  });

  it('does not fail for growth that the change gives a reason for, which is shown', () => {
    const summary = withInstructions(PASSED, counted(105_000, 105_000));
    expect(summary).toMatchObject({ verdict: 'pass', exitCode: 0 });
    expect(summary.rows[0]).toMatchObject({ finding: 'shown', reason: 'more, accepted: it checks more' });
  });
});
