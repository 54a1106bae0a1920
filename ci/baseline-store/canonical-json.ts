/**
 * JSON whose bytes follow from its content alone: keys sorted, however the value was put together. So a checksum
 * speaks of the content and not of who wrote it, and a diff in git shows what changed and nothing else.
 */

/** On one line: for checksums, and for files of one value a line. */
export function canonicalLine(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonicalLine).join(',')}]`;
  if (!isObject(value)) return JSON.stringify(value);
  return `{${sortedEntries(value)
    .map(([key, each]) => `${JSON.stringify(key)}:${canonicalLine(each)}`)
    .join(',')}}`;
}

/** Indented; lists of plain values stay on one line, because that is how people read a row of numbers. */
export function canonicalDocument(value: unknown): string {
  return `${indented(value, '')}\n`;
}

function indented(value: unknown, indent: string): string {
  const inner = `${indent}  `;
  if (Array.isArray(value)) {
    if (!value.some((each) => typeof each === 'object' && each !== null)) {
      return `[${value.map((each) => JSON.stringify(each)).join(', ')}]`;
    }
    return `[\n${value.map((each) => inner + indented(each, inner)).join(',\n')}\n${indent}]`;
  }
  if (!isObject(value)) return JSON.stringify(value);
  const entries = sortedEntries(value);
  if (entries.length === 0) return '{}';
  const lines = entries.map(([key, each]) => `${inner}${JSON.stringify(key)}: ${indented(each, inner)}`);
  return `{\n${lines.join(',\n')}\n${indent}}`;
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}

/** By code unit, not by the user's language. */
function sortedEntries(value: object): [string, unknown][] {
  return Object.entries(value).sort(([left], [right]) => (left < right ? -1 : 1));
}
