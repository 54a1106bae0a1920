/** What a cell is sorted by: its figure, its words, or nothing, which stands last whatever the direction. */
export type SortKey = number | string | null;
export type Direction = 'ascending' | 'descending';

/** By code units after lower case, runs of digits as numbers; not by the reader's locale, so that a page sorts the same everywhere. */
function compareWords(a: string, b: string): number {
  const [left, right] = [a, b].map((text) => text.toLowerCase().split(/(\d+)/)) as [string[], string[]];
  for (let index = 0; index < Math.min(left.length, right.length); index++) {
    const [one, other] = [left[index]!, right[index]!];
    if (one === other) continue;
    const difference = index % 2 === 1 ? Number(one) - Number(other) : 0;
    return difference || (one < other ? -1 : 1);
  }
  return left.length - right.length;
}

function compareKeys(a: SortKey, b: SortKey): number {
  if (typeof a === 'number' && typeof b === 'number') return a - b;
  return compareWords(String(a), String(b));
}

/** The rows' indices in the order of their keys; equal keys keep their order, missing ones come last. */
export function orderOfRows(keys: readonly SortKey[], direction: Direction): number[] {
  const sign = direction === 'ascending' ? 1 : -1;
  return keys
    .map((_, index) => index)
    .sort((a, b) => {
      const [one, other] = [keys[a]!, keys[b]!];
      if (one === null || other === null) return Number(one === null) - Number(other === null) || a - b;
      return sign * compareKeys(one, other) || a - b;
    });
}

/** Whether a row has every word that was typed, in any order and case. */
export function matchesWords(rowText: string, typed: string): boolean {
  const plain = (text: string) => text.toLowerCase().replace(/[\s\u00a0\u2007\u2008\u202f]+/g, ' ');
  const row = plain(rowText);
  return plain(typed)
    .split(' ')
    .every((word) => row.includes(word));
}
