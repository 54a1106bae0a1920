import { type CountFinding, type CountLine, GROWTH_LIMIT_PERCENT } from './compare-counts.js';

const WORDS: Record<CountFinding, string> = {
  grown: `more than ${GROWTH_LIMIT_PERCENT} % more`,
  accepted: 'more, accepted',
  unchanged: '',
  fewer: `more than ${GROWTH_LIMIT_PERCENT} % fewer`,
  new: 'none stored',
  'other-work': 'does other work than was stored',
  gone: 'is no more',
};

export function formatPerOperation(value: number | null): string {
  return value === null ? '–' : value.toFixed(2);
}

export function formatChange(percent: number | null): string {
  return percent === null ? '–' : `${percent > 0 ? '+' : ''}${percent.toFixed(2)} %`;
}

/** What a line says besides its figures; empty when there is nothing to say. */
export function findingWords({ finding, reason }: CountLine): string {
  return reason === null ? WORDS[finding] : `${WORDS[finding]}: ${reason}`;
}

/** A table of instructions per operation, as a person reads it in a terminal. */
export function countsTable(lines: readonly CountLine[]): string {
  const cells = [
    ['path', 'stored', 'now', 'change', ''],
    ...lines.map((line) => [
      line.path,
      formatPerOperation(line.stored),
      formatPerOperation(line.now),
      formatChange(line.changePercent),
      findingWords(line),
    ]),
  ];
  const widths = cells[0].map((_, column) => Math.max(...cells.map((row) => [...row[column]].length)));
  const rows = cells.map((row) =>
    row
      .map((cell, column) => {
        const padding = ' '.repeat(widths[column] - [...cell].length);
        // Names and words begin together, figures end together.
        return column === 0 || column === 4 ? cell + padding : padding + cell;
      })
      .join('  ')
      .trimEnd(),
  );
  return `${rows.join('\n')}\n`;
}
