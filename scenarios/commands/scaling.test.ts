import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { allowedProcessors } from '../harness/machine.js';
import type { RunRecord } from '../harness/record.js';

/** `scaling-16-core` as a person runs it, in small: real threads, no numbers judged. */

const COMMAND = join(import.meta.dirname, '..', '..', 'dist', 'scenarios', 'commands', 'scenario.js');
const TIMEOUT_MS = 120_000;
const cores = allowedProcessors().length;

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'msgtrans-scaling-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function run(
  args: string[],
  processors: string | null = null,
): { code: number | null; stdout: string; stderr: string; record: RunRecord } {
  const env = { ...process.env, TMPDIR: folder, MSGTRANS_RUNS_DIR: join(folder, 'runs') };
  for (const key of Object.keys(env)) if (key.startsWith('npm_')) delete env[key as keyof typeof env];
  const scenario = [process.execPath, COMMAND, 'scaling-16-core', '--no-progress', ...args];
  const [command, ...rest] = processors === null ? scenario : ['taskset', '-c', processors, ...scenario];
  const result = spawnSync(command, rest, {
    ...{ env, encoding: 'utf8', cwd: folder, timeout: TIMEOUT_MS },
  });
  const text = readFileSync(join(folder, 'runs', 'latest', 'record.json'), 'utf8');
  const record = JSON.parse(text) as RunRecord;
  return { code: result.status, stdout: result.stdout, stderr: result.stderr, record };
}

it(
  'measures what this machine has cores for, labels the rest, and leaves a report',
  () => {
    const { code, stdout, record } = run([
      '--quick',
      '--repeat',
      '1',
      '--duration',
      '250ms',
      '--case',
      'none/*lookup',
    ]);
    expect(code, stdout).toBe(0);
    const statusOf = (name: string) => record.cases[name].status;
    expect(statusOf('none/work=lookup')).toBe('measured');
    // Whatever the hypervisor does meanwhile may drop every block; then there is nothing to project from.
    const kept = record.blocks.some(({ case: name, dropped }) => name.includes('threads=') && !dropped);
    for (const threads of [2, 4, 8, 16]) {
      const expected = threads <= cores ? 'measured' : kept ? 'projected' : 'not-measurable';
      expect(statusOf(`none/threads=${threads},work=lookup`), `${threads} threads`).toBe(expected);
    }
    const { ledger } = record.cases['none/work=lookup'].arms.native;
    expect(ledger.sent).toBeGreaterThan(0);
    expect(ledger).toMatchObject({ delivered: ledger.sent, corrupted: 0 });
    if (kept) {
      expect(record.scaling?.map(({ work, arm }) => `${work} ${arm}`)).toEqual([
        'lookup native',
        'lookup baseline',
      ]);
      expect(stdout).toContain('scaling (the ALU loop divided out; projections are no results)');
    }
    const page = readFileSync(join(folder, 'runs', 'latest', 'report.html'), 'utf8');
    expect(page).toContain('Looking up sessions by id');
  },
  TIMEOUT_MS,
);

it(
  'ends with an error where nothing that was asked for can be measured, and says what it would take',
  () => {
    const { code, stdout, record } = run(['--quick', '--case', 'tcp/*'], String(allowedProcessors()[0]));
    expect(code).toBe(1);
    expect(stdout).toContain('1 reactor needs 3 cores');
    expect(record.verdict).toBe('fail');
  },
  TIMEOUT_MS,
);
