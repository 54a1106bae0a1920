import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { fixtureRecord } from '../testing/record-fixture.js';
import { hostileStrings, interrupted, notMeasurable } from '../testing/record-variants.js';
import { scalingRun } from '../testing/scaling-fixture.js';
import { parseRecord, readRecord } from './read-record.js';
import { thinSeries, withoutRawSamples, withoutSeries } from './thin-record.js';
import { writeAtomically } from './write-atomically.js';

const record = fixtureRecord({ rounds: 2, blocksPerRound: 3 });
const json = JSON.stringify(record);

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'msgtrans-record-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

describe('reading a record', () => {
  it.each([
    ['a plain run', record],
    ['an interrupted run', interrupted()],
    ['a case that cannot be measured', notMeasurable()],
    ['a run over threads', scalingRun()],
    ['hostile names', hostileStrings()],
  ])('accepts %s unchanged', (_what, value) => {
    expect(parseRecord(JSON.stringify(value), 'a.json')).toEqual(value);
  });

  it('finds by a name what the record has, and not what every object has', () => {
    const [body] = Object.values(record.cases);
    const read = parseRecord(JSON.stringify({ ...record, cases: { constructor: body } }), 'a.json');
    expect(read.cases.constructor).toEqual(body);
    expect(read.cases.toString).toBeUndefined();
    expect(read.options.valueOf).toBeUndefined();
    const [arm] = Object.values((read.cases.constructor as unknown as typeof body)!.arms);
    for (const names of [arm!.metrics, arm!.series, arm!.histograms, arm!.rounds[0]!.metrics]) {
      expect(names.constructor).toBeUndefined();
    }
  });

  it('accepts fields that later versions add', () => {
    expect(parseRecord(json.replace('"seed":', '"novel":{"a":1},"seed":'), 'a.json')).toHaveProperty('novel');
  });

  it.each([
    ['truncated', json.slice(0, 500), /runs\/a\.json: not JSON .*truncated/],
    ['with NaN', json.replace('"seed":1', '"seed":NaN'), /runs\/a\.json: not JSON/],
    ['with an infinity', json.replace('"seed":1', '"seed":1e999'), /seed: Invalid input/],
    [
      'with null for a number',
      json.replace('"seed":1', '"seed":null'),
      /runs\/a\.json: not a valid run record \(1 problem\):\n {2}seed:/,
    ],
    [
      'of another version',
      json.replace('msgtrans.run/1', 'msgtrans.run/9'),
      /schema is "msgtrans\.run\/9", this version reads "msgtrans\.run\/1"/,
    ],
    ['that is something else', '[1, 2]', /schema is absent/],
    ['that is null', 'null', /schema is absent/],
  ])('refuses a file %s and names it', (_what, text, message) => {
    expect(() => parseRecord(text, 'runs/a.json')).toThrow(message);
    expect(() => parseRecord(text, 'runs/a.json')).toThrow(
      expect.objectContaining({ code: 'ERR_REPORT_RECORD', exitCode: 5 }),
    );
  });

  it('refuses a name that reading would lose with all that stands under it', () => {
    const named = json.replaceAll('"tcp"', '"__proto__"');
    expect(() => parseRecord(named, 'a.json')).toThrow(/a\.json: holds the name "__proto__".*choose another/);
  });

  it('reports every problem up to a bound', () => {
    const broken = structuredClone(record) as unknown as {
      blocks: unknown[];
      comparisons: unknown[];
      exitCode: unknown;
    };
    broken.exitCode = 'x';
    broken.blocks = Array.from({ length: 20 }, () => 1);
    expect(() => parseRecord(JSON.stringify(broken), 'a.json')).toThrow(
      /21 problems[\s\S]*exitCode[\s\S]*and 13 more/,
    );
  });

  it('refuses a missing file, with the next step', async () => {
    await expect(readRecord(join(folder, 'none.json'))).rejects.toThrow(
      /none\.json: cannot be read \(ENOENT\).*npm run scenario/,
    );
  });
});

describe('thinning', () => {
  it('drops windows and thins series, and touches no result', () => {
    const thin = withoutRawSamples(fixtureRecord(), 50);
    const full = fixtureRecord();
    expect(thin.windows).toEqual([]);
    expect(thin.cases.tcp!.arms.native!.series.throughput_ops_per_s!.values.length).toBe(50);
    expect(thin.comparisons).toEqual(full.comparisons);
    expect(thin.blocks).toEqual(full.blocks);
    const { series: _thin, ...thinArm } = thin.cases.tcp!.arms.native!;
    const { series: _full, ...fullArm } = full.cases.tcp!.arms.native!;
    expect(thinArm).toEqual(fullArm);
    expect(Object.keys(withoutSeries(full).cases.tcp!.arms.native!.series)).toEqual([]);
  });

  it('takes medians of equal stretches and keeps gaps', () => {
    const thin = thinSeries({ unit: 'ns', atNs: [1, 2, 3, 4, 5, 6], values: [1, 9, 2, null, null, null] }, 2);
    expect(thin).toEqual({ unit: 'ns', atNs: [2, 5], values: [2, null] });
  });

  it('keeps the longest pause of a stretch', () => {
    const paused = fixtureRecord({ rounds: 2, blocksPerRound: 2 });
    paused.cases.tcp!.arms.native!.series.gcPauseNs = {
      unit: 'ns',
      atNs: [1, 2, 3, 4],
      values: [0, 7, 0, 0],
    };
    const { gcPauseNs } = withoutRawSamples(paused, 2).cases.tcp!.arms.native!.series;
    expect(gcPauseNs!.values).toEqual([7, 0]);
  });

  it('takes stretches of any length', () => {
    const values = Array.from({ length: 300_000 }, (_, index) => index);
    const thin = thinSeries({ unit: 'ns', atNs: values, values, low: values, high: values }, 2);
    expect([thin.low, thin.high]).toEqual([
      [0, 150_000],
      [149_999, 299_999],
    ]);
  });

  it('leaves short series alone', () => {
    const series = { unit: 'ns', atNs: [1], values: [1] };
    expect(thinSeries(series, 2)).toBe(series);
  });
});

describe('writing', () => {
  it('makes folders, replaces the old file and leaves nothing else behind', async () => {
    const path = join(folder, 'deep', 'a.txt');
    await writeAtomically(path, 'old');
    await writeAtomically(path, 'new');
    expect(await readFile(path, 'utf8')).toBe('new');
    expect(await readdir(join(folder, 'deep'))).toEqual(['a.txt']);
  });

  it('leaves the old file intact and no temporary one when it fails', async () => {
    const path = join(folder, 'a.txt');
    await writeFile(path, 'old');
    await expect(writeAtomically(path, Symbol('not text') as unknown as string)).rejects.toThrow();
    expect(await readFile(path, 'utf8')).toBe('old');
    expect(await readdir(folder)).toEqual(['a.txt']);
  });
});
