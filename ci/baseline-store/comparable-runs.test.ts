import { expect, it } from 'vitest';
import { baselineFileOf, baselinePath } from './baseline-file.js';
import { comparableRuns, findComparableRuns } from './comparable-runs.js';
import { caught } from './testing/caught.js';
import { SAMPLE_SELF, SAMPLE_SUITE, sampleRuns } from './testing/sample-record.js';

const file = baselineFileOf('main', 'sample', sampleRuns([20, 21]));

it('gives the runs of this machine, this opponent and this scenario file', () => {
  expect(comparableRuns('baselines', file, SAMPLE_SELF)).toHaveLength(2);
  const foreign = { ...file.runs[1], fingerprint: 'other', seed: 9 };
  const mixed = findComparableRuns([file.runs[0], foreign], SAMPLE_SELF, 'sample');
  expect(mixed).toEqual({ runs: [file.runs[0]], problem: null });
});

it.each([
  [
    { fingerprint: 'other' },
    /other machines \(A processor × 2, kernel 6, fingerprint f\) than this one \(fingerprint other\)/,
  ],
  [{ baselineHash: 'other' }, /another core\/baseline \(b\) than this one \(other\)/],
  [{ scenarioHash: 'other' }, /another scenario file \(h\) than this one \(other\)/],
])('refuses a foreign one: %j', async (change, message) => {
  const refused = await caught(() => comparableRuns('baselines', file, { ...SAMPLE_SELF, ...change }));
  expect(refused).toMatchObject({ code: 'ERR_BASELINE_FOREIGN', exitCode: 5 });
  expect(refused.message).toMatch(message);
  expect(refused.message).toContain(baselinePath('baselines', 'main', 'sample'));
  expect(refused.message).toContain('save one here with: npm run scenario sample -- --save-baseline NAME');
});

it('speaks of the sources of a suite, and of its command', async () => {
  const suite = baselineFileOf('main', 'suite:sample', sampleRuns([20], SAMPLE_SUITE));
  expect(comparableRuns('baselines', suite, SAMPLE_SELF)).toHaveLength(1);
  const refused = await caught(() =>
    comparableRuns('baselines', suite, { ...SAMPLE_SELF, scenarioHash: 'other' }),
  );
  expect(refused).toMatchObject({ code: 'ERR_BASELINE_FOREIGN', exitCode: 5 });
  expect(refused.message).toMatch(/main\/suite-sample\.json was measured with another suite source \(h\)/);
  expect(refused.message).toContain('save one here with: npm run suite sample -- --save-baseline NAME');
});
