import { describe, expect, it } from 'vitest';
import { type ArmView, formatSeconds, type LiveState, liveLines, plainLine } from './live-view.js';

const ARM: ArmView = {
  operationsPerSecond: 152_300,
  latencyNsP50: [90e3, 95e3],
  latencyNsP99: [300e3, 600e3],
  rssBytes: 120e6,
};

function state(changes: Partial<LiveState> = {}): LiveState {
  return {
    phase: 'round 3/10: tcp/depth=16',
    share: 0.42,
    secondsLeft: 250,
    arms: new Map([
      ['native', ARM],
      ['rival:node-net', { ...ARM, operationsPerSecond: 9_000 }],
    ]),
    stealPercent: 0.3,
    errors: 0,
    nextCheckpointSeconds: null,
    ...changes,
  };
}

const cells = (line: string): number => [...line].length;

describe('the live view', () => {
  it('shows phase, percent, remaining time, and a line for each arm, in columns', () => {
    const lines = liveLines(state(), 120, 24, false);
    expect(lines).toEqual([
      '42 % ████████░░░░░░░░░░░░ 4 min 10 s left · round 3/10: tcp/depth=16',
      'native           152 k/s  p50 95.0 µs  ▁▁  p99 600 µs  ▆█  RSS 120 MB',
      'rival:node-net  9.00 k/s  p50 95.0 µs  ▁▁  p99 600 µs  ▆█  RSS 120 MB',
      '● calm: steal 0.300 %  0 errors',
    ]);
  });

  it('leaves out the least important columns whole where the terminal is narrow, and cuts the rest', () => {
    for (let columns = 120; columns >= 1; columns--) {
      const lines = liveLines(state({ nextCheckpointSeconds: 42 }), columns, 24, false);
      expect(Math.max(...lines.map(cells))).toBeLessThanOrEqual(columns);
    }
    expect(liveLines(state(), 60, 24, false)[1]).toBe(
      'native           152 k/s  p50 95.0 µs  p99 600 µs  ▆█',
    );
    expect(liveLines(state(), 30, 24, false)[1]).toBe('native           152 k/s');
  });

  it('counts the arms that a low terminal has no line for', () => {
    expect(liveLines(state(), 80, 4, false)[2]).toBe('and 1 further arms');
    for (let rows = 1; rows < 10; rows++) {
      expect(liveLines(state(), 80, rows, false).length).toBeLessThanOrEqual(rows);
    }
  });

  it('says with a word and a colour how much the machine was taken away', () => {
    const foot = (stealPercent: number | null, color = false) =>
      liveLines(state({ stealPercent }), 80, 24, color).at(-1);
    expect([0, 5, 12].map((percent) => foot(percent)?.split(':')[0])).toEqual(['● calm', '● some', '● high']);
    expect([0, 5, 12].map((percent) => foot(percent, true)?.slice(0, 5))).toEqual([
      ...['\u001b[32m', '\u001b[33m', '\u001b[31m'],
    ]);
    expect(foot(null)).toBe('0 errors');
  });

  it('tells errors and the next checkpoint', () => {
    const lines = liveLines(state({ errors: 1, nextCheckpointSeconds: 42 }), 80, 24, false);
    expect(lines.at(-1)).toMatch(/ 1 error {2}checkpoint in 42 s$/);
  });

  it('has escape sequences only where colour is wanted, and they take no cell', () => {
    const plain = liveLines(state(), 70, 24, false).join('\n');
    const painted = liveLines(state(), 70, 24, true).join('\n');
    expect(plain).not.toContain('\u001b');
    // biome-ignore lint/suspicious/noControlCharactersInRegex: the colours themselves
    expect(painted.replace(/\u001b\[\d+m/g, '')).toBe(plain);
    expect(painted).toContain('\u001b');
  });

  it('is one plain line for a log', () => {
    expect(plainLine(state({ errors: 2, nextCheckpointSeconds: 5 }))).toBe(
      '42 % · round 3/10: tcp/depth=16 · 4 min 10 s left · native 152 k/s p99 600 µs  ' +
        'rival:node-net 9.00 k/s p99 600 µs · steal 0.300 % · 2 errors · checkpoint in 5 s',
    );
    expect(plainLine(state({ arms: new Map(), stealPercent: null }))).toBe(
      '42 % · round 3/10: tcp/depth=16 · 4 min 10 s left',
    );
  });

  it('writes times for people', () => {
    expect([0, 59.6, 150, 86_399].map(formatSeconds)).toEqual([
      '0 s',
      '1 min 00 s',
      '2 min 30 s',
      '23 h 59 min',
    ]);
  });
});
