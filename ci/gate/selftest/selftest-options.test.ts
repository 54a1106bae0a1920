import { describe, expect, it } from 'vitest';
import { parseSelftestOptions, SELFTEST_OPTIONS, selftestHelp } from './selftest-options.js';

const parse = (line: string) => parseSelftestOptions(line.split(' ').filter(Boolean), 42);

describe('the options of the self-test', () => {
  it.each([
    ['--aa 600 --bank b', { kind: 'aa', percent: null }, 600],
    ['--neutral 150 --bank b', { kind: 'neutral', percent: null }, 150],
    ['--inject 3.5 --kind spin --bank b', { kind: 'spin', percent: 3.5 }, 72],
    ['--inject 6 --kind wake --invocations 12 --bank b', { kind: 'wake', percent: 6 }, 12],
    ['--stress load --bank b', { kind: 'load', percent: null }, 72],
    ['--stress quota --invocations 5 --bank b', { kind: 'quota', percent: null }, 5],
  ])('%s names a series and how many invocations of it', (line, series, invocations) => {
    expect(parse(line)).toEqual({
      ...{ action: 'measure', series, invocations, bank: 'b', resume: false, amount: null },
      ...{ budgetMinutes: null, seed: 42, progress: true },
    });
  });

  it('takes what else a run may be told', () => {
    const line = '--inject 5 --kind lock --bank b --resume --amount 2.5 --budget 10 --seed 7 --no-progress';
    expect(parse(line)).toMatchObject({
      resume: true,
      amount: 2.5,
      budgetMinutes: 10,
      seed: 7,
      progress: false,
    });
  });

  it('reports banks, or those of a folder', () => {
    expect(parse('--report --bank a --bank b')).toEqual({
      ...{ action: 'report', banks: ['a', 'b'], evidence: null, check: false },
    });
    expect(parse('--report --evidence d --check')).toMatchObject({ banks: [], evidence: 'd', check: true });
  });

  it.each([
    ['', /one of --aa N, .*none was given/],
    ['--aa 5 --neutral 5 --bank b', /got --aa and --neutral/],
    ['--aa 5', /needs one --bank FILE to measure into; got 0/],
    ['--aa 5 --bank a --bank b', /got 2/],
    ['--aa 0 --bank b', /--aa is a whole number from 1 to 100000; got "0"/],
    ['--aa 5 --kind spin --bank b', /--kind goes with --inject/],
    ['--aa 5 --amount 3 --bank b', /--amount goes with --inject/],
    ['--aa 5 --invocations 3 --bank b', /--invocations is not needed: --aa N says how many/],
    ['--inject 5 --bank b', /--kind is one of spin, alloc, lock, wake/],
    ['--inject 5 --kind spni --bank b', /got "spni"; did you mean "spin"\?/],
    ['--inject 0 --kind spin --bank b', /--inject is a number from 0.1 to 100; got "0"/],
    ['--stress laod --bank b', /did you mean "load"\?/],
    ['--aa 5 --bank b --check', /--check goes with --report/],
    ['--report', /--report needs --bank FILE, or --evidence DIR/],
    ['--report --bank b --check', /--check compares what is in --evidence DIR/],
    ['--report --bank b --resume', /--resume is for measuring; --report measures nothing/],
    ['--aa 5 --bnak b', /unknown option --bnak; did you mean "bank"\?/],
    ['--aa 5 --bank b more', /takes options alone; got "more"/],
    ['--aa 5 --bank=', /--bank needs a value/],
  ])('refuses "%s" and says what would be right', (line, message) => {
    expect(() => parse(line)).toThrow(message);
  });

  it('explains every option', () => {
    expect(parse('--help')).toBeNull();
    for (const name of Object.keys(SELFTEST_OPTIONS)) expect(selftestHelp()).toContain(`--${name}`);
  });
});
