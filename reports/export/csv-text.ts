export type CsvValue = string | number | null;

/** A spreadsheet takes text that begins with one of these for a formula; so may a tab or the end of a line before it. */
const FORMULA = /^[=+\-@\t\r\n\uff0b\uff0d\uff1d\uff20]/;
const NEEDS_QUOTES = /[",\r\n']|^\s|\s$/;

/**
 * RFC 4180: CRLF after every line, quotes doubled. Text that a spreadsheet would run gets an apostrophe in front and
 * quotes around; numbers stay numbers, negative ones too, and what is missing or not finite is empty.
 */
export function csvText(header: readonly string[], rows: Iterable<readonly CsvValue[]>): string {
  const lines = [header.map(csvField).join(',')];
  for (const row of rows) lines.push(row.map(csvField).join(','));
  return `${lines.join('\r\n')}\r\n`;
}

function csvField(value: CsvValue): string {
  if (value === null) return '';
  if (typeof value === 'number') return Number.isFinite(value) ? String(value) : '';
  const safe = FORMULA.test(value) ? `'${value}` : value;
  return NEEDS_QUOTES.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}
