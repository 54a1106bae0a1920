import { describe, expect, it } from 'vitest';
import { createProgress, formatSeconds } from './progress.js';

function setup(isTTY: boolean, color = false) {
  let now = 0;
  const written: string[] = [];
  const progress = createProgress({
    output: { write: (text) => written.push(text), isTTY, columns: 100 },
    secondsTotal: 130,
    slotSecondsTotal: 100,
    color,
    nowMs: () => now,
  });
  return { progress, written, wait: (milliseconds: number) => (now += milliseconds) };
}

describe('progress', () => {
  it('on a terminal is one line, redrawn at most four times a second', () => {
    const { progress, written, wait } = setup(true);
    for (let step = 0; step < 100; step++) {
      progress.phase('round 1/10: tcp');
      progress.rate('native', 1_230_000);
      progress.advance(0.5);
      wait(10);
    }
    expect(written.length).toBeLessThanOrEqual(4);
    // biome-ignore lint/suspicious/noControlCharactersInRegex: the line is erased by an escape sequence
    expect(written.at(-1)).toMatch(/^\r\u001b\[2K\d+ % · round 1\/10: tcp · .* left · native 1\.23 M\/s$/);
    progress.end();
    expect(written.at(-1)).toBe('\r\u001b[2K');
  });

  it('elsewhere is a plain line every 30 s', () => {
    const { progress, written, wait } = setup(false);
    for (let second = 0; second < 100; second++) {
      progress.advance(1);
      wait(1000);
    }
    progress.end();
    expect(written).toHaveLength(3);
    expect(written.join('')).toMatch(/^(\d+ % · starting · [\w ]+ left\n)+$/);
  });

  it('has colour only where it is wanted', () => {
    const plain = setup(true);
    plain.progress.phase('x');
    expect(plain.written.join('')).not.toContain('\u001b[2m');
    const coloured = setup(true, true);
    coloured.progress.phase('x');
    expect(coloured.written.join('')).toContain('\u001b[2m');
  });

  it('says the remaining time from how fast it goes', () => {
    const { progress, written, wait } = setup(true);
    progress.advance(25);
    wait(50_000);
    progress.phase('x');
    expect(written.at(-1)).toContain('2 min 30 s left');
    expect(formatSeconds(59.6)).toBe('1 min 00 s');
  });
});
