import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { RunRecord } from '../../scenarios/harness/record.js';
import { promoteBaseline } from './promote-baseline.js';
import { readHistory } from './promotion-history.js';
import { removeBaseline } from './remove-baseline.js';
import { saveBaseline } from './save-baseline.js';
import { caught } from './testing/caught.js';
import { builtFrom, SAMPLE_SUITE, sampleRecord } from './testing/sample-record.js';

let baselines: string;
beforeEach(() => {
  baselines = mkdtempSync(join(tmpdir(), 'msgtrans-promote-'));
});
afterEach(() => rmSync(baselines, { recursive: true }));

const day = (number: number) => new Date(Date.UTC(2024, 5, 1) + number * 86_400_000);

/** Stores runs of the build `letter` under `v-letter`. */
async function store(letter: string, ratios: number[], changes: Partial<RunRecord> = {}): Promise<string> {
  const name = `v-${letter}`;
  for (const [minute, ratio] of ratios.entries()) {
    await saveBaseline(baselines, name, sampleRecord(ratio, { ...builtFrom(letter), ...changes }, minute));
  }
  return name;
}

const promote = (name: string, onDay: number, acceptRegression: string | null = null) =>
  promoteBaseline(baselines, name, { acceptRegression, now: day(onDay) });
const names = () => readHistory(baselines).map(({ name }) => name);

describe('promoting', () => {
  it('takes the first build as it is, and a faster one in its place', async () => {
    await promote(await store('a', [20]), 0);
    const { promotion, anchor, comparison } = await promote(await store('b', [22]), 1);
    expect(promotion).toMatchObject({ name: 'v-b', commit: 'b'.repeat(40), acceptedRegression: null });
    expect(promotion.against).toEqual({ name: 'v-a', commit: 'a'.repeat(40), ratio: expect.closeTo(1.1, 5) });
    expect(promotion.speed).toBeCloseTo(1.1, 5);
    expect(anchor.name).toBe('v-b');
    expect(comparison?.measured.map((each) => each.metric)).toEqual(['throughput_ops_per_s']);
  });

  it('refuses a build whose interval lies below the anchor, and writes nothing', async () => {
    await promote(await store('a', [20]), 0);
    const refused = await caught(async () => promote(await store('b', [18]), 1));
    expect(refused).toMatchObject({ code: 'ERR_BASELINE_REGRESSION', exitCode: 3 });
    expect(refused.message).toMatch(/v-b lies below the anchor v-a \(a{12}, promoted 2024-06-01\)/);
    expect(refused.message).toMatch(/sample tcp: throughput_ops_per_s 0\.900× \[0\.8\d+, 0\.9\d+\]/);
    expect(refused.message).toContain('npm run baseline -- promote v-b --accept-regression REASON');
    expect(names()).toEqual(['v-a']);
  });

  it('compares suites beside scenarios, and misses one that was not measured', async () => {
    await store('a', [20]);
    await promote(await store('a', [20], SAMPLE_SUITE), 0);
    const scenarioAlone = await store('b', [22]);
    const refused = await caught(() => promote(scenarioAlone, 1));
    expect(refused).toMatchObject({ code: 'ERR_BASELINE_FOREIGN', exitCode: 5 });
    expect(refused.message).toContain('suite:sample was not measured');
    const { comparison } = await promote(await store('b', [24], SAMPLE_SUITE), 1);
    expect(comparison?.measured.map(({ scenario, ratio }) => [scenario, ratio])).toEqual([
      ['sample', expect.closeTo(1.1, 5)],
      ['suite:sample', expect.closeTo(1.2, 5)],
    ]);
  });

  it('lets a slower build within the noise be promoted, but not become the anchor', async () => {
    await promote(await store('a', [20]), 0);
    const { promotion, anchor } = await promote(await store('b', [19.9]), 1);
    expect(promotion.name).toBe('v-b');
    expect(anchor.name).toBe('v-a');
    // However small the steps: the third is compared with the first, not with the second.
    const refused = await caught(async () => promote(await store('c', [19.6]), 2));
    expect(refused.code).toBe('ERR_BASELINE_REGRESSION');
  });

  it('takes a regression that is accepted with a reason, keeps the reason, and begins anew', async () => {
    await promote(await store('a', [20]), 0);
    const { promotion, anchor } = await promote(await store('b', [18]), 1, 'bounds are checked now');
    expect(promotion).toMatchObject({ acceptedRegression: 'bounds are checked now', speed: 1 });
    expect(promotion.against?.ratio).toBeCloseTo(0.9, 5);
    expect(anchor.name).toBe('v-b');
    expect(readHistory(baselines)[1]).toEqual(promotion);
    expect((await promote(await store('c', [18.1]), 2)).anchor.name).toBe('v-c');
  });

  it('writes no reason down where there was nothing to accept', async () => {
    await promote(await store('a', [20]), 0);
    const { promotion } = await promote(await store('b', [22]), 1, 'just in case');
    expect(promotion.acceptedRegression).toBeNull();
  });

  it('decides by how much runs differ where there are five of each', async () => {
    const wild = [20, 24, 17, 22, 16];
    await promote(await store('a', wild), 0);
    expect(
      (
        await promote(
          await store(
            'b',
            wild.map((each) => each * 0.95),
          ),
          1,
        )
      ).written,
    ).toBe(true);
    const tight = [20, 20.1, 19.9, 20, 20];
    await promote(await store('c', tight), 2);
    const slower = await store(
      'd',
      tight.map((each) => each * 0.95),
    );
    expect((await caught(() => promote(slower, 3))).code).toBe('ERR_BASELINE_REGRESSION');
  });

  it('is done once for one build', async () => {
    const name = await store('a', [20]);
    await promote(name, 0);
    expect(await promote(name, 1)).toMatchObject({ written: false });
    expect(names()).toEqual(['v-a']);
  });

  it('is done one after the other by two at the same time', async () => {
    const stored = [await store('a', [20]), await store('b', [21]), await store('c', [22])];
    await Promise.all(stored.map((name, index) => promote(name, index)));
    expect(names().toSorted()).toEqual(stored);
  });
});

describe('what cannot be compared with the anchor is not promoted', () => {
  it.each<[string, Partial<RunRecord>, RegExp]>([
    ['another machine', { machine: { ...sampleRecord(1).machine, fingerprint: 'g' } }, /other machines/],
    ['another scenario file', { scenarioHash: 'other' }, /another scenario file/],
    ['another opponent', { build: { ...builtFrom('b').build, baselineHash: 'x' } }, /another core\/baseline/],
    ['another scenario', { scenario: 'other' }, /sample was not measured/],
    [
      'other parameters',
      { cases: { tcp: { ...sampleRecord(1).cases.tcp, parameters: { load: 'open' } } } },
      /throughput_ops_per_s is missing/,
    ],
  ])('for %s, unless it is accepted', async (_, changes, message) => {
    await promote(await store('a', [20]), 0);
    const name = await store('b', [30], changes);
    const refused = await caught(() => promote(name, 1));
    expect(refused).toMatchObject({ code: 'ERR_BASELINE_FOREIGN', exitCode: 5 });
    expect(refused.message).toMatch(message);
    expect(names()).toEqual(['v-a']);
    const { promotion } = await promote(name, 1, 'the machine is gone');
    expect(promotion).toMatchObject({ against: null, speed: 1, acceptedRegression: 'the machine is gone' });
  });

  it('where the ratios of the anchor are gone', async () => {
    await promote(await store('a', [20]), 0);
    rmSync(join(baselines, 'v-a'), { recursive: true });
    const refused = await caught(async () => promote(await store('b', [30]), 1));
    expect(refused.message).toMatch(/no stored run of the anchor v-a is left/);
  });

  it('by runs of other commits that joined its name later', async () => {
    await promote(await store('a', [20]), 0);
    await saveBaseline(baselines, 'v-a', sampleRecord(40, builtFrom('c'), 30));
    expect((await promote(await store('b', [22]), 1)).promotion.against?.ratio).toBeCloseTo(1.1, 5);
  });
});

describe('only one build that can be built again is promoted', () => {
  it('not runs of several commits', async () => {
    await store('a', [20]);
    await saveBaseline(baselines, 'v-a', sampleRecord(20, builtFrom('c'), 30));
    const refused = await caught(() => promote('v-a', 0));
    expect(refused).toMatchObject({ code: 'ERR_BASELINE_REFUSED', exitCode: 1 });
    expect(refused.message).toMatch(/holds runs of 2 commits \(a{12}, c{12}\)/);
  });

  it('not a run without a commit', async () => {
    const name = await store('a', [20], { build: { ...sampleRecord(1).build, commit: null } });
    expect((await caught(() => promote(name, 0))).message).toMatch(/outside a git checkout/);
  });

  it('not one that is not there, which names those that are', async () => {
    await store('a', [20]);
    const missing = await caught(() => promote('v-aa', 0));
    expect(missing).toMatchObject({ code: 'ERR_BASELINE_MISSING', exitCode: 5 });
    expect(missing.message).toContain('did you mean "v-a"?');
  });
});

describe('removing', () => {
  const remove = (name: string, force = false) => removeBaseline(baselines, name, { now: day(9), force });

  it('takes all scenarios of a name and no other', async () => {
    await store('a', [20]);
    await store('a', [20], { scenario: 'other' });
    await store('b', [20]);
    expect(await remove('v-a')).toEqual([
      join(baselines, 'v-a', 'other.json'),
      join(baselines, 'v-a', 'sample.json'),
    ]);
    expect(existsSync(join(baselines, 'v-a'))).toBe(false);
    expect(existsSync(join(baselines, 'v-b'))).toBe(true);
  });

  it('refuses the one promoted last, though another is the anchor, unless it is forced to', async () => {
    await promote(await store('a', [20]), 0);
    await promote(await store('b', [19.9]), 1);
    const refused = await caught(() => remove('v-b'));
    expect(refused).toMatchObject({ code: 'ERR_BASELINE_REFUSED', exitCode: 1 });
    expect(refused.message).toMatch(/v-b was promoted last, on 2024-06-02.*-- promote NAME\), or .* --force/);
    expect(existsSync(join(baselines, 'v-b', 'sample.json'))).toBe(true);
    expect(await remove('v-b', true)).toHaveLength(1);
    expect(await remove('v-a', true)).toHaveLength(1);
  });

  it('takes a damaged one', async () => {
    await store('a', [20]);
    writeFileSync(join(baselines, 'v-a', 'sample.json'), '{');
    expect(await remove('v-a')).toHaveLength(1);
  });

  it('refuses what is not there, the anchor, and what others have put there', async () => {
    expect((await caught(() => remove('v-a'))).code).toBe('ERR_BASELINE_MISSING');
    await promote(await store('a', [20]), 0);
    expect((await caught(() => remove('v-a'))).message).toMatch(/v-a is the anchor since 2024-06-01/);
    await store('b', [20]);
    mkdirSync(join(baselines, 'v-b', 'notes'));
    expect((await caught(() => remove('v-b', true))).message).toContain('v-b/notes');
    const refused = await caught(() => remove('v-b'));
    expect(refused.message).toContain('v-b/notes');
    expect(existsSync(join(baselines, 'v-b', 'sample.json'))).toBe(true);
  });
});
