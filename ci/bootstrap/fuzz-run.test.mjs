import { expect, test } from 'vitest';
import { fuzzerNames, readFuzzOptions } from './fuzz-run.mjs';
import { projectRoot } from './project.mjs';

const known = ['framer_fuzz', 'json_fuzz'];

test('options are taken, and all fuzzers run unless some are named', () => {
  expect(readFuzzOptions(['--seconds', '3', '--seed', '7'], known)).toEqual({
    seconds: 3,
    seed: 7,
    names: known,
  });
  expect(readFuzzOptions(['json_fuzz'], known).names).toEqual(['json_fuzz']);
});

test('what cannot be meant is refused with the usage', () => {
  for (const wrong of [['--seconds', 'long'], ['--seed', '-1'], ['--second', '3'], ['zip_fuzz']]) {
    expect(() => readFuzzOptions(wrong, known)).toThrow(
      /usage: npm run fuzz -- \[--seconds N\].*framer_fuzz\|json_fuzz/,
    );
  }
});

test('the fuzzers of this project are found', () => {
  expect(fuzzerNames(projectRoot)).toEqual(
    expect.arrayContaining([expect.stringMatching(/^[a-z0-9_]+_fuzz$/)]),
  );
});
