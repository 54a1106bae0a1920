import type { LeakRecord, SoakRecord } from '../../scenarios/harness/record.js';
import { capitalised, listInWords, plural } from '../numbers/sentence.js';
import { slopeText } from './soak-tables.js';

/** What a soak found about leaks, in words: of native, which the rule judges, and never of more gauges than it could judge. */

/** The gauges of native that the rule has judged. */
export function judgedGauges({ leaks }: SoakRecord): LeakRecord[] {
  return (leaks.native ?? []).filter(({ verdict }) => verdict === 'clean' || verdict === 'leak');
}

/** Those that it could not judge yet, because the run, or one life of its processes, is too short for them. */
export function shortGauges({ leaks }: SoakRecord): LeakRecord[] {
  return (leaks.native ?? []).filter(({ verdict }) => verdict === 'too-short');
}

/** The gauges that leak, or that none does of those that were judged. */
export function leakWords(soak: SoakRecord): string {
  const judged = judgedGauges(soak);
  const found = judged.filter(({ verdict }) => verdict === 'leak');
  if (found.length > 0) {
    const slopes = found.map((leak) => `${leak.label} at ${slopeText(leak.slopeBytesPerSecond)}`);
    return `leaks: ${listInWords(slopes)}`;
  }
  if (judged.length === 0) return 'too short to find a leak';
  return shortGauges(soak).length === 0 ? 'no gauge leaks' : 'no gauge that could be judged leaks';
}

/** `too short to judge resident memory`; empty where every gauge was judged, or none, which {@link leakWords} says itself. */
export function unjudgedWords(soak: SoakRecord): string {
  const short = shortGauges(soak);
  if (short.length === 0 || judgedGauges(soak).length === 0) return '';
  return `too short to judge ${listInWords(short.map(({ label }) => label))}`;
}

/** What the page's headline says about leaks. */
export function leakClause(soak: SoakRecord): string {
  const unjudged = unjudgedWords(soak);
  return unjudged === '' ? leakWords(soak) : `${leakWords(soak)} (${unjudged})`;
}

/** With how small a leak would have been found in the gauge that tells least. */
export function leakSentence(soak: SoakRecord): string {
  const judged = judgedGauges(soak);
  const [smallest] = judged
    .filter(({ detectableBytesPerSecond }) => detectableBytesPerSecond !== null)
    .sort((a, b) => b.detectableBytesPerSecond! - a.detectableBytesPerSecond!);
  const could =
    smallest === undefined
      ? ''
      : `; of ${plural(judged.length, 'gauge')} judged the least sensitive, ${smallest.label}, would have shown a leak of ${slopeText(smallest.detectableBytesPerSecond)}`;
  return `${capitalised(leakClause(soak))}${could}.`;
}
