import { existsSync, readFileSync } from 'node:fs';
import { UsageError } from '../../../scenarios/harness/usage-error.js';
import { NdjsonFile, parseLines } from '../invocation/ndjson-file.js';
import {
  type BankEnd,
  type BankHeader,
  type BankInvocation,
  type BankLine,
  bankLineSchema,
} from './bank-lines.js';
import { SelftestError } from './selftest-error.js';
import type { SeriesName } from './selftest-kinds.js';

/** Invocations measured one after the other, without a pause that could hold another machine. */
export interface Stretch {
  header: BankHeader;
  invocations: BankInvocation[];
  /** Null for one that was killed. */
  end: BankEnd | null;
}

/** A bank that is appended to, each line on the disk before the next one is measured. */
export class BankFile extends NdjsonFile<BankLine> {}

/** Throws `SelftestError` naming file and line. */
export function readBank(path: string): Stretch[] {
  return parseBank(readFileSync(path, 'utf8'), path);
}

export function parseBank(text: string, path: string): Stretch[] {
  const refuse = (line: number, what: string): SelftestError =>
    new SelftestError('ERR_SELFTEST_BANK', `${path}:${line}: ${what}; the lines before it are whole`);
  const stretches: Stretch[] = [];
  for (const line of parseLines(text, bankLineSchema, refuse)) {
    if (line.kind === 'header') {
      stretches.push({ header: line, invocations: [], end: null });
      continue;
    }
    const stretch = stretches.at(-1);
    if (stretch === undefined) throw refuse(1, 'a bank begins with a header');
    if (line.kind === 'end') stretch.end = line;
    else stretch.invocations.push(line);
  }
  return stretches;
}

/**
 * What a bank holds before more is measured. A file that is there is only gone on with where that was asked for: two kinds of
 * machine or two states of the code in one bank are a decision, not an accident.
 */
export function stretchesBefore(path: string, resume: boolean): Stretch[] {
  if (!existsSync(path)) return [];
  const stretches = readBank(path);
  if (resume || stretches.length === 0) return stretches;
  const invocations = stretches.reduce((sum, each) => sum + each.invocations.length, 0);
  throw new UsageError(
    `--bank: ${path} holds ${invocations} invocations already; add --resume to go on with it, or name another file`,
  );
}

/** The amount of work that an earlier stretch found for the same slowdown on the same machine; null when none did. */
export function knownAmount(
  stretches: readonly Stretch[],
  { kind, percent }: SeriesName,
  fingerprint: string,
): number | null {
  const same = stretches.filter(
    ({ header: { series, machine } }) =>
      series.kind === kind && series.percent === percent && machine.fingerprint === fingerprint,
  );
  return same.at(-1)?.header.amount ?? null;
}
