import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { countedProgram } from '../instructions/counted-program.js';
import { readCountingToolchain } from '../instructions/counting-toolchain.js';
import { countsFileOf, readCounts, writeCounts } from '../instructions/counts-file.js';
import { hasValgrind } from '../instructions/testing/installed-valgrind.js';

/** The command as a person runs it: built code, the real program. `npm test` builds before it tests. */

const ROOT = join(import.meta.dirname, '..', '..');
const PROGRAM = countedProgram(ROOT);
const COMMAND = join(ROOT, 'dist', 'ci', 'commands', 'instructions.js');
const PATH = ['--path', 'header-encode'];

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'msgtrans-instructions-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const baselines = (): string => join(folder, 'baselines');

function run(args: string[], more: Record<string, string> = {}) {
  const own = { ...process.env };
  for (const key of Object.keys(own)) if (key.startsWith('npm_') || key === 'INIT_CWD') delete own[key];
  const result = spawnSync(process.execPath, [COMMAND, ...args], {
    env: { ...own, MSGTRANS_RUNS_DIR: join(folder, 'runs'), MSGTRANS_BASELINES_DIR: baselines(), ...more },
    ...{ encoding: 'utf8', cwd: folder, timeout: 60_000 },
  });
  return { code: result.status, stdout: result.stdout, stderr: result.stderr };
}

/** Stores what the engine would have executed before it became so many times larger. */
function storeAsIfBefore(factor: number): void {
  const toolchain = readCountingToolchain(PROGRAM);
  const { paths } = readCounts(baselines(), toolchain)!;
  const { instructions, ...path } = paths['header-encode'];
  const smaller = { ...path, instructions: Math.round(instructions / factor) };
  writeCounts(baselines(), countsFileOf(toolchain, { ...paths, 'header-encode': smaller }));
}

describe('the command line of npm run instructions', () => {
  it('explains itself', () => {
    const { code, stdout } = run(['--help']);
    expect(code).toBe(0);
    expect(stdout).toContain('npm run instructions -- --save');
  });

  it('exits 2 for what it does not know, and notices what npm kept for itself', () => {
    expect(run(['--gaet'])).toMatchObject({ code: 2, stdout: '', stderr: expect.stringContaining('"gate"') });
    const kept = run([], { npm_lifecycle_event: 'instructions', npm_config_gate: 'true' });
    expect(kept).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('npm run instructions -- --gate'),
    });
  });

  it('exits 1 without valgrind, and names the package', () => {
    const { code, stdout, stderr } = run(PATH, { PATH: folder });
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toContain('apt-get install -y valgrind');
  });
});

describe.skipIf(!hasValgrind)('npm run instructions', { timeout: 120_000 }, () => {
  it('reports without stored counts, and exits 5 only where it is to gate', () => {
    const { code, stdout } = run(PATH);
    expect(code).toBe(0);
    expect(stdout).toMatch(/header-encode +– +\d+\.\d\d +– +none stored/);
    expect(stdout).toContain('no counts are stored for this toolchain');
    expect(run([...PATH, '--gate']).code).toBe(5);
    expect(existsSync(baselines())).toBe(false);
  });

  it('saves, finds the same again, and reports what grew since, which fails only where it is to gate', () => {
    const saved = run([...PATH, '--save', '--json', 'counts.json']);
    expect(saved).toMatchObject({ code: 0, stdout: expect.stringContaining('stored anew: header-encode') });
    const { counts, lines } = JSON.parse(readFileSync(join(folder, 'counts.json'), 'utf8'));
    expect(counts).toHaveLength(1);
    expect(lines[0]).toMatchObject({ path: 'header-encode', finding: 'new' });
    const again = run([...PATH, '--gate']);
    expect(again).toMatchObject({ code: 0, stdout: expect.stringMatching(/header-encode .* 0\.00 %\n/) });

    storeAsIfBefore(1.1);
    const grown = run(PATH);
    expect(grown).toMatchObject({ code: 0, stdout: expect.stringMatching(/\+10\.00 % +more than 2 % more/) });
    expect(grown.stdout).toContain('1 of 1 paths execute more than 2 % more than stored');
    expect(run([...PATH, '--gate']).code).toBe(3);
  });

  it('saves more than before only with a reason', () => {
    run([...PATH, '--save']);
    storeAsIfBefore(1.1);
    const refused = run([...PATH, '--save']);
    expect(refused).toMatchObject({ code: 3, stderr: expect.stringContaining('--accept-growth') });
    expect(run([...PATH, '--save', '--accept-growth', 'a second look']).code).toBe(0);
    const stored = readCounts(baselines(), readCountingToolchain(PROGRAM));
    expect(stored?.paths['header-encode'].accepted).toBe('a second look');
    expect(run([...PATH, '--gate']).code).toBe(0);
  });
});
