import { describe, expect, it } from 'vitest';
import { createProgress } from './progress.js';
import { TerminalModel } from './testing/terminal-model.js';

function setup(isTTY: boolean, changes: { color?: boolean; terminal?: boolean; signal?: AbortSignal } = {}) {
  let now = 0;
  const written: string[] = [];
  const output = { write: (text: string) => written.push(text), isTTY, columns: 100, rows: 24 };
  let tick = () => {};
  let ticking = true;
  const progress = createProgress({
    output,
    secondsTotal: 130,
    progressSecondsTotal: 100,
    color: false,
    nowMs: () => now,
    every: (_intervalMs, call) => {
      tick = call;
      return () => (ticking = false);
    },
    ...changes,
  });
  return {
    ...{ progress, written, output },
    wait: (milliseconds: number) => (now += milliseconds),
    tick: () => tick(),
    isTicking: () => ticking,
    screen: () => {
      const terminal = new TerminalModel(output.columns);
      for (const text of written) terminal.write(text);
      return terminal.screen;
    },
  };
}

describe('progress', () => {
  it('on a terminal is drawn in place, at most twice a second', () => {
    const { progress, written, wait, screen } = setup(true);
    for (let step = 0; step < 100; step++) {
      progress.phase('round 1/10: tcp');
      progress.rate('native', 1_230_000);
      progress.observe('native', { latencyNsP50: 9e4, latencyNsP99: 3e5, rssBytes: 5e7 });
      progress.condition({ stealPercent: 0, errors: 0 });
      progress.advance(0.5);
      wait(10);
    }
    wait(500);
    progress.observe('native', {});
    expect(written).toHaveLength(3);
    expect(screen()).toEqual([
      expect.stringMatching(/^50 % █{10}░{10} .* left · round 1\/10: tcp$/),
      expect.stringMatching(/^native {2}1\.23 M\/s {2}p50 90\.0 µs .* p99 300 µs .* RSS 50\.0 MB$/),
      '● calm: steal 0 %  0 errors',
    ]);
    progress.end();
    expect(screen()).toEqual([]);
  });

  it('elsewhere, and where lines cannot be drawn over, is a plain line every 30 s', () => {
    for (const { progress, written, wait } of [setup(false), setup(true, { terminal: false })]) {
      for (let second = 0; second < 100; second++) {
        progress.advance(1);
        wait(1000);
      }
      progress.end();
      expect(written).toHaveLength(3);
      expect(written.join('')).toMatch(/^(\d+ % · starting · [\w ]+ left\n)+$/);
    }
  });

  it('goes on while nothing happens', () => {
    const { written, wait, tick } = setup(true);
    tick();
    wait(1_000);
    tick();
    expect(written).toHaveLength(2);
    expect(written[1]).toContain('2 min 09 s left');
  });

  it('forgets the arms of the phase before', () => {
    const { progress, wait, screen } = setup(true);
    progress.rate('native', 1);
    wait(1_000);
    progress.phase('another');
    expect(screen().join()).not.toContain('native');
  });

  it('keeps a condition that is not told again', () => {
    const { progress, wait, screen } = setup(true);
    progress.condition({ errors: 3, nextCheckpointSeconds: 42 });
    wait(1_000);
    progress.condition({ stealPercent: 1 });
    expect(screen().at(-1)).toBe('● calm: steal 1.00 %  3 errors  checkpoint in 42 s');
  });

  it('has colour only where it is wanted', () => {
    const plain = setup(true);
    plain.progress.phase('x');
    expect(plain.written.join('')).not.toContain('\u001b[2m');
    const coloured = setup(true, { color: true });
    coloured.progress.phase('x');
    expect(coloured.written.join('')).toContain('\u001b[2m');
  });

  it('says the remaining time from how fast it goes', () => {
    const { progress, written, wait } = setup(true);
    progress.advance(25);
    wait(50_000);
    progress.phase('x');
    expect(written.at(-1)).toContain('2 min 30 s left');
  });

  it('is gone at an abort, before anybody says why, and draws nothing any more', () => {
    const controller = new AbortController();
    const { progress, written, wait, tick, isTicking, screen } = setup(true, { signal: controller.signal });
    progress.phase('x');
    controller.abort();
    expect(screen()).toEqual([]);
    const count = written.length;
    wait(10_000);
    progress.phase('y');
    tick();
    progress.end();
    expect(written).toHaveLength(count);
    expect(isTicking()).toBe(false);
  });

  it('leaves nothing behind when the terminal becomes narrower, and wider again', () => {
    const { progress, written, wait, output } = setup(true);
    const terminal = new TerminalModel(100);
    terminal.write('before\n');
    let seen = 0;
    for (const columns of [100, 37, 100, 9, 60]) {
      output.columns = terminal.columns = columns;
      progress.rate('native', 1_230_000);
      progress.observe('native', { latencyNsP50: 9e4, latencyNsP99: 3e5 });
      wait(600);
      progress.advance(1);
      for (; seen < written.length; seen++) terminal.write(written[seen]);
      expect(terminal.screen.filter((line) => line.includes('left') || line.includes(' % '))).toHaveLength(1);
    }
    progress.end();
    terminal.write(written.at(-1)!);
    expect(terminal.screen).toEqual(['before']);
  });
});
