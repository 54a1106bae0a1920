import { expect, test } from 'vitest';
import { mergeMarkers } from './merge-markers.js';
import { findingsIn } from './temporary-tree.js';

test('both markers of a conflict are found; a heading underlined by equals signs is none', () => {
  const conflict = ['a', `${'<'.repeat(7)} HEAD`, 'b', '='.repeat(7), 'c', `${'>'.repeat(7)} other`, ''].join(
    '\n',
  );
  const found = findingsIn(mergeMarkers, { 'core/a.ts': conflict, 'README.md': 'Heading\n=======\n' });
  expect(found.map((line) => line.split(' ')[0])).toEqual(['core/a.ts:2', 'core/a.ts:6']);
});
