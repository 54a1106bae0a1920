import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { instructionsOf } from './callgrind-profile.js';
import { InstructionError } from './instruction-error.js';

const fixture = (name: string): string =>
  readFileSync(join(import.meta.dirname, 'testing', `${name}.callgrind`), 'utf8');

describe('the total of a profile', () => {
  it('is what callgrind collected', () => {
    expect(instructionsOf(fixture('header-encode'), 'profile')).toBe(393_241);
  });

  it('is the column of the instructions where other events stand beside them', () => {
    const profile = 'version: 1\npart: 1\nevents: Dr Ir Dw\nsummary: 7 1200 3\n\ntotals: 7 1200 3\n';
    expect(instructionsOf(profile, 'profile')).toBe(1200);
  });

  it('needs no summary', () => {
    expect(instructionsOf('events: Ir\nfn=(1) main\n16 12\ntotals: 12\n', 'profile')).toBe(12);
  });

  it.each([
    ['', /profile is no profile .*has no line "events:"/],
    [
      'events: Ir\nsummary: 12\nfn=(1) main\n16 12\n',
      /has 0 lines "totals:" instead of one; it may be cut off/,
    ],
    ['events: Dr Dw\ntotals: 1 2\n', /counts Dr, Dw, and no instructions/],
    ['events: Ir\nsummary: 12\ntotals: 13\n', /has the total 13 and the summary 12/],
    ['events: Ir\ntotals: -12\n', /says "totals: -12", which holds no number/],
    ['events: Ir\ntotals: 99999999999999999999\n', /holds no number of instructions/],
    ['events: Ir\ntotals:\n', /holds no number of instructions/],
    ['events: Ir\nsummary: 0\ntotals: 0\n', /did not meet the function msgtrans_counted/],
    ['part: 1\nevents: Ir\ntotals: 1\npart: 2\nevents: Ir\ntotals: 2\n', /has several parts/],
  ])('refuses %j', (profile, message) => {
    expect(() => instructionsOf(profile, 'profile')).toThrow(message);
    expect(() => instructionsOf(profile, 'profile')).toThrow(InstructionError);
  });

  it('is never wrong for a profile that is cut off: refused, or the whole total', () => {
    const whole = fixture('header-encode');
    fc.assert(
      fc.property(fc.nat(whole.length), (length) => {
        // Within the digits of the last line nobody can tell that some are missing, but the summary can.
        try {
          expect(instructionsOf(whole.slice(0, length), 'profile')).toBe(393_241);
        } catch (error) {
          expect(error).toMatchObject({ code: 'ERR_INSTRUCTIONS_PROFILE', exitCode: 1 });
        }
      }),
    );
  });
});
