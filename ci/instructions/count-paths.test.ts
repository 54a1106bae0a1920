import { chmodSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { InterruptedError } from '../../scenarios/harness/interruption.js';
import { countPaths, perOperation, workOf } from './count-paths.js';
import { askProgram, countedProgram, listPaths } from './counted-program.js';
import { hasValgrind } from './testing/installed-valgrind.js';

const PROGRAM = countedProgram(join(import.meta.dirname, '..', '..'));
const NEVER = new AbortController().signal;

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'msgtrans-counting-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** A counted program that does as it is told. */
function script(text: string): string {
  const path = join(folder, 'program');
  writeFileSync(path, `#!/bin/sh\n${text}\n`);
  chmodSync(path, 0o755);
  return path;
}

describe('the counted program', () => {
  it('has paths of every part of the engine that is hot', () => {
    const parts = new Set(listPaths(PROGRAM).map((name) => name.split('-')[0]));
    expect([...parts]).toEqual(['header', 'framer', 'directory', 'map', 'pool']);
  });

  it('says who compiled it', () => {
    expect(askProgram(PROGRAM, '--compiler')).toMatch(/^(GCC|.*[Cc]lang) \d+\.\d+/);
  });

  it('is named where it is missing', () => {
    expect(() => listPaths(join(folder, 'nothing'))).toThrow(/nothing --list failed: .*ENOENT/);
  });

  it.each([
    ['', 'map-get'],
    ['{"path":"map-get","operations":0,"checksum":"00000000000000ff"}', 'map-get'],
    ['{"path":"map-get","operations":9,"checksum":"ff"}', 'map-get'],
    ['{"path":"map-get","operations":9,"checksum":"00000000000000ff"}', 'map-insert'],
  ])('that says %j is not believed about %s', (said, path) => {
    expect(() => workOf(said, path)).toThrow(/should have said which work it did/);
  });
});

describe.skipIf(!hasValgrind)('counting under valgrind', { timeout: 120_000 }, () => {
  it('gives the same counts twice, whatever stands in the environment, and such as the work can take', async () => {
    const paths = listPaths(PROGRAM);
    const first = await countPaths({ program: PROGRAM, folder }, paths, NEVER);
    process.env.MSGTRANS_COUNTING_TEST = 'x'.repeat(4321);
    try {
      const second = await countPaths({ program: PROGRAM, folder: join(folder, 'longer') }, paths, NEVER);
      expect(second).toEqual(first);
    } finally {
      delete process.env.MSGTRANS_COUNTING_TEST;
    }
    for (const count of first) {
      expect(perOperation(count), count.path).toBeGreaterThan(8);
      expect(perOperation(count), count.path).toBeLessThan(1000);
    }
  });

  it('leaves a profile for each path, and nothing half done', async () => {
    await countPaths({ program: PROGRAM, folder }, ['header-encode'], NEVER);
    expect(readdirSync(folder).sort()).toEqual(
      ['callgrind', 'said', 'valgrind'].map((kind) => `header-encode.${kind}`),
    );
  });

  it('says what a program said that failed', async () => {
    const program = script('echo "3 of 100 operations went wrong" >&2; exit 1');
    await expect(countPaths({ program, folder }, ['map-get'], NEVER)).rejects.toMatchObject({
      code: 'ERR_INSTRUCTIONS_RUN',
      message: expect.stringMatching(
        /counting map-get failed: valgrind ended with code 1[\s\S]*3 of 100 operations/,
      ),
    });
  });

  it('refuses a count of nothing: a program without the counted function', async () => {
    const program = script('echo \'{"path":"map-get","operations":9,"checksum":"00000000000000ff"}\'');
    await expect(countPaths({ program, folder }, ['map-get'], NEVER)).rejects.toMatchObject({
      code: 'ERR_INSTRUCTIONS_PROFILE',
    });
  });

  it('ends when it is interrupted', async () => {
    const controller = new AbortController();
    const counting = countPaths({ program: script('sleep 60'), folder }, ['map-get'], controller.signal);
    controller.abort();
    await expect(counting).rejects.toBeInstanceOf(InterruptedError);
  });
});
