import { describe, expect, it } from 'vitest';
import { InterruptedError } from '../../../scenarios/harness/interruption.js';
import { objectionsTo, preflight } from './preflight.js';

describe('the preflight', () => {
  it('objects to a machine that spreads too far or is taken away, by number and limit', () => {
    expect(objectionsTo(38, 2)).toEqual([]);
    expect(objectionsTo(120, 2)).toEqual([expect.stringMatching(/spread over 120 %.*limit 76 %/)]);
    expect(objectionsTo(38, 31)).toEqual([expect.stringMatching(/took 31 %.*limit 10 %/)]);
    expect(objectionsTo(120, 31)).toHaveLength(2);
  });

  it('does not begin after an interrupt', async () => {
    const controller = new AbortController();
    controller.abort();
    await expect(preflight([0], false, controller.signal)).rejects.toBeInstanceOf(InterruptedError);
  });
});
