/** `a`, `a and b`, `a, b and c` */
export function listInWords(items: readonly string[]): string {
  if (items.length < 2) return items.join('');
  return `${items.slice(0, -1).join(', ')} and ${items.at(-1)}`;
}

/** `1 message`, `3 messages`; the number is given already formatted. */
export function plural(count: number, noun: string, formatted = String(count)): string {
  return `${formatted} ${noun}${count === 1 ? '' : 's'}`;
}

/** First letter in upper case, for sentences that start with data. */
export function capitalised(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
