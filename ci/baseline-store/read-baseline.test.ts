import { mkdirSync, mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  BASELINE_BYTES_MAX,
  baselineFileOf,
  baselinePath,
  baselineText,
  type StoredRun,
} from './baseline-file.js';
import { readBaseline } from './read-baseline.js';
import { saveBaseline } from './save-baseline.js';
import { caught } from './testing/caught.js';
import { sampleRecord, sampleRuns } from './testing/sample-record.js';

let baselines: string;
beforeEach(() => {
  baselines = mkdtempSync(join(tmpdir(), 'msgtrans-baselines-'));
});
afterEach(() => rmSync(baselines, { recursive: true }));

const path = () => baselinePath(baselines, 'main', 'sample');
const read = () => readBaseline(baselines, 'main', 'sample');
const put = (text: string) => {
  mkdirSync(dirname(path()), { recursive: true });
  writeFileSync(path(), text);
};
const whole = () => baselineText(baselineFileOf('main', 'sample', sampleRuns([20])));
/** Damage by someone who knows how to compute a checksum. */
const forged = (change: (run: StoredRun) => unknown) =>
  baselineText(baselineFileOf('main', 'sample', [change(sampleRuns([20])[0]) as StoredRun]));

it('names the missing file and how to make it', async () => {
  const missing = await caught(read);
  expect(missing).toMatchObject({ code: 'ERR_BASELINE_MISSING', exitCode: 5 });
  expect(missing.message).toContain(path());
  expect(missing.message).toContain('npm run scenario sample -- --save-baseline main');
  const suite = await caught(() => readBaseline(baselines, 'main', 'suite:sample'));
  expect(suite.message).toContain('main/suite-sample.json; make one with: npm run suite sample -- --save');
});

describe('a damaged file', () => {
  it.each<[string, () => string, RegExp]>([
    ['truncated', () => whole().slice(0, -40), /not complete JSON/],
    ['truncated to its first line', () => whole().split('\n')[0], /not complete JSON/],
    ['empty', () => '', /not complete JSON/],
    [
      'of a later version',
      () => whole().replace('baseline/2', 'baseline/3'),
      /has the schema "msgtrans.baseline\/3"; this build reads/,
    ],
    [
      'of an earlier version',
      () => whole().replace('baseline/2', 'baseline/1'),
      /has the schema "msgtrans.baseline\/1"/,
    ],
    ['something else', () => '[]', /has the schema none/],
    ['null', () => 'null', /has the schema none/],
    [
      'changed by hand',
      () => whole().replace('"ratio": 20', '"ratio": 10'),
      /does not match its checksum \(.* written, .* computed\)/,
    ],
    ['with another checksum', () => whole().replace(/"checksum": "./, '"checksum": "x'), /checksum/],
    ['carrying NaN', () => whole().replace('"ratio": 20', '"ratio": NaN'), /not complete JSON/],
    [
      'carrying null for a NaN',
      () => whole().replace('"ratio": 20', '"ratio": null'),
      /malformed at runs\.0.*ratio/,
    ],
    [
      'carrying an infinity',
      () => whole().replace('"ratio": 20', '"ratio": 1e999'),
      /malformed at runs\.0.*ratio/,
    ],
    [
      'carrying a negative ratio',
      () => whole().replace('"ratio": 20', '"ratio": -20'),
      /malformed at runs\.0.*ratio/,
    ],
    ['without runs', () => baselineText(baselineFileOf('main', 'sample', [])), /malformed at runs/],
    [
      'with a field that nobody knows',
      () => forged((run) => ({ ...run, extra: 1 })),
      /malformed at runs\.0.*extra/,
    ],
    [
      'with an interval that ends before it begins',
      () => whole().replace(/"ci95": \[.*\]/, '"ci95": [3, 2]'),
      /malformed at runs\.0.*an interval begins below its end/,
    ],
    [
      'with a commit that is none',
      () => forged((run) => ({ ...run, build: { ...run.build, commit: 'HEAD' } })),
      /malformed at runs\.0\.build\.commit/,
    ],
    [
      'with one run twice',
      () => baselineText(baselineFileOf('main', 'sample', [...sampleRuns([20]), ...sampleRuns([21])])),
      /holds the run of 2024-01-02T03:00:05.000Z more than once/,
    ],
    [
      'of another name',
      () => whole().replace('"name": "main"', '"name": "other"'),
      /belongs to other\/sample, not to main\/sample/,
    ],
    [
      'of another scenario',
      () => baselineText(baselineFileOf('main', 'other', sampleRuns([20]))),
      /belongs to main\/other/,
    ],
  ])('that is %s is refused by name, with the next step', async (_, text, message) => {
    put(text());
    const refused = await caught(read);
    expect(refused).toMatchObject({ code: 'ERR_BASELINE_INVALID', exitCode: 5 });
    expect(refused.message).toMatch(message);
    expect(refused.message).toContain(path());
    expect(refused.message).toContain('Restore it from git');
  });

  it('tells all of its problems', async () => {
    put(whole().replace('"ratio": 20', '"ratio": 10').replace('"name": "main"', '"name": "other"'));
    expect((await caught(read)).message).toMatch(/belongs to[\s\S]*checksum/);
    put(whole().replace('"ratio": 20', '"ratio": -1').replace('"seed": 1', '"seed": "x"'));
    expect((await caught(read)).message).toMatch(/seed[\s\S]*ratio/);
  });

  it('that is far too long is not read at all', async () => {
    put(whole());
    truncateSync(path(), BASELINE_BYTES_MAX + 1);
    expect((await caught(read)).message).toContain(`above the limit of ${BASELINE_BYTES_MAX}`);
  });

  it('that is a folder is refused by name', async () => {
    mkdirSync(path(), { recursive: true });
    expect(await caught(read)).toMatchObject({ code: 'ERR_BASELINE_INVALID' });
  });

  it('is not written over', async () => {
    put('{"schema":');
    const refused = await caught(() => saveBaseline(baselines, 'main', sampleRecord(20)));
    expect(refused.code).toBe('ERR_BASELINE_INVALID');
    expect(readFileSync(path(), 'utf8')).toBe('{"schema":');
  });
});
