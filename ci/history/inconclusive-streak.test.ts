import { describe, expect, it } from 'vitest';
import type { HistoryLine } from './history-line.js';
import { inconclusiveStreak, streakWarning } from './inconclusive-streak.js';
import { sampleLine } from './testing/sample-lines.js';

const inconclusive = (day: number, changes: Partial<HistoryLine> = {}) =>
  sampleLine(day, { gateVerdict: 'inconclusive', exitCode: 4, ...changes });

describe('inconclusive gates in a row', () => {
  it('are a failure of the gate from the fifth on', () => {
    const four = [sampleLine(1), ...[2, 3, 4, 5].map((day) => inconclusive(day))];
    expect(inconclusiveStreak(four)).toEqual({ gates: 4, since: four[1].at, failing: false });
    expect(streakWarning(inconclusiveStreak(four))).toBeNull();
    const five = inconclusiveStreak([...four, inconclusive(6)]);
    expect(five).toEqual({ gates: 5, since: four[1].at, failing: true });
    expect(streakWarning(five)).toContain(
      'the last 5 gates on main were inconclusive, since 2024-01-02T12:00',
    );
  });

  it('are over with one that decided, a failed one too', () => {
    const lines = [1, 2, 3, 4, 5].map((day) => inconclusive(day));
    lines.push(sampleLine(6, { gateVerdict: 'fail', exitCode: 3 }));
    expect(inconclusiveStreak(lines).gates).toBe(0);
  });

  it('are gates, not lines, and only those of main that were measured', () => {
    const lines = [1, 2, 3].map((day) => inconclusive(day));
    lines.push(inconclusive(3, { metric: 'cpu_ns_per_op' }));
    lines.push(sampleLine(4, { branch: 'topic' }), inconclusive(5, { branch: null }));
    lines.push(sampleLine(6, { comparison: 'identical-files' }));
    expect(inconclusiveStreak(lines).gates).toBe(3);
    expect(inconclusiveStreak([])).toEqual({ gates: 0, since: null, failing: false });
  });
});
