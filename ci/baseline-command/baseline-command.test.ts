import { beforeEach, describe, expect, it } from 'vitest';
import { baselineCommand } from './baseline-command.js';

/** The command line alone; what the subcommands do is tested through the real command, in `ci/commands/`. */

let printed: string;
let complained: string;
beforeEach(() => {
  printed = '';
  complained = '';
});

function run(args: string[], env: Record<string, string> = {}): Promise<number> {
  return baselineCommand(args, {
    baselines: '/nonexistent/baselines',
    runs: '/nonexistent/runs',
    from: '/nonexistent',
    env,
    now: new Date(0),
    print: (line) => (printed += `${line}\n`),
    complain: (line) => (complained += `${line}\n`),
    readRecord: () => Promise.reject(new Error('nothing is to be read here')),
    comparability: () => null,
  });
}

describe('the command line', () => {
  it.each<[string[], RegExp]>([
    [[], /what is to be done\? Subcommands: save, list/],
    [['sav', 'main'], /there is no "sav"; did you mean "save"\?/],
    [['toString'], /there is no "toString"/],
    [['save'], /save of which baseline/],
    [['save', '../main'], /"..\/main" cannot name a baseline/],
    [['save', 'history.ndjson'], /cannot name a baseline: .*not ending like a file/],
    [['save', 'instructions'], /cannot name a baseline: .*not "instructions"/],
    [['save', 'main', 'a', 'b'], /at most 2; got "main" "a" "b"/],
    [['list', 'main'], /takes no words; got "main"/],
    [['show'], /show of which/],
    [['rm'], /rm of which/],
    [['rm', '..'], /cannot name a baseline/],
    [['verify', 'a', 'b'], /at most 1/],
    [['promote', 'main', '--accept-regresion', 'x'], /did you mean "accept-regression"\?/],
    [['promote', 'main', '--accept-regression'], /--accept-regression/],
    [['promote', 'main', '--accept-regression', ' '], /a reason of 1 to 500 characters/],
    [['promote', 'main', '--accept-regression', 'two\nlines'], /on one line; got "two\\nlines"/],
  ])('%j is refused with exit 2', async (args, message) => {
    expect(await run(args)).toBe(2);
    expect(printed).toBe('');
    expect(complained).toMatch(message);
    expect(complained).toContain('npm run baseline -- --help');
  });

  it.each(['save', 'list', 'show', 'promote', 'rm', 'verify'])('explains %s, and the whole', async (name) => {
    expect(await run(['--help'])).toBe(0);
    expect(printed).toContain(`npm run baseline -- ${name}`);
    printed = '';
    expect(await run([name, '--help'])).toBe(0);
    expect(printed.match(/^npm run baseline -- [a-z]+/gm)).toEqual([`npm run baseline -- ${name}`]);
    expect(printed).toContain('Exit codes: 0 done');
  });

  it('notices an option that npm kept, and prints the right line', async () => {
    const kept = { npm_lifecycle_event: 'baseline', npm_config_accept_regression: 'true' };
    expect(await run(['promote', 'main', 'reason'], kept)).toBe(2);
    expect(complained).toContain('npm run baseline -- promote main reason --accept-regression REASON');
  });
});
