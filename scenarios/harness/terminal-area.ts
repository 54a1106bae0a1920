import type { ProgressOutput } from './progress.js';

/** A terminal that does not say how large it is. */
const COLUMNS_UNKNOWN = 80;
const ROWS_UNKNOWN = 24;

/**
 * Some lines at the bottom of a terminal that are drawn over again and again. The cursor rests behind the last of them
 * and is never hidden, so whatever ends the process leaves a terminal that works.
 */
export class TerminalArea {
  readonly #output: ProgressOutput;
  /** Cells of each line on the screen. */
  #drawn: number[] = [];

  constructor(output: ProgressOutput) {
    this.#output = output;
  }

  /** `make` gets the cells and lines there are. */
  draw(make: (columns: number, rows: number) => string[]): void {
    const columns = this.#output.columns || COLUMNS_UNKNOWN;
    const rows = this.#output.rows || ROWS_UNKNOWN;
    // The last cell stays free: some terminals go to the next line when it is written.
    const lines = make(columns - 1, rows - 1);
    this.#output.write(this.#erase(columns) + lines.join('\n'));
    this.#drawn = lines.map(cellsOf);
  }

  clear(): void {
    if (this.#drawn.length === 0) return;
    this.#output.write(this.#erase(this.#output.columns || COLUMNS_UNKNOWN));
    this.#drawn = [];
  }

  /** A terminal that has become narrower since has wrapped the lines: they take more rows than there are lines. */
  #erase(columns: number): string {
    if (this.#drawn.length === 0) return '\r\u001b[J';
    const taken = this.#drawn.reduce((sum, cells) => sum + Math.max(1, Math.ceil(cells / columns)), 0);
    const up = taken - 1;
    return `\r${up > 0 ? `\u001b[${up}A` : ''}\u001b[J`;
  }
}

function cellsOf(line: string): number {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: colours are escape sequences and take no cell
  return [...line.replace(/\u001b\[\d*m/g, '')].length;
}
