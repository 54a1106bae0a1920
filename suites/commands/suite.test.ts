import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { runRecordSchema } from '../../reports/record-file/record-schema.js';
import { SUITES } from '../registry.js';

/** The command as a person runs it: built code, a process of its own. `npm test` builds before it tests. */

const ROOT = join(import.meta.dirname, '..', '..');
const COMMAND = join(ROOT, 'dist', 'suites', 'commands', 'suite.js');
const TINY = [
  'event-queue',
  '--quick',
  '--rounds',
  '1',
  '--case',
  '*batch=16,consumers=1,*',
  '--arm',
  'native,baseline',
];

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'msgtrans-suite-'));
});
afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

/** The temporary folder is a test's own, and with it the machine-wide lock. */
function run(args: string[], more: Record<string, string> = {}) {
  const own = { ...process.env };
  for (const key of Object.keys(own)) if (key.startsWith('npm_') || key === 'INIT_CWD') delete own[key];
  const { status, stdout, stderr } = spawnSync(process.execPath, [COMMAND, ...args], {
    env: { ...own, TMPDIR: folder, MSGTRANS_RUNS_DIR: join(folder, 'runs'), ...more },
    encoding: 'utf8',
    cwd: folder,
    timeout: 120_000,
  });
  return { code: status, stdout, stderr };
}

describe('npm run suite', () => {
  it('lists every suite with its cases', () => {
    const { code, stdout } = run(['--list']);
    expect(code).toBe(0);
    for (const { name, title, cases } of SUITES) {
      expect(stdout).toContain(`${name}  ${title}`);
      for (const each of cases) expect(stdout).toContain(`  ${each.name}: `);
    }
  });

  it('leaves a table, a record that the report takes, and the report', () => {
    const { code, stdout, stderr } = run([...TINY, '--seed', '5', '--json', 'r.json', '--html', 'r.html']);
    expect(stderr).toContain('event-queue: 1 cases, 1 rounds, seed 5');
    expect(code).toBe(0);
    expect(stdout).toContain('hand-over/batch=16,consumers=1,producers=1');
    const record = JSON.parse(readFileSync(join(folder, 'r.json'), 'utf8'));
    expect(runRecordSchema.safeParse(record).error).toBeUndefined();
    expect(record).toMatchObject({ scenario: 'suite:event-queue', seed: 5, exitCode: 0 });
    const [body] = Object.values<{ arms: object }>(record.cases);
    expect(Object.keys(body.arms)).toEqual(['native', 'baseline']);
    expect(readFileSync(join(folder, 'r.html'), 'utf8')).toContain('suite:event-queue');
    const kept = join(folder, 'runs', 'latest', 'record.json');
    expect(readFileSync(kept, 'utf8')).toBe(readFileSync(join(folder, 'r.json'), 'utf8'));
    expect(existsSync(join(folder, 'runs', 'latest', 'report.html'))).toBe(true);
  }, 120_000);

  it('ends in order at SIGINT, and keeps what it has', async () => {
    const child = spawn(process.execPath, [COMMAND, 'event-queue', '--no-progress'], {
      env: {
        ...process.env,
        npm_lifecycle_event: '',
        TMPDIR: folder,
        MSGTRANS_RUNS_DIR: join(folder, 'runs'),
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    onTestFinished(() => void child.kill('SIGKILL'));
    let stderr = '';
    child.stderr.on('data', (text) => {
      stderr += text;
    });
    const exited = once(child, 'exit');
    while (!stderr.includes('event-queue: 5 cases')) await once(child.stderr, 'data');
    child.kill('SIGINT');
    expect(await exited).toEqual([130, null]);
    const record = JSON.parse(readFileSync(join(folder, 'runs', 'latest', 'record.json'), 'utf8'));
    expect(runRecordSchema.safeParse(record).error).toBeUndefined();
    expect(record).toMatchObject({ interrupted: true, verdict: 'inconclusive', exitCode: 130 });
  }, 120_000);

  it('says what cannot be written, with the numbers all the same, and exits 1', () => {
    const { code, stdout } = run([...TINY, '--json', join(folder, 'no', 'such', 'r.json')]);
    expect(stdout).toContain('operations/s');
    expect(stdout).toContain('no/such/r.json');
    expect(code).toBe(1);
  }, 120_000);

  it.each([
    [['numma'], 'no suite is named "numma"; did you mean "numa"?'],
    [['--case', 'nothing-like-it'], '--case: no case matches "nothing-like-it"'],
    [['--arm', 'rival:tbbb'], 'did you mean "rival:tbb"?'],
    [['--rounds', 'many'], '--rounds is a whole number from 1 to 1000; got "many"'],
    [['--bogus'], 'unknown option --bogus'],
  ])('exits 2 for %j and says what to do', (args, message) => {
    const { code, stdout, stderr } = run(args);
    expect(stderr).toContain(message);
    expect(stdout).toBe('');
    expect(code).toBe(2);
  });

  it('notices options that npm kept for itself', () => {
    const { code, stderr } = run(['numa'], { npm_lifecycle_event: 'suite', npm_config_quick: 'true' });
    expect(stderr).toContain('npm run suite numa -- --quick');
    expect(code).toBe(2);
  });
});
