import type { GateSummary, SummaryRow } from './gate-summary.js';

/** The verdict as a person reads it in a terminal. */
export function summaryText(summary: GateSummary): string {
  const { verdict, comparison, reasons, rows, notes } = summary;
  const lines = [comparison, '', ...table(rows), '', `gate: ${verdict.toUpperCase()}`];
  for (const reason of reasons) lines.push(...reason.split('\n').map((line) => `  ${line}`));
  if (notes.length > 0) lines.push('', ...notes.map((note) => `note: ${note}`));
  return `${lines.join('\n')}\n`;
}

const COLUMNS = ['case', 'metric', 'base', 'candidate', 'slowdown', 'limit', 'finding'] as const;

function table(rows: readonly SummaryRow[]): string[] {
  const cells = [[...COLUMNS], ...rows.map((row) => COLUMNS.map((column) => row[column]))];
  const widths = COLUMNS.map((_, column) => Math.max(...cells.map((row) => [...row[column]].length)));
  return cells.map((row) =>
    row
      .map((cell, column) => {
        const padding = ' '.repeat(widths[column] - [...cell].length);
        // Names begin together, figures end together.
        return column < 2 || column === COLUMNS.length - 1 ? cell + padding : padding + cell;
      })
      .join('  ')
      .trimEnd(),
  );
}
