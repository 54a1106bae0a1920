import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { countGoogleTests } from './native-checks.mjs';
import { writeFiles } from './sample-project.mjs';

test('a googletest report is counted by what became of each test', () => {
  const folder = mkdtempSync(join(tmpdir(), 'msgtrans-native-checks-'));
  const testsuite = [
    { name: 'a', status: 'RUN', result: 'COMPLETED' },
    { name: 'b', status: 'RUN', result: 'COMPLETED', failures: [{ failure: 'x' }] },
    { name: 'c', status: 'RUN', result: 'SKIPPED' },
    { name: 'd', status: 'RUN', result: 'COMPLETED' },
  ];
  writeFiles(folder, {
    'report.json': JSON.stringify({
      testsuites: [
        { name: 'Framer', testsuite },
        { name: 'Ring', testsuite: [testsuite[0]] },
      ],
    }),
  });
  expect(countGoogleTests(join(folder, 'report.json'))).toEqual({
    passed: 3,
    failed: 1,
    skippedNames: ['Framer.c'],
  });
  expect(countGoogleTests(join(folder, 'none.json'))).toEqual({ passed: 0, failed: 0, skippedNames: [] });
  rmSync(folder, { recursive: true });
});
