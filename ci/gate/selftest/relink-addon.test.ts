import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createRandom } from '../../../scenarios/harness/statistics/random.js';
import { ADDON } from '../base-build/runtime-files.js';
import { parseLinkRecord, relinkAddon } from './relink-addon.js';

const ROOT = join(import.meta.dirname, '..', '..', '..');
const BUILT = existsSync(join(ROOT, 'native/build/Release/.deps'));

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'msgtrans-relink-test-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

describe('the record of a link', () => {
  const RECORD =
    'cmd_R/x.node := g++ -o R/x.node -shared -m64 -Wl,--start-group a.o b.o -lfoo -Wl,--end-group -lbar';

  it('is taken apart into what may change places and what may not', () => {
    expect(parseLinkRecord(`# made by make\n${RECORD}\n`)).toEqual({
      command: 'g++',
      before: ['-shared', '-m64', '-Wl,--start-group'],
      objects: ['a.o', 'b.o'],
      after: ['-lfoo', '-Wl,--end-group', '-lbar'],
    });
  });

  it.each(['', 'cmd_x := cp a b', RECORD.replace('-Wl,--end-group', ''), RECORD.replace(' a.o', '')])(
    'is not understood as "%s"',
    (text) => {
      expect(parseLinkRecord(text)).toBeNull();
    },
  );

  it('is missed by name', async () => {
    const { signal } = new AbortController();
    const relinking = relinkAddon(folder, join(folder, 'out.node'), createRandom(1), signal);
    await expect(relinking).rejects.toThrow(/--neutral needs the record .*rm -rf native\/build/);
  });
});

describe.skipIf(process.env.CI !== 'true' && !BUILT)('an addon that is linked anew', () => {
  it('has the same code in another order, and works', async () => {
    const outputs = [1, 2].map((seed) => join(folder, `${seed}.node`));
    const { signal } = new AbortController();
    for (const [index, output] of outputs.entries())
      await relinkAddon(ROOT, output, createRandom(index), signal);
    const [first, second, built] = [...outputs, join(ROOT, ADDON)].map((path) => readFileSync(path));
    expect(first.equals(second)).toBe(false);
    expect(first.equals(built)).toBe(false);
    const load = createRequire(import.meta.url);
    expect(Object.keys(load(outputs[0])).sort()).toEqual(Object.keys(load(join(ROOT, ADDON))).sort());
  }, 120_000);
});
