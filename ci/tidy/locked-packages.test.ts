import { expect, test } from 'vitest';
import { lockedPackages } from './locked-packages.js';
import { findingsIn } from './temporary-tree.js';

const lock = (packages: object) => ({ 'package-lock.json': JSON.stringify({ packages }, null, 2) });

test('a package that another may need and that is not locked is found', () => {
  const found = findingsIn(
    lockedPackages,
    lock({
      '': {},
      'node_modules/a': {
        dependencies: { b: '1' },
        optionalDependencies: { 'a-linux': '1', 'a-darwin': '1' },
      },
      'node_modules/a-linux': {},
      'node_modules/b': { dependencies: { c: '1' } },
      'node_modules/b/node_modules/c': { dependencies: { a: '1' } },
    }),
  );
  expect(found).toEqual([
    'package-lock.json:4 node_modules/a may need a-darwin, which is not in the lock: npm ci refuses it on a clean machine',
  ]);
});
