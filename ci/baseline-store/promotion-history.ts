import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { writeFileAtomic } from '../../scenarios/harness/atomic-write.js';
import { isBaselineName } from '../../scenarios/harness/baseline-name.js';
import { BaselineError } from './baseline-error.js';
import { HISTORY_FILE } from './baseline-folder.js';
import { canonicalLine } from './canonical-json.js';

/**
 * Promotions, one JSON line each, in git: which build became the one to be compared with over a long time, and which
 * slowdowns were accepted with what reason. Lines are only ever added.
 */
export const PROMOTION_SCHEMA = 'msgtrans.promotion/1';

/** How long a promoted build counts as one to keep up with. */
export const ANCHOR_DAYS = 90;
export const REASON_LENGTH_MAX = 500;

const positive = z.number().finite().positive();

const promotionSchema = z.strictObject({
  schema: z.literal(PROMOTION_SCHEMA),
  at: z.iso.datetime(),
  name: z.string().refine(isBaselineName, 'no name of a baseline'),
  commit: z.string().regex(/^[0-9a-f]{40,64}$/, 'no full commit hash'),
  /** The anchor that it was compared with, and the mean ratio to it; null for the first, and where none was comparable. */
  against: z.strictObject({ name: z.string(), commit: z.string(), ratio: positive }).nullable(),
  /** Speed relative to the first promotion since the last accepted regression. */
  speed: positive,
  /** Why a slower build, or one that could not be compared, was taken all the same. */
  acceptedRegression: z.string().min(1).max(REASON_LENGTH_MAX).nullable(),
});

export type Promotion = z.output<typeof promotionSchema>;

export function historyPath(baselines: string): string {
  return join(baselines, HISTORY_FILE);
}

/**
 * In the order of time: merges of branches may have put lines elsewhere.
 *
 * @throws BaselineError `ERR_BASELINE_INVALID` naming the line
 */
export function readHistory(baselines: string): Promotion[] {
  const path = historyPath(baselines);
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw new BaselineError('ERR_BASELINE_INVALID', `${path} cannot be read: ${(error as Error).message}`);
  }
  const { promotions, problems } = checkHistory(text);
  if (problems.length === 0) return promotions;
  throw new BaselineError(
    'ERR_BASELINE_INVALID',
    `${problems.map((problem) => `${path}:${problem}`).join('\n')}\nRestore it from git.`,
  );
}

/** Pure. Problems begin with the number of their line. */
export function checkHistory(text: string): { promotions: Promotion[]; problems: string[] } {
  const promotions: Promotion[] = [];
  const problems: string[] = [];
  const lines = text.split('\n');
  if (lines.at(-1) === '') lines.pop();
  else if (text !== '') problems.push(`${lines.length}: is truncated: the last line has no end`);
  for (const [index, line] of lines.entries()) {
    let value: unknown;
    try {
      value = JSON.parse(line);
    } catch {
      problems.push(`${index + 1}: is not complete JSON`);
      continue;
    }
    const version = (value as { schema?: unknown } | null)?.schema;
    if (version !== PROMOTION_SCHEMA) {
      const found = JSON.stringify(version) ?? 'none';
      problems.push(`${index + 1}: has the schema ${found}; this build reads "${PROMOTION_SCHEMA}"`);
      continue;
    }
    const result = promotionSchema.safeParse(value);
    if (result.success) promotions.push(result.data);
    else {
      for (const { path, message } of result.error.issues) {
        problems.push(`${index + 1}: is malformed at ${path.join('.') || 'its top'}: ${message}`);
      }
    }
  }
  promotions.sort((left, right) => Date.parse(left.at) - Date.parse(right.at));
  return { promotions, problems };
}

/** Replaces the file whole, so that a full disk leaves the history as it was. The caller holds the store's lock. */
export function appendPromotion(baselines: string, promotion: Promotion): void {
  const lines = [...readHistory(baselines), promotionSchema.parse(promotion)].map(canonicalLine);
  mkdirSync(baselines, { recursive: true });
  try {
    writeFileAtomic(historyPath(baselines), `${lines.join('\n')}\n`);
  } catch (error) {
    throw new BaselineError('ERR_BASELINE_WRITE', (error as Error).message, { cause: error });
  }
}

/** The build promoted last: the one to start from where no other is named. */
export function latestPromotion(history: readonly Promotion[]): Promotion | null {
  return history.at(-1) ?? null;
}

/**
 * The build that a slow slide is measured against: the fastest one promoted within `ANCHOR_DAYS`, so that a series of
 * promotions, each a little slower and none provably, has the first of them before it all the time. Where all are
 * older, the last one. What was promoted before an accepted regression no longer counts.
 */
export function anchorAt(history: readonly Promotion[], now: Date): Promotion | null {
  const since = history.findLastIndex((each) => each.acceptedRegression !== null);
  const counting = history.slice(Math.max(0, since));
  const oldest = now.getTime() - ANCHOR_DAYS * 86_400_000;
  let fastest: Promotion | null = null;
  for (const each of counting) {
    if (Date.parse(each.at) < oldest) continue;
    if (fastest === null || each.speed >= fastest.speed) fastest = each;
  }
  return fastest ?? latestPromotion(counting);
}
