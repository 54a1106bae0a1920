import { describe, expect, it } from 'vitest';
import { HistoryError } from './history-error.js';
import { formatHistory, HISTORY_SCHEMA, NO_METRIC, parseHistory } from './history-line.js';
import { sampleLine } from './testing/sample-lines.js';

function refusal(text: string): HistoryError {
  try {
    parseHistory(text, 'h.ndjson');
  } catch (error) {
    if (error instanceof HistoryError) return error;
    throw error;
  }
  throw new Error('was read');
}

describe('a line of the history', () => {
  it('is read as it was written, in the order of time, whatever the order of the file', () => {
    const lines = [sampleLine(2), sampleLine(1), sampleLine(3, NO_METRIC)];
    expect(parseHistory(formatHistory(lines), 'h')).toEqual([lines[1], lines[0], lines[2]]);
  });

  it('is left out when its writer was killed in the middle of it', () => {
    const text = formatHistory([sampleLine(1), sampleLine(2)]);
    expect(parseHistory(text.slice(0, -20), 'h')).toEqual([sampleLine(1)]);
    expect(parseHistory('', 'h')).toEqual([]);
  });

  it('may have fields that a later build adds', () => {
    const line = JSON.stringify({ ...sampleLine(1), weather: 'rain' });
    expect(parseHistory(`${line}\n`, 'h')).toEqual([sampleLine(1)]);
  });

  it.each([
    ['{"schema":', 'h.ndjson:2: is no JSON'],
    ['null', 'h.ndjson:2: has the schema none'],
    ['{"schema":"msgtrans.run/1"}', 'h.ndjson:2: has the schema "msgtrans.run/1"; this build reads'],
    [
      JSON.stringify({ ...sampleLine(1), minutes: -1 }),
      'h.ndjson:2: is malformed at minutes: Too small: expected number to be >=0',
    ],
    [JSON.stringify({ ...sampleLine(1), finding: 'good' }), 'h.ndjson:2: is malformed at finding'],
  ])('is refused with file and line: %s', (line, message) => {
    const error = refusal(`${formatHistory([sampleLine(1)])}${line}\n`);
    expect(error.code).toBe('ERR_HISTORY_MALFORMED');
    expect(error.message).toContain(message);
    expect(error.message).toContain('the next gate begins a new one');
  });

  it('is refused together with every other one, up to what anybody reads', () => {
    expect(refusal('1\n2\n').message).toMatch(/h\.ndjson:1: .*\nh\.ndjson:2: /);
    expect(refusal('1\n'.repeat(40)).message).toContain('… and 20 more');
  });

  it('of a later schema says what to do', () => {
    const later = HISTORY_SCHEMA.replace('/1', '/2');
    const error = refusal(`{"schema":"${later}"}\n`);
    expect(error.code).toBe('ERR_HISTORY_VERSION');
    expect(error.message).toContain('h.ndjson:1: was written by a later build');
    expect(error.message).toContain('Read it with a checkout as new as those lines');
  });

  it('is not written when it could not be read again', () => {
    expect(() => formatHistory([sampleLine(1, { slowdownPercent: Number.NaN })])).toThrow();
  });
});
