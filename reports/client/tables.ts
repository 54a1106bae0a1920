import { readFigure } from '../numbers/read-figure.js';
import type { PageDocument, PageElement } from './page-surface.js';
import { type Direction, matchesWords, orderOfRows, type SortKey } from './table-order.js';

declare const document: PageDocument;

/** A shorter table is seen at a glance. */
const SORTABLE_ROWS_MIN = 3;
const FILTERABLE_ROWS_MIN = 12;

/** Gives every table its buttons and every long one its field. They are made here: without scripts they could do nothing. */
export function armTables(): void {
  let filters = 0;
  for (const table of document.querySelectorAll('table')) {
    const body = [...table.querySelectorAll('tbody')][0];
    if (body === undefined) continue;
    const rows = [...body.querySelectorAll('tr')];
    if (rows.length >= SORTABLE_ROWS_MIN) armSorting(table, body, rows);
    if (rows.length >= FILTERABLE_ROWS_MIN) armFilter(table, body, rows, ++filters);
  }
}

function armSorting(table: PageElement, body: PageElement, rows: PageElement[]): void {
  const headers = [...table.querySelectorAll('thead th')];
  headers.forEach((header, column) => {
    const button = document.createElement('button');
    button.type = 'button';
    button.textContent = header.textContent;
    header.replaceChildren(button);
    button.addEventListener('click', () => {
      const direction = nextDirection(header.getAttribute('aria-sort'));
      for (const other of headers) other.removeAttribute('aria-sort');
      if (direction !== null) header.setAttribute('aria-sort', direction);
      const isFigure = header.classList.contains('number');
      const order =
        direction === null
          ? rows
          : orderOfRows(
              rows.map((row) => keyOf(row, column, isFigure)),
              direction,
            ).map((index) => rows[index]!);
      for (const row of order) body.append(row);
      markGroups(body);
    });
  });
}

/** Up, down, and back to the order of the page. */
function nextDirection(current: string | null): Direction | null {
  if (current === null) return 'ascending';
  return current === 'ascending' ? 'descending' : null;
}

function keyOf(row: PageElement, column: number, isFigure: boolean): SortKey {
  const cell = row.children[column];
  if (cell === undefined) return null;
  const text = cell.dataset.sort ?? (cell.textContent ?? '').trim();
  if (isFigure) return readFigure(text);
  return text.startsWith('n/a') ? null : text;
}

/** A group names itself in its first row, which another order or a filter changes. */
function markGroups(body: PageElement): void {
  let previous: string | null = null;
  for (const row of body.querySelectorAll('tr')) {
    if (row.hidden) continue;
    const name = row.children[0]?.textContent ?? '';
    if (name === previous) row.classList.remove('first');
    else row.classList.add('first');
    previous = name;
  }
}

function armFilter(table: PageElement, body: PageElement, rows: PageElement[], ordinal: number): void {
  const label = document.createElement('label');
  const field = document.createElement('input');
  const count = document.createElement('span');
  field.type = 'search';
  field.id = `filter-${ordinal}`;
  label.textContent = 'Rows with';
  label.htmlFor = field.id;
  field.setAttribute(
    'aria-label',
    `Rows with, in the table: ${table.querySelector('caption')?.textContent ?? ''}`,
  );
  count.setAttribute('role', 'status');
  count.textContent = `${rows.length} rows`;
  const bar = document.createElement('p');
  bar.classList.add('filter');
  bar.append(label, field, count);
  (table.parentElement ?? table).before(bar);
  const apply = () => {
    let shown = 0;
    for (const row of rows) {
      row.hidden = !matchesWords(row.textContent ?? '', field.value);
      if (!row.hidden) shown += 1;
    }
    count.textContent = shown === rows.length ? `${rows.length} rows` : `${shown} of ${rows.length} rows`;
    markGroups(body);
  };
  field.addEventListener('input', apply);
  field.addEventListener('keydown', (event) => {
    if (event.key !== 'Escape') return;
    field.value = '';
    apply();
  });
}
