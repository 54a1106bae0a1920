import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  anchorAt,
  appendPromotion,
  historyPath,
  latestPromotion,
  type Promotion,
  readHistory,
} from './promotion-history.js';
import { caught } from './testing/caught.js';

let baselines: string;
beforeEach(() => {
  baselines = mkdtempSync(join(tmpdir(), 'msgtrans-history-'));
});
afterEach(() => rmSync(baselines, { recursive: true }));

const day = (number: number) => new Date(Date.UTC(2024, 0, 1) + number * 86_400_000);
const promotion = (onDay: number, speed: number, changes: Partial<Promotion> = {}): Promotion => ({
  schema: 'msgtrans.promotion/1',
  at: day(onDay).toISOString(),
  name: `v${onDay}`,
  commit: 'a'.repeat(40),
  against: null,
  speed,
  acceptedRegression: null,
  ...changes,
});
const anchorName = (history: Promotion[], onDay: number) => anchorAt(history, day(onDay))?.name;

describe('the anchor', () => {
  it('is the fastest promoted build, however many slower ones follow', () => {
    const slide = [promotion(0, 1), promotion(1, 0.99), promotion(2, 0.98), promotion(3, 0.97)];
    expect(anchorName(slide, 4)).toBe('v0');
    expect(latestPromotion(slide)?.name).toBe('v3');
    expect(anchorName([...slide, promotion(5, 1.1)], 6)).toBe('v5');
  });

  it('is the later of two that are equally fast', () => {
    expect(anchorName([promotion(0, 1), promotion(1, 1)], 2)).toBe('v1');
  });

  it('is left behind after 90 days, for the fastest of those that are younger', () => {
    const history = [promotion(0, 1), promotion(10, 0.98), promotion(20, 0.97)];
    expect(anchorName(history, 90)).toBe('v0');
    expect(anchorName(history, 91)).toBe('v10');
    expect(anchorName(history, 500)).toBe('v20');
  });

  it('begins anew with an accepted regression', () => {
    const accepted = promotion(2, 1, { acceptedRegression: 'checks cost something' });
    const history = [promotion(0, 1), promotion(1, 1.5), accepted, promotion(3, 0.99)];
    expect(anchorName(history, 4)).toBe('v2');
  });

  it('is nobody before the first promotion', () => {
    expect(anchorAt([], day(0))).toBeNull();
    expect(latestPromotion([])).toBeNull();
  });
});

describe('the history', () => {
  it('is added to, one line of sorted keys each, and read in the order of time', () => {
    appendPromotion(baselines, promotion(2, 1));
    appendPromotion(baselines, promotion(1, 1.1));
    const lines = readFileSync(historyPath(baselines), 'utf8').trimEnd().split('\n');
    expect(lines).toHaveLength(2);
    for (const line of lines)
      expect(Object.keys(JSON.parse(line))).toEqual(Object.keys(JSON.parse(line)).toSorted());
    expect(readHistory(baselines).map(({ name }) => name)).toEqual(['v1', 'v2']);
  });

  it.each<[string, (text: string) => string, RegExp]>([
    [
      'truncated',
      (text) => text.slice(0, -20),
      /ndjson:2: is truncated[\s\S]*ndjson:2: is not complete JSON/,
    ],
    ['without its last newline', (text) => text.slice(0, -1), /ndjson:2: is truncated/],
    [
      'of another version',
      (text) => text.replace('promotion/1', 'promotion/2'),
      /ndjson:1: has the schema "msgtrans.promotion\/2"/,
    ],
    ['carrying NaN', (text) => text.replace('"speed":1', '"speed":NaN'), /ndjson:1: is not complete JSON/],
    [
      'carrying an infinity',
      (text) => text.replace('"speed":1', '"speed":1e999'),
      /ndjson:1: is malformed at speed/,
    ],
    ['naming a path', (text) => text.replace('"v1"', '"../v1"'), /ndjson:1: is malformed at name/],
    ['of conflicting branches', (text) => `<<<<<<< ours\n${text}`, /ndjson:1: is not complete JSON/],
  ])('that is %s is refused by file and line, and not written over', async (_, damage, message) => {
    appendPromotion(baselines, promotion(1, 1));
    appendPromotion(baselines, promotion(2, 1));
    const text = damage(readFileSync(historyPath(baselines), 'utf8'));
    writeFileSync(historyPath(baselines), text);
    for (const action of [() => readHistory(baselines), () => appendPromotion(baselines, promotion(3, 1))]) {
      const refused = await caught(action);
      expect(refused).toMatchObject({ code: 'ERR_BASELINE_INVALID', exitCode: 5 });
      expect(refused.message).toMatch(message);
    }
    expect(readFileSync(historyPath(baselines), 'utf8')).toBe(text);
  });
});
