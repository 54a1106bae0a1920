import { describe, expect, it } from 'vitest';
import { contrastRatio } from './contrast.js';
import { DARK, LIGHT, PAPER, paletteCss } from './palette.js';

describe.each([
  ['light', LIGHT],
  ['dark', DARK],
  ['paper', PAPER],
])('%s palette', (_name, palette) => {
  const roles = [...Object.entries(palette.roles), ['fail', palette.fail] as const];

  it.each([
    ['ink', palette.ink],
    ['muted', palette.muted],
    ['good', palette.good],
    ...roles.map(([role, colours]) => [`${role} text`, colours.text]),
  ])('%s reads as text at 4.5:1 on the page and on the wash', (_what, colour) => {
    expect(contrastRatio(colour!, palette.page)).toBeGreaterThanOrEqual(4.5);
    expect(contrastRatio(colour!, palette.wash)).toBeGreaterThanOrEqual(4.5);
  });

  it.each([...roles.map(([role, colours]) => [`${role} mark`, colours.mark]), ['focus', palette.focus]])(
    '%s stands out at 3:1 on the page and on the wash',
    (_what, colour) => {
      expect(contrastRatio(colour!, palette.page)).toBeGreaterThanOrEqual(3);
      expect(contrastRatio(colour!, palette.wash)).toBeGreaterThanOrEqual(3);
    },
  );
});

describe('palette', () => {
  it('keeps the fixed colours of native and baseline in both themes', () => {
    for (const palette of [LIGHT, DARK]) {
      expect(palette.roles.native.fill).toBe('#0072B2');
      expect(palette.roles.baseline.fill).toBe('#E69F00');
      expect(palette.fail.fill).toBe('#D55E00');
    }
  });

  it('knows the contrast of black on white and of equal colours', () => {
    expect(contrastRatio('#000000', '#ffffff')).toBeCloseTo(21);
    expect(contrastRatio('#777777', '#777777')).toBe(1);
    expect(() => contrastRatio('red', '#ffffff')).toThrow(/#rrggbb/);
  });

  it('returns to the light colours on paper', () => {
    expect(paletteCss()).toMatch(/@media print \{ :root \{ color-scheme: light; .*--page: #ffffff/);
  });
});
