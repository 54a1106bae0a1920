/**
 * What a terminal shows of a stream: lines that wrap when they are longer than it is wide and are wrapped anew when it
 * changes its width, and the few escape sequences that a live view may use. Any other sequence is an error.
 */
export class TerminalModel {
  columns: number;
  #lines = [''];
  #line = 0;
  #cell = 0;

  constructor(columns: number) {
    this.columns = columns;
  }

  /** Without the empty lines at the end. */
  get screen(): string[] {
    const lines = this.#lines.map((line) => line.trimEnd());
    while (lines.at(-1) === '') lines.pop();
    return lines;
  }

  write(text: string): void {
    // biome-ignore lint/suspicious/noControlCharactersInRegex: this is what a terminal reads
    for (const [piece] of text.matchAll(/\u001b\[[?\d;]*[A-Za-z]|\r|\n|[^\u001b\r\n]+|\u001b/g)) {
      if (piece === '\r') this.#cell -= this.#cell % this.columns;
      else if (piece === '\n') this.#down();
      else if (piece.startsWith('\u001b')) this.#sequence(piece);
      else this.#print([...piece]);
    }
  }

  #down(): void {
    this.#line += 1;
    this.#cell = 0;
    if (this.#line === this.#lines.length) this.#lines.push('');
  }

  #print(cells: string[]): void {
    const line = [...this.#lines[this.#line].padEnd(this.#cell)];
    line.splice(this.#cell, cells.length, ...cells);
    this.#lines[this.#line] = line.join('');
    this.#cell += cells.length;
  }

  #sequence(sequence: string): void {
    // biome-ignore lint/suspicious/noControlCharactersInRegex: this is what a terminal reads
    const match = /^\u001b\[(\d*)([AJm])$/.exec(sequence);
    if (match === null) throw new Error(`the terminal does not know ${JSON.stringify(sequence)}`);
    const [, count, command] = match;
    if (command === 'A') for (let up = 0; up < Number(count || 1); up++) this.#up();
    if (command !== 'J') return;
    this.#lines.length = this.#line + 1;
    this.#lines[this.#line] = [...this.#lines[this.#line]].slice(0, this.#cell).join('');
  }

  /** One row of the screen; a long line has several. */
  #up(): void {
    if (this.#cell >= this.columns) {
      this.#cell -= this.columns;
      return;
    }
    if (this.#line === 0) return;
    this.#line -= 1;
    const cells = [...this.#lines[this.#line]].length;
    const lastRow = Math.max(0, Math.ceil(cells / this.columns) - 1);
    this.#cell = lastRow * this.columns + this.#cell;
  }
}
