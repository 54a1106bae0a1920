import type { ArmRole } from '../view-model/arm-identity.js';

/**
 * Okabe–Ito with a fixed meaning: native blue, baseline orange, limit grey, rivals green, purple, sky, and
 * vermillion for what failed. `fill` is the palette's own colour; several of them are too pale for a thin
 * line or a word on paper, so each has a `mark` (3:1 against the page at least) and a `text` (4.5:1) in the
 * same hue. A test holds the contrasts.
 */
export interface RoleColours {
  fill: string;
  mark: string;
  text: string;
}

export interface Palette {
  page: string;
  ink: string;
  muted: string;
  /** Hairlines and grid: decoration, no meaning. */
  hairline: string;
  /** Behind dropped blocks and code. */
  wash: string;
  focus: string;
  good: string;
  fail: RoleColours;
  roles: Record<ArmRole, RoleColours>;
}

const BLUE = '#0072B2';
const ORANGE = '#E69F00';
const GREEN = '#009E73';
const PURPLE = '#CC79A7';
const SKY = '#56B4E9';
const VERMILLION = '#D55E00';

export const LIGHT: Palette = {
  page: '#fdfdfb',
  ink: '#1c1e20',
  muted: '#595f66',
  hairline: '#dcdedd',
  wash: '#eef0ef',
  focus: BLUE,
  good: '#00694b',
  fail: { fill: VERMILLION, mark: VERMILLION, text: '#ad4500' },
  roles: {
    native: { fill: BLUE, mark: BLUE, text: '#0067a1' },
    'native-1': { fill: '#8fc1de', mark: BLUE, text: '#0067a1' },
    'native-2': { fill: '#5c7f9e', mark: '#1f4668', text: '#1f4668' },
    baseline: { fill: ORANGE, mark: '#ad7700', text: '#855a00' },
    limit: { fill: '#f1f2f2', mark: '#82888e', text: '#595f66' },
    'rival-1': { fill: GREEN, mark: '#00895f', text: '#00704f' },
    'rival-2': { fill: PURPLE, mark: '#b5608f', text: '#9a4677' },
    'rival-3': { fill: SKY, mark: '#3389bd', text: '#1d6f9e' },
    other: { fill: '#a4a8ac', mark: '#5f656b', text: '#4a4f54' },
  },
};

export const DARK: Palette = {
  page: '#15181b',
  ink: '#e4e6e8',
  muted: '#a2a9b0',
  hairline: '#30363c',
  wash: '#22272c',
  focus: '#6cb8ea',
  good: '#4fcda3',
  fail: { fill: VERMILLION, mark: '#ee7a2c', text: '#ff9c5b' },
  roles: {
    native: { fill: BLUE, mark: '#2f93d6', text: '#5fb2ea' },
    'native-1': { fill: '#174e70', mark: '#2f93d6', text: '#5fb2ea' },
    'native-2': { fill: '#3f6686', mark: '#9fc6e6', text: '#a9cbe8' },
    baseline: { fill: ORANGE, mark: ORANGE, text: '#f0b232' },
    limit: { fill: '#262b30', mark: '#878e95', text: '#aab0b6' },
    'rival-1': { fill: GREEN, mark: '#14b083', text: '#3ccb9f' },
    'rival-2': { fill: PURPLE, mark: PURPLE, text: '#dd98be' },
    'rival-3': { fill: SKY, mark: '#8accf3', text: '#a4d8f7' },
    other: { fill: '#6c737a', mark: '#b8bec4', text: '#c6cbd0' },
  },
};

/** The palette as custom properties, `--role-native-mark` and the like. */
export function customProperties(palette: Palette): string {
  const plain = ['page', 'ink', 'muted', 'hairline', 'wash', 'focus', 'good'] as const;
  const lines = plain.map((name) => `--${name}: ${palette[name]};`);
  for (const [role, colours] of [...Object.entries(palette.roles), ['fail', palette.fail] as const]) {
    for (const [use, colour] of Object.entries(colours)) lines.push(`--role-${role}-${use}: ${colour};`);
  }
  return lines.join(' ');
}

/** What is printed: the light colours on white. */
export const PAPER: Palette = { ...LIGHT, page: '#ffffff' };

/** Light by default, dark by preference, paper when printing whatever the preference. */
export function paletteCss(): string {
  return [
    `:root { color-scheme: light; ${customProperties(LIGHT)} }`,
    `@media (prefers-color-scheme: dark) { :root { color-scheme: dark; ${customProperties(DARK)} } }`,
    `:root.printing { color-scheme: light; ${customProperties(PAPER)} }`,
    `@media print { :root { color-scheme: light; ${customProperties(PAPER)} } }`,
  ].join('\n');
}
