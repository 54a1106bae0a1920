import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { TerminalModel } from './testing/terminal-model.js';

/** The live view on a real terminal, through a pseudo-terminal of the kernel's. */

const TESTING = join(import.meta.dirname, 'testing');
const PROGRAM = join(TESTING, '../../../dist/scenarios/harness/testing/progress-program.js');
const started: ReturnType<typeof spawn>[] = [];
afterEach(() => {
  for (const child of started.splice(0)) child.kill('SIGKILL');
});

function run(size: [columns: number, rows: number], program: number[], env: NodeJS.ProcessEnv = {}) {
  const { NO_COLOR: _, ...inherited } = process.env;
  const child = spawn(
    'python3',
    [join(TESTING, 'in-terminal.py'), ...size.map(String), process.execPath, PROGRAM, ...program.map(String)],
    { env: { ...inherited, ...env }, stdio: ['pipe', 'pipe', 'inherit'] },
  );
  started.push(child);
  const terminal = new TerminalModel(size[0]);
  let text = '';
  let widest = 0;
  const waiters: { isShown: (text: string) => boolean; from: number; resolve: () => void }[] = [];
  child.stdout!.setEncoding('utf8').on('data', (data: string) => {
    text += data;
    terminal.write(data);
    widest = Math.max(widest, ...terminal.screen.map((line) => [...line].length));
    for (const waiter of waiters) if (waiter.isShown(text.slice(waiter.from))) waiter.resolve();
  });
  return {
    terminal,
    ended: once(child, 'close').then(([code]) => code as number),
    text: () => text,
    widest: () => widest,
    /** Resolves when what comes from now on shows it. */
    shows: (isShown: (text: string) => boolean) =>
      new Promise<void>((resolve) => waiters.push({ isShown, from: text.length, resolve })),
    say: (line: string) => child.stdin!.write(`${line}\n`),
  };
}

/** How often it was drawn. */
const views = (text: string): number => text.split('\u001b[J').length - 1;

describe('the live view on a terminal', () => {
  it('fits its width, is drawn in place and is gone at the end', async () => {
    const { ended, text, terminal, widest } = run([47, 12], [12, 100, 3]);
    expect(await ended).toBe(0);
    expect(text()).toContain('round 1/1');
    expect(text()).toContain('\u001b[32m');
    expect(widest()).toBeGreaterThan(30);
    expect(widest()).toBeLessThanOrEqual(47);
    expect(terminal.screen).toEqual(['before', expect.stringMatching(/^after: /)]);
  });

  it('has no colour where NO_COLOR is set', async () => {
    const { ended, text } = run([80, 24], [4, 100, 2], { NO_COLOR: '1' });
    expect(await ended).toBe(0);
    expect(text()).toContain('round 1/1');
    // biome-ignore lint/suspicious/noControlCharactersInRegex: what must not be there
    expect(text()).not.toMatch(/\u001b\[[\d;]*m/);
  });

  it('follows a change of width', async () => {
    const { ended, say, shows, terminal, text } = run([100, 24], [40, 100, 2]);
    await shows((some) => views(some) >= 2 && some.includes('RSS 120 MB'));
    const before = text().length;
    const narrow = shows((some) => views(some) >= 3);
    terminal.columns = 40;
    say('resize 40 24');
    await narrow;
    const drawn = text().slice(before).split('\u001b[J');
    expect(drawn.at(-1)).not.toContain('RSS');
    expect(await ended).toBe(0);
    expect(terminal.screen).toEqual(['before', expect.stringMatching(/^after: /)]);
  });

  it('leaves nothing but the message after Ctrl-C', async () => {
    const { ended, say, shows, terminal } = run([80, 24], [600, 100, 2]);
    await shows((some) => views(some) >= 2);
    say('type \\x03');
    expect(await ended).toBe(130);
    expect(terminal.screen).toEqual([
      'before',
      '',
      'SIGINT: ending the processes and keeping what was measured; once more kills them',
      expect.stringMatching(/^after: /),
    ]);
  });
});
