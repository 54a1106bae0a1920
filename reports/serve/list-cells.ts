import { buildInWords } from '../gate/gate-words.js';
import { NOT_AVAILABLE } from '../numbers/digits.js';
import { plural } from '../numbers/sentence.js';
import type { CellState, CellView } from '../view-model/table-view.js';
import type { Tone } from '../view-model/verdict-view.js';
import { LISTED_MAX } from './listing.js';
import { type ReportKind, reportPath } from './request-route.js';

/** What the lists of runs and of gates say in the same way. */

export function toneState(tone: Tone): CellState {
  return tone === 'pass' || tone === 'fail' ? tone : 'inconclusive';
}

export const MISSING: CellView = { text: NOT_AVAILABLE, state: 'muted' };

/** @param details that stand beside the commit, after whether its tree was changed */
export function buildCell(
  { commit, dirty }: { commit: string | null; dirty: boolean },
  ...details: string[]
): CellView {
  const all = [...(dirty ? ['with changes'] : []), ...details];
  const text = buildInWords({ commit, dirty: false });
  return all.length === 0 ? { text } : { text, detail: all.join('; ') };
}

/** Of a folder whose file cannot be read: a way to the page that lies there, if one does. */
export function folderCell(
  { name, hasPage }: { name: string; hasPage: boolean },
  kind: ReportKind,
): CellView {
  return hasPage
    ? { text: name, href: reportPath(kind, name), detail: 'the page that lies beside it' }
    : { text: name };
}

/** `; 3 older ones beyond the 200 listed are left out` */
export function olderInWords(left: number): string {
  if (left === 0) return '';
  return `; ${plural(left, 'older one')} beyond the ${LISTED_MAX} listed ${left === 1 ? 'is' : 'are'} left out`;
}
