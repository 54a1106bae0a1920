/** A table as the templates draw it; every chart has one beside it. */
export interface CellView {
  text: string;
  /** Smaller, beside the text: a reason, an absolute value. */
  detail?: string;
  state?: CellState;
  /** A place on this page, `#…`, or of the server that gave it, `/…`; made by us. */
  href?: string;
  /** What the page sorts by, where the text does not say it. */
  sort?: string;
}

/** Never told by colour alone: each state has its word in `text` and its shape in the template. */
export type CellState = 'pass' | 'missed' | 'fail' | 'inconclusive' | 'not-measurable' | 'muted';

/** Numbers stand right-aligned, words on one line, prose may wrap. */
export type ColumnKind = 'number' | 'word' | 'prose';

export interface ColumnView {
  label: string;
  kind: ColumnKind;
}

export interface TableRowView {
  /** First cell is the row's header. */
  head: CellView;
  cells: (CellView & { kind: ColumnKind })[];
  /** The row starts a new group of rows. */
  first: boolean;
}

export interface TableView {
  caption: string;
  columns: ColumnView[];
  rows: TableRowView[];
  /** Rows about all others, which stay below them however the table is sorted: a geometric mean. */
  footer: TableRowView[];
}

export type CellInput = string | CellView;

export interface TableInput {
  caption: string;
  /** A `#` in front marks a column of numbers, a `~` one of prose. */
  columns: string[];
  rows: CellInput[][];
  footer?: CellInput[][];
}

const PROSE_CHARACTERS_MIN = 44;

function kindOf(column: string): ColumnKind {
  if (column.startsWith('#')) return 'number';
  return column.startsWith('~') ? 'prose' : 'word';
}

/** Short prose stays on one line like a word; only a sentence needs to wrap. */
function cellKind(cell: CellView, column: ColumnKind): ColumnKind {
  if (column !== 'prose') return column;
  return cell.text.length + (cell.detail?.length ?? 0) > PROSE_CHARACTERS_MIN ? 'prose' : 'word';
}

function cellOf(input: CellInput): CellView {
  return typeof input === 'string' ? { text: input } : input;
}

/** Builds a table; consecutive rows with the same first cell form a group. */
export function tableView({ caption, columns, rows, footer = [] }: TableInput): TableView {
  const columnViews = columns.map((column) => ({
    label: column.replace(/^[#~]/, ''),
    kind: kindOf(column),
  }));
  let previous: string | null = null;
  const rowView = (row: CellInput[]): TableRowView => {
    const [head, ...cells] = row.map(cellOf);
    const first = head!.text !== previous;
    previous = head!.text;
    return {
      head: head!,
      cells: cells.map((cell, index) => ({
        ...cell,
        kind: cellKind(cell, columnViews[index + 1]?.kind ?? 'word'),
      })),
      first,
    };
  };
  return { caption, columns: columnViews, rows: rows.map(rowView), footer: footer.map(rowView) };
}
