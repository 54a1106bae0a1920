import { closeSync, fsyncSync, openSync, readFileSync, truncateSync, writeSync } from 'node:fs';
import type { z } from 'zod';

/**
 * Lines of JSON that a killed writer cannot spoil: each is on the disk before `append` returns, and what was left of an
 * unfinished one is left out by the reader and cut off by the next writer.
 */
export class NdjsonFile<Line> {
  readonly path: string;
  readonly #descriptor: number;

  /** Opens for appending, and makes the file where there is none. */
  constructor(path: string) {
    this.path = path;
    const whole = wholeBytes(path);
    if (whole !== null) truncateSync(path, whole);
    this.#descriptor = openSync(path, 'a', 0o644);
  }

  append(line: Line): void {
    const bytes = Buffer.from(`${JSON.stringify(line)}\n`, 'utf8');
    for (let offset = 0; offset < bytes.length; ) offset += writeSync(this.#descriptor, bytes, offset);
    fsyncSync(this.#descriptor);
  }

  close(): void {
    closeSync(this.#descriptor);
  }
}

/**
 * The whole lines of a text.
 * @param refuse makes the error for a line that is wrong, from where it lies and what is wrong with it
 */
export function parseLines<Line>(
  text: string,
  schema: z.ZodType<Line>,
  refuse: (lineNumber: number, what: string) => Error,
): Line[] {
  // What follows the last newline was never finished.
  const lines = text.slice(0, text.lastIndexOf('\n') + 1).split('\n');
  return lines.flatMap((line, index): Line[] => {
    if (line === '') return [];
    let value: unknown;
    try {
      value = JSON.parse(line);
    } catch {
      throw refuse(index + 1, 'is no JSON');
    }
    const result = schema.safeParse(value);
    if (result.success) return [result.data];
    const [issue] = result.error.issues;
    throw refuse(index + 1, `is malformed at ${issue.path.join('.') || 'its top'}: ${issue.message}`);
  });
}

/** Bytes up to and with the last newline; null when there is no file. */
function wholeBytes(path: string): number | null {
  try {
    return readFileSync(path).lastIndexOf(0x0a) + 1;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
}
