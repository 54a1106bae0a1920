import type { CellInput, TableView } from '../view-model/table-view.js';

/** `[2.52, 3.12]` stays readable in the source; before a bracket it could be the text of a link. */
const INTERVAL = /(\[[\d.\s\u2212]+, [\d.\s\u2212]+\](?![([:]))/;

/** Text from a file in Markdown: it must not break out of its table, become markup or a link. */
export function markdownText(text: string): string {
  return text
    .replace(/[\r\n\u2028\u2029]+/g, ' ')
    .split(INTERVAL)
    .map((part, index) => (index % 2 === 1 ? part : escaped(part)))
    .join('');
}

function escaped(text: string): string {
  return text.replace(/[|`<>[\]*&\\]/g, (character) => `&#${character.charCodeAt(0)};`);
}

/** `text (detail)`, as a link where the cell is one. */
export function markdownCell(input: CellInput): string {
  const { text, detail, href } = typeof input === 'string' ? { text: input } : input;
  const shown = href === undefined ? markdownText(text) : `[${markdownText(text)}](${href})`;
  if (detail === undefined || detail === '') return shown;
  // An interval has brackets of its own.
  return detail.startsWith('[') ? `${shown} ${markdownText(detail)}` : `${shown} (${markdownText(detail)})`;
}

/** A table of the page as Markdown; what a group's rows have in common stands in its first row only. */
export function markdownTable({ columns, rows, footer }: TableView): string {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  return [
    line(columns.map(({ label }) => markdownText(label))),
    line(columns.map(({ kind }) => (kind === 'number' ? '---:' : '---'))),
    ...[...rows, ...footer].map(({ head, cells, first }) =>
      line([first ? markdownCell(head) : '', ...cells.map((cell) => markdownCell(cell))]),
    ),
  ].join('\n');
}
