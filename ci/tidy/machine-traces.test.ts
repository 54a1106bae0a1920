import { expect, test } from 'vitest';
import { machineTraces } from './machine-traces.js';
import { findingsIn } from './temporary-tree.js';

// Put together here, so that the rule does not find its own test.
const home = ['', 'home', 'ada', 'msgtrans'].join('/');
const registry = ['https:/', 'registry.example.org', 'zod'].join('/');
const outside = ['..', 'shared', 'design.md'].join('/');

test('paths of one machine and registry addresses are found in any text', () => {
  const found = findingsIn(machineTraces, {
    'README.md': `first\nsee ${home}\n`,
    'core/a.ts': `// ${registry}\n`,
    'core/b.ts': 'const socket = "/tmp/msgtrans.sock"; const url = "https://example.org/home/page";\n',
    'package-lock.json': `{\n  "resolved": "${registry}"\n}\n`,
  });
  expect(found.map((line) => line.split(' ')[0])).toEqual([
    'README.md:2',
    'core/a.ts:1',
    'package-lock.json:2',
  ]);
});

test('only tests look outside the repository', () => {
  const found = findingsIn(machineTraces, {
    'core/a.ts': `// ${outside}\n`,
    'core/a.test.ts': `// ${outside}\n`,
  });
  expect(found.map((line) => line.split(' ')[0])).toEqual(['core/a.ts:1']);
});
