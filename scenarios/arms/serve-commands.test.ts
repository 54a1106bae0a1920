import { expect, it } from 'vitest';
import { ControlError, numberField, textField } from './serve-commands.js';

/** How lines are read and answered is tested with the processes that serve them. */
it('names the field that is wrong', () => {
  expect(numberField({ rate: 2 }, 'rate', 0)).toBe(2);
  expect(textField({ url: 'x' }, 'url')).toBe('x');
  for (const rate of [-1, Number.NaN, '2', undefined]) {
    expect(() => numberField({ rate }, 'rate', 0)).toThrow(ControlError);
  }
  expect(() => textField({ url: 3 }, 'url')).toThrow(/"url" must be a text/);
});
