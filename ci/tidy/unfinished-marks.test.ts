import { expect, test } from 'vitest';
import { findingsIn } from './temporary-tree.js';
import { unfinishedMarks } from './unfinished-marks.js';

// Put together here, so that the rule does not find its own test.
const join = (...halves: string[]) => halves.join('');

test.each([
  join('// TO', 'DO: later'),
  join('// FIX', 'ME'),
  join('// @ts-ig', 'nore'),
  join('// @ts-no', 'check'),
  join('test.on', "ly('x', run)"),
  join('describe.on', "ly.each([1])('x', run)"),
  join('it.to', "do('x')"),
])('finds "%s"', (line) => {
  expect(findingsIn(unfinishedMarks, { 'core/a.ts': `const a = 1;\n${line}\n` })).toHaveLength(1);
});

test('leaves ordinary words alone', () => {
  const text =
    'const template = "XXXXXX"; const readOnly = true; // @ts-expect-error: a wrong type on purpose\n';
  expect(findingsIn(unfinishedMarks, { 'core/a.ts': text })).toEqual([]);
});
