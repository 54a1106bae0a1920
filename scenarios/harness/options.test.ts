import { describe, expect, it } from 'vitest';
import { helpText } from './help.js';
import { swallowedByNpm } from './npm-swallowed.js';
import { OPTIONS, parseCommandLine, type RunOptions } from './options.js';
import { UsageError } from './usage-error.js';

function run(...args: string[]): RunOptions {
  const line = parseCommandLine(['concurrent-1k', ...args], 99);
  if (line.mode !== 'run') throw new Error('not a run');
  expect(line.scenario).toBe('concurrent-1k');
  return line.options;
}

describe('the command line', () => {
  it('has defaults', () => {
    expect(run()).toEqual({
      quick: false,
      strict: false,
      arms: null,
      casePattern: null,
      set: [],
      durationMs: null,
      repeat: null,
      seed: 99,
      json: null,
      html: null,
      saveBaseline: null,
      baseline: null,
      keep: null,
      profile: null,
      progress: true,
      soak: { checkpointSeconds: null, resume: null, plant: null },
    });
  });

  it('profiles one arm, and judges and stores nothing of it', () => {
    expect(run('--profile', 'flame', '--arm', 'baseline')).toMatchObject({
      ...{ profile: 'flame', arms: ['baseline'] },
    });
    expect(run().profile).toBeNull();
    expect(() => run('--profile', 'flames')).toThrow(/doctor, flame, bubbleprof, heapprofiler.*flame/);
    expect(() => run('--profile', 'flame', '--arm', 'native,baseline')).toThrow(/one arm at a time/);
    for (const other of [['--strict'], ['--baseline', 'x'], ['--save-baseline', 'x']]) {
      expect(() => run('--profile', 'flame', ...other)).toThrow(/judges and stores no numbers/);
    }
  });

  it.each<[string[], Partial<RunOptions>]>([
    [['--profile', 'doctor'], { profile: 'doctor' }],
    [['--quick'], { quick: true }],
    [['--strict'], { strict: true }],
    [['--arm', 'native, limit,native'], { arms: ['native', 'limit'] }],
    [['--case', 'tcp/*'], { casePattern: 'tcp/*' }],
    [
      ['--set', 'depth=4', '--set', 'sessions=10'],
      {
        set: [
          ['depth', '4'],
          ['sessions', '10'],
        ],
      },
    ],
    [['--duration', '1.5s'], { durationMs: 1500 }],
    [['--duration', '500ms'], { durationMs: 500 }],
    [['--duration', '2'], { durationMs: 2000 }],
    [['--repeat', '7'], { repeat: 7 }],
    [['--seed', '4294967295'], { seed: 4294967295 }],
    [['--json', 'a.json'], { json: 'a.json' }],
    [['--html', 'a.html'], { html: 'a.html' }],
    [['--save-baseline', 'main'], { saveBaseline: 'main' }],
    [['--baseline', 'main'], { baseline: 'main' }],
    [['--keep', '3'], { keep: 3 }],
    [['--no-progress'], { progress: false }],
    [['--duration', '24h'], { durationMs: 86_400_000 }],
    [['--resume'], { soak: { checkpointSeconds: null, resume: 'latest', plant: null } }],
    [
      ['--resume', '--quick'],
      { quick: true, soak: { checkpointSeconds: null, resume: 'latest', plant: null } },
    ],
    [['--resume', 'a-run'], { soak: { checkpointSeconds: null, resume: 'a-run', plant: null } }],
    [['--checkpoint', '10s'], { soak: { checkpointSeconds: 10, resume: null, plant: null } }],
    [['--plant', 'slice'], { soak: { checkpointSeconds: null, resume: null, plant: 'slice' } }],
  ])('%j', (args, expected) => {
    expect(run(...args)).toMatchObject(expected);
  });

  it('knows --list and --help without a scenario', () => {
    expect(parseCommandLine(['--list'], 0)).toEqual({ mode: 'list' });
    expect(parseCommandLine(['--help'], 0)).toEqual({ mode: 'help' });
  });

  it.each([
    [['--qick'], /unknown option --qick; did you mean "quick"/],
    [['-x'], /unknown option -x/],
    [['--repeat', '0'], /--repeat is a whole number from 1 to 1000; got "0"/],
    [['--repeat', 'many'], /got "many"/],
    [['--seed', '-1'], /seed/],
    [['--seed', '4294967296'], /--seed is a whole number/],
    [['--duration', '1ms'], /--duration is a time from 100ms/],
    [['--duration', 'long'], /--duration/],
    [['--checkpoint', '500ms'], /--checkpoint is a time from 1s on/],
    [['--plant', 'tree'], /--plant is one of js, native, slice; got "tree"/],
    [['--set', 'depth'], /--set takes key=value/],
    [['--arm', ','], /--arm needs at least one arm/],
    [['--arm='], /--arm needs a value/],
    [['--keep', '0'], /--keep/],
    [['--baseline', '../x'], /--baseline is a name/],
    [['--save-baseline', 'a/b'], /--save-baseline is a name/],
    [['--quick=yes'], /quick/],
    [['other'], /one scenario at a time/],
  ])('refuses %j', (args, message) => {
    expect(() => run(...args)).toThrow(UsageError);
    expect(() => run(...args)).toThrow(message);
  });

  it('asks for a scenario', () => {
    expect(() => parseCommandLine([], 0)).toThrow(/which scenario\?/);
  });

  it('has every option in the help', () => {
    for (const name of Object.keys(OPTIONS)) expect(helpText()).toContain(`--${name}`);
  });
});

describe('options that npm kept', () => {
  const npm = (extra: Record<string, string>) => ({ npm_lifecycle_event: 'scenario', ...extra });

  it('are recognised, and the line as meant is given back', () => {
    expect(swallowedByNpm(['concurrent-1k'], npm({ npm_config_quick: 'true' }))).toBe(
      'npm run scenario concurrent-1k -- --quick',
    );
    expect(swallowedByNpm(['concurrent-1k', '5'], npm({ npm_config_repeat: 'true' }))).toBe(
      'npm run scenario concurrent-1k -- --repeat 5',
    );
    expect(
      swallowedByNpm(['concurrent-1k'], npm({ npm_config_arm: 'a,b', npm_config_save_baseline: 'x' })),
    ).toBe('npm run scenario concurrent-1k -- --arm a,b --save-baseline x');
    expect(swallowedByNpm([], npm({ npm_config_list: 'true' }))).toBe('npm run scenario -- --list');
  });

  it('are not guessed when several values are astray', () => {
    const environment = npm({ npm_config_repeat: 'true', npm_config_seed: 'true' });
    expect(swallowedByNpm(['x', '5', '7'], environment)).toBe('npm run scenario x -- --repeat N --seed N');
  });

  it('are not suspected where there are none', () => {
    expect(swallowedByNpm(['x', '--quick'], npm({}))).toBeNull();
    expect(swallowedByNpm(['x'], npm({ npm_config_progress: '' }))).toBeNull();
    expect(swallowedByNpm(['x'], npm({ npm_config_list: 'false', npm_config_json: '' }))).toBeNull();
    // Another script of npm has options of its own.
    expect(swallowedByNpm(['x'], { npm_lifecycle_event: 'test', npm_config_quick: 'true' })).toBeNull();
  });
});
