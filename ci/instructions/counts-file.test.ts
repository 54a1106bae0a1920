import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { toolchainKey } from './counting-toolchain.js';
import { countsFileOf, countsPath, parseCounts, readCounts, writeCounts } from './counts-file.js';
import { InstructionError } from './instruction-error.js';
import { SAMPLE_TOOLCHAIN, storedCount } from './testing/sample-counts.js';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'msgtrans-counts-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const FILE = countsFileOf(SAMPLE_TOOLCHAIN, {
  'map-get': storedCount(4321, 'why'),
  'pool-single': storedCount(7),
});

describe('the file of stored counts', () => {
  it('is read as it was written, and is found by its toolchain alone', () => {
    expect(readCounts(folder, SAMPLE_TOOLCHAIN)).toBeNull();
    const path = writeCounts(folder, FILE);
    expect(path).toBe(join(folder, 'instructions', `${toolchainKey(SAMPLE_TOOLCHAIN)}.json`));
    expect(readCounts(folder, SAMPLE_TOOLCHAIN)).toEqual(FILE);
    for (const other of [{ valgrind: 'valgrind-3.24.0' }, { compiler: 'clang++' }, { flags: ['-O1'] }]) {
      expect(readCounts(folder, { ...SAMPLE_TOOLCHAIN, ...other })).toBeNull();
    }
  });

  it('has the same bytes for the same counts', () => {
    const [first] = [writeCounts(folder, FILE)].map((path) => readFileSync(path, 'utf8'));
    const paths = Object.fromEntries(Object.entries(FILE.paths).reverse());
    writeCounts(folder, countsFileOf({ ...SAMPLE_TOOLCHAIN }, paths));
    expect(readFileSync(countsPath(folder, SAMPLE_TOOLCHAIN), 'utf8')).toBe(first);
    expect(readdirSync(join(folder, 'instructions'))).toHaveLength(1);
  });

  it.each([
    ['cut off', (text: string) => text.slice(0, -20), /is not complete JSON/],
    ['changed by hand', (text: string) => text.replace('4321', '5000'), /does not match its checksum/],
    [
      'of another version',
      (text: string) => text.replace('instructions/1', 'instructions/9'),
      /has the schema/,
    ],
    ['negative', (text: string) => text.replace('4321', '-1'), /malformed at paths\.map-get\.instructions/],
  ])('is refused when it is %s, with what to do', (_, damage, message) => {
    writeFileSync(
      writeCounts(folder, FILE),
      damage(readFileSync(countsPath(folder, SAMPLE_TOOLCHAIN), 'utf8')),
    );
    expect(() => readCounts(folder, SAMPLE_TOOLCHAIN)).toThrow(message);
    expect(() => readCounts(folder, SAMPLE_TOOLCHAIN)).toThrow(/count anew: npm run instructions -- --save/);
    expect(() => readCounts(folder, SAMPLE_TOOLCHAIN)).toThrow(InstructionError);
  });

  it('is refused under the name of another toolchain', () => {
    const other = { ...SAMPLE_TOOLCHAIN, valgrind: 'valgrind-3.24.0' };
    expect(() => parseCounts(JSON.stringify(FILE), 'file', other)).toThrow(/holds the counts of x64-/);
  });
});

describe('the counts in the repository', () => {
  const stored = join(import.meta.dirname, '..', 'baselines', 'instructions');

  it.each(readdirSync(stored))('%s is whole, and named for the toolchain that it tells', (name) => {
    const path = join(stored, name);
    const text = readFileSync(path, 'utf8');
    const { toolchain } = JSON.parse(text);
    expect(parseCounts(text, path, toolchain)).toHaveProperty('paths');
    expect(name).toBe(`${toolchainKey(toolchain)}.json`);
  });
});
