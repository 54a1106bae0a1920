import { describe, expect, it } from 'vitest';
import { chosenPaths, INSTRUCTION_OPTIONS, instructionsHelp, parseInstructionOptions } from './options.js';

describe('the options of npm run instructions', () => {
  it('are all read', () => {
    const args = ['--save', '--accept-growth', 'why', '--path', 'map-get', '--json', 'x.json'];
    expect(parseInstructionOptions(args)).toEqual({
      ...{ save: true, acceptGrowth: 'why', gate: false, path: 'map-get', json: 'x.json' },
    });
    expect(parseInstructionOptions(['--gate'])).toMatchObject({ gate: true, save: false, path: null });
    expect(parseInstructionOptions(['--help'])).toBeNull();
  });

  it('all stand in the help', () => {
    for (const name of Object.keys(INSTRUCTION_OPTIONS)) expect(instructionsHelp()).toContain(`--${name}`);
  });

  it.each([
    [['--svae'], /no option --svae; did you mean "save"\?/],
    [['map-get'], /takes no words; got "map-get"/],
    [['--accept-growth', 'why'], /is the reason of a --save/],
    [['--save', '--gate'], /--save changes what --gate compares with/],
    [['--save', '--accept-growth', ' '], /a reason of 1 to 500 characters/],
    [['--path='], /--path needs a value: --path NAME/],
  ])('%j is refused', (args, message) => {
    expect(() => parseInstructionOptions(args)).toThrow(message);
  });

  it('name paths that there are', () => {
    expect(chosenPaths(['a', 'b'], null)).toEqual(['a', 'b']);
    expect(chosenPaths(['map-get', 'map-insert'], 'map-get')).toEqual(['map-get']);
    expect(() => chosenPaths(['map-get', 'map-insert'], 'map-gte')).toThrow(
      /no path "map-gte"; did you mean "map-get"\?\nThere are: map-get, map-insert/,
    );
  });
});
