import { describe, expect, it } from 'vitest';
import { chooseCases } from './choose-cases.js';
import type { Suite } from './suite.js';

const arm = (name: string) => ({ name, make: () => ({ notMeasurable: 'a test' }) });
const suites: Suite[] = [
  {
    name: 'one',
    title: '',
    cases: [
      { name: 'read/threads=1', parameters: {}, arms: [arm('native'), arm('baseline')] },
      { name: 'read/threads=2', parameters: {}, arms: [arm('native'), arm('rival:tbb')] },
    ],
  },
  { name: 'two', title: '', cases: [{ name: 'write', parameters: {}, arms: [arm('native')] }] },
];
const chosen = (arms: string[] | null, casePattern: string | null) =>
  chooseCases(suites, { arms, casePattern }).map(({ name, cases }) => [
    name,
    cases.map((each) => [each.name, each.arms.map(({ name }) => name)]),
  ]);

describe('the chosen cases', () => {
  it('are all when nothing is asked for', () => {
    expect(chooseCases(suites, { arms: null, casePattern: null })).toEqual(suites);
  });

  it('are those that match, with the arms that are named', () => {
    expect(chosen(['native'], '*threads=2')).toEqual([['one', [['read/threads=2', ['native']]]]]);
    expect(chosen(['baseline'], null)).toEqual([['one', [['read/threads=1', ['baseline']]]]]);
  });

  it('are never none: the mistake is named', () => {
    expect(() => chosen(['rival:tbbb'], null)).toThrow(
      'no case has an arm "rival:tbbb"; did you mean "rival:tbb"?',
    );
    expect(() => chosen(null, 'wrote')).toThrow('no case matches "wrote"; did you mean "write"?');
    expect(() => chosen(['baseline'], 'write')).toThrow(
      'no case that matches "write" has one of the arms baseline',
    );
  });
});
