import { closeSync, fstatSync, openSync, readFileSync } from 'node:fs';
import type { z } from 'zod';

/** JSON files that lie in git and decide something: read within bounds, and believed only when whole. */

const PROBLEMS_SHOWN_MAX = 8;

/**
 * Null when there is none.
 * @param unreadable makes the error of whoever reads from why it cannot be read
 */
export function readBoundedText(
  path: string,
  bytesMax: number,
  unreadable: (why: string, cause?: unknown) => Error,
): string | null {
  let descriptor: number;
  try {
    descriptor = openSync(path, 'r');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw unreadable((error as Error).message, error);
  }
  let size: number;
  try {
    size = fstatSync(descriptor).size;
    if (size <= bytesMax) return readFileSync(descriptor, 'utf8');
  } catch (error) {
    throw unreadable((error as Error).message, error);
  } finally {
    closeSync(descriptor);
  }
  throw unreadable(`${size} bytes, above the limit of ${bytesMax} for such a file`);
}

/** A document of this shape, or everything that is wrong with it, to be read on from the file's name. */
export type ParsedDocument<Value> = { value: Value; problems: [] } | { value: null; problems: string[] };

/** Pure. `version` is what the document's `schema` has to say. */
export function parseStoredDocument<Value>(
  text: string,
  version: string,
  schema: z.ZodType<Value>,
): ParsedDocument<Value> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    return { value: null, problems: [`is not complete JSON: ${(error as Error).message}`] };
  }
  const found = (value as { schema?: unknown } | null)?.schema;
  if (found !== version) {
    const words = JSON.stringify(found) ?? 'none';
    return { value: null, problems: [`has the schema ${words}; this build reads "${version}"`] };
  }
  const result = schema.safeParse(value);
  if (result.success) return { value: result.data, problems: [] };
  const problems = result.error.issues.map(
    ({ path, message }) => `is malformed at ${path.join('.') || 'its top'}: ${message}`,
  );
  const hidden = problems.length - PROBLEMS_SHOWN_MAX;
  const shown = problems.slice(0, PROBLEMS_SHOWN_MAX);
  return { value: null, problems: hidden > 0 ? [...shown, `has ${hidden} more problems`] : shown };
}

export function checksumProblems(written: string, computed: string): string[] {
  if (written === computed) return [];
  return [
    `does not match its checksum (${written.slice(0, 12)}… written, ${computed.slice(0, 12)}… computed): ` +
      'it was changed by hand or damaged',
  ];
}
