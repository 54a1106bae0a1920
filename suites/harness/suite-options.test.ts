import { describe, expect, it } from 'vitest';
import { parseSuiteCommandLine, SUITE_OPTIONS, suiteHelp } from './suite-options.js';

const KNOWN = ['buffer-pool', 'event-queue', 'numa'];
const parse = (...args: string[]) => parseSuiteCommandLine(args, KNOWN, 42);
const optionsOf = (...args: string[]) => {
  const commandLine = parse(...args);
  if (commandLine.mode !== 'run') throw new Error(`mode ${commandLine.mode}`);
  return commandLine.options;
};

describe('the command line of suites', () => {
  it('runs all suites without a name, and those named otherwise, each once', () => {
    expect(parse()).toMatchObject({ mode: 'run', suites: KNOWN });
    expect(parse('numa', 'event-queue', 'numa')).toMatchObject({ suites: ['numa', 'event-queue'] });
  });

  it('takes every option', () => {
    expect(parse('--list')).toEqual({ mode: 'list' });
    expect(parse('--help', '--list')).toEqual({ mode: 'help' });
    const options = optionsOf(
      ...['numa', '--quick', '--strict', '--arm', 'native, rival:tbb', '--case', 'mix/*', '--rounds', '3'],
      ...['--seed', '9', '--json', 'a.json', '--html', 'a.html', '--no-progress'],
      ...['--save-baseline', 'next', '--baseline', 'main'],
    );
    expect(options).toEqual({
      ...{ quick: true, strict: true, arms: ['native', 'rival:tbb'], casePattern: 'mix/*', rounds: 3 },
      ...{ seed: 9, json: 'a.json', html: 'a.html', saveBaseline: 'next', baseline: 'main', progress: false },
    });
  });

  it('has defaults for all of them', () => {
    expect(optionsOf()).toEqual({
      ...{ quick: false, strict: false, arms: null, casePattern: null, rounds: null },
      ...{ seed: 42, json: null, html: null, saveBaseline: null, baseline: null, progress: true },
    });
  });

  it.each([
    [['numma'], 'no suite is named "numma"; did you mean "numa"?'],
    [['--quik'], 'unknown option --quik; did you mean "quick"?'],
    [['--rounds', '0'], '--rounds is a whole number from 1 to 1000; got "0"'],
    [['--seed', 'x'], '--seed is a whole number from 0 to 4294967295; got "x"'],
    [['--arm', ','], '--arm needs at least one arm'],
    [['--baseline', '../main'], '--baseline is a name of letters'],
    [['--save-baseline', 'x.json'], 'not ending like a file, and not "instructions"; got "x.json"'],
    [['--case', ''], '--case needs a value: --case GLOB'],
    [['--json', 'x.json'], '3 suites would write it; name one: npm run suite buffer-pool -- --json x.json'],
  ])('refuses %j and says what to do', (args, message) => {
    expect(() => parse(...args)).toThrow(message);
  });

  it('explains every option', () => {
    for (const name of Object.keys(SUITE_OPTIONS)) expect(suiteHelp()).toContain(`--${name}`);
  });
});
