import { expect, test } from 'vitest';
import { fileLength } from './file-length.js';
import { findingsIn } from './temporary-tree.js';

test('400 lines of code are the most; generated code and documents may have more', () => {
  const lines = (count: number) => 'x;\n'.repeat(count);
  const found = findingsIn(fileLength, {
    'core/short.ts': lines(400),
    'core/long.ts': lines(401),
    'native/io/long.cc': lines(500),
    'core/layout.generated.ts': lines(500),
    'README.md': lines(500),
  });
  expect(found.map((line) => line.split(',')[0])).toEqual([
    'core/long.ts:401 401 lines',
    'native/io/long.cc:401 500 lines',
  ]);
});
