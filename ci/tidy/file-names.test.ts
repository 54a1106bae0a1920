import { expect, test } from 'vitest';
import { fileNames } from './file-names.js';
import { findingsIn } from './temporary-tree.js';

test('names say what is inside', () => {
  const found = findingsIn(fileNames, {
    'core/utils.ts': '',
    'core/common/session.ts': '',
    'native/io/socket_helpers.h': '',
    'core/commonality.ts': '',
  });
  expect(found.map((line) => line.split(':')[0])).toEqual([
    'core/common/session.ts',
    'core/utils.ts',
    'native/io/socket_helpers.h',
  ]);
});

test('TypeScript is kebab-case and C++ is snake_case', () => {
  const found = findingsIn(fileNames, {
    'core/writeQueue.ts': '',
    'core/write_queue.ts': '',
    'core/write-queue.test.ts': '',
    'core/layout.generated.ts': '',
    'native/io/WriteQueue.h': '',
    'native/io/write-queue.cc': '',
    'native/io/write_queue_test.cc': '',
  });
  expect(found).toEqual([
    'core/writeQueue.ts:1 "writeQueue.ts" is not kebab-case',
    'core/write_queue.ts:1 "write_queue.ts" is not kebab-case',
    'native/io/WriteQueue.h:1 "WriteQueue.h" is not snake_case',
    'native/io/write-queue.cc:1 "write-queue.cc" is not snake_case',
  ]);
});
