import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { projectRoot } from './project.mjs';
import { proofPrograms } from './proof-programs.mjs';
import { findModels, readProofOptions } from './proofs-run.mjs';

const models = ['ring_model', 'map_model'];

test('options are taken, and everything is proven unless some is named', () => {
  const everything = ['relacy', 'mutants', ...Object.keys(proofPrograms)];
  expect(readProofOptions([], models)).toMatchObject({ kinds: everything, models });
  expect(readProofOptions(['map_model'], models)).toMatchObject({ kinds: ['relacy', 'mutants'] });
  expect(readProofOptions(['linearizability', '--count', '9'], models)).toMatchObject({
    kinds: ['linearizability'],
    count: 9,
  });
  expect(readProofOptions(['mutants', 'map_model', '--schedules', '7'], models)).toEqual({
    kinds: ['mutants'],
    models: ['map_model'],
    schedules: { relacy: 7, mutants: 7 },
    count: undefined,
  });
});

test('what cannot be meant is refused with the usage', () => {
  for (const wrong of [['--schedules', 'many'], ['--schedules', '0'], ['--seed', '1'], ['queue_model']]) {
    expect(() => readProofOptions(wrong, models)).toThrow(
      /usage: npm run prove -- \[relacy\|mutants\|.*\] \[--schedules N\] \[--count N\] \[ring_model\|map_model\]/,
    );
  }
});

test('every model of this project says what it proves, and that is there', () => {
  const found = findModels(projectRoot);
  expect(found.map(({ name }) => name)).toEqual(
    expect.arrayContaining(['spsc_ring_model', 'doorbell_model']),
  );
  for (const { files } of found) {
    expect(files).not.toEqual([]);
    for (const file of files) expect(existsSync(join(projectRoot, 'native', file))).toBe(true);
  }
});
