/** Spaces of our typography: no-break, thin, as wide as a digit, as wide as a full stop. */
const SPACES = /[\s\u00a0\u2007\u2008\u2009\u202f]+/g;
const PIECE = /^([+-]?\d+(?:\.\d+)?(?:e[+-]?\d+)?)(.*)$/i;

/** What a unit multiplies its figure by, so that 900 µs sorts before 1 ms; other units count as they stand. */
const MULTIPLIERS: readonly (readonly [unit: RegExp, factor: number])[] = [
  [/^ns(?![a-z])/, 1e-9],
  [/^µs(?![a-z])/, 1e-6],
  [/^ms(?![a-z])/, 1e-3],
  [/^s(?![a-z])/, 1],
  [/^min(?![a-z])/, 60],
  [/^h(?![a-z])/, 3600],
  [/^G(?=op|B)/, 1e9],
  [/^M(?=op|B)/, 1e6],
  [/^k(?=op|B)/, 1e3],
];
const TIME_PIECES = /^(?:h|min)(?=\d)/;

/**
 * The number that a cell shows, the way the other functions of this folder write it: thin spaces in thousands, a true
 * minus, prefixed units, `9 min 20 s`, an interval by its lower end. Null where the text is no figure.
 */
export function readFigure(text: string): number | null {
  let rest = text.replace(SPACES, '').replaceAll('\u2212', '-').replace(/^[[(]/, '');
  let sum: number | null = null;
  for (;;) {
    const piece = PIECE.exec(rest);
    if (piece === null) return sum;
    const unit = piece[2]!;
    const factor = MULTIPLIERS.find(([pattern]) => pattern.test(unit))?.[1] ?? 1;
    sum = (sum ?? 0) + Number(piece[1]) * factor;
    // Only durations go on in a second unit.
    const next = TIME_PIECES.exec(unit);
    if (next === null) return sum;
    rest = unit.slice(next[0].length);
  }
}
