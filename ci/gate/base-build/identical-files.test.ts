import { cpSync, linkSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { servesTheSame } from './identical-files.js';
import { loadedSections } from './loaded-sections.js';
import { ADDON, runtimeFiles, SERVER_ENTRY } from './runtime-files.js';

const ROOT = join(import.meta.dirname, '..', '..', '..');

let folder: string;
let one: string;
let other: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'msgtrans-identical-'));
  [one, other] = ['one', 'other'].map((name) => join(folder, name));
  for (const path of runtimeFiles(ROOT)) {
    for (const build of [one, other]) mkdirSync(dirname(join(build, path)), { recursive: true });
    cpSync(join(ROOT, path), join(one, path));
    linkSync(join(one, path), join(other, path));
  }
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** Both builds have their files in common until one of them is given another one in its place. */
function replace(build: string, path: string, content: Buffer | string): void {
  rmSync(join(build, path), { force: true });
  writeFileSync(join(build, path), content);
}

function change(path: string, to: (content: Buffer) => Buffer | string): void {
  replace(other, path, to(readFileSync(join(other, path))));
}

/** The addon as it is built, with one bit of a byte turned. */
function turnedAt(offsetOf: (addon: Buffer) => number): void {
  change(ADDON, (addon) => {
    addon[offsetOf(addon)] ^= 1;
    return addon;
  });
}

function sectionOffset(addon: Buffer, name: string): number {
  const section = loadedSections(addon)?.find((each) => each.name === name);
  return (section?.content?.byteOffset ?? Number.NaN) - addon.byteOffset;
}

describe('two builds serve the same', () => {
  it('when all their files are equal', () => {
    expect(servesTheSame(one, other)).toBe(true);
  });

  it('whatever their debug information and build IDs say, as those of different folders do', () => {
    const isLoaded = (addon: Buffer, offset: number): boolean =>
      (loadedSections(addon) ?? []).some(({ content }) => {
        const start = (content?.byteOffset ?? 0) - addon.byteOffset;
        return content !== null && offset >= start && offset < start + content.length;
      });
    turnedAt((addon) => {
      const offset = addon.indexOf('.cc\0', 0x100000);
      expect(offset).toBeGreaterThan(0);
      expect(isLoaded(addon, offset)).toBe(false);
      return offset;
    });
    turnedAt((addon) => addon.indexOf('GNU\0', 0, 'latin1') + 4);
    expect(readFileSync(join(one, ADDON)).equals(readFileSync(join(other, ADDON)))).toBe(false);
    expect(servesTheSame(one, other)).toBe(true);
  });

  it.each(['.text', '.rodata', '.dynsym'])('not when %s of the addon differs by a bit', (name) => {
    turnedAt((addon) => sectionOffset(addon, name) + 8);
    expect(servesTheSame(one, other)).toBe(false);
  });

  it('not when a line of the server differs, or a file is missing or new', () => {
    change(SERVER_ENTRY, (text) => `${text}\n`);
    expect(servesTheSame(one, other)).toBe(false);
    rmSync(join(other, SERVER_ENTRY));
    expect(servesTheSame(one, other)).toBe(false);
    cpSync(join(one, SERVER_ENTRY), join(other, SERVER_ENTRY));
    expect(servesTheSame(one, other)).toBe(true);
    writeFileSync(join(other, 'dist', 'core', 'more.js'), '');
    expect(servesTheSame(one, other)).toBe(false);
  });

  it('when package.json differs by scripts, and not when by how its files are loaded', () => {
    const edited = (fields: object) => (text: Buffer) =>
      JSON.stringify({ ...JSON.parse(text.toString('utf8')), ...fields });
    change('package.json', edited({ scripts: { more: 'true' }, version: '9.9.9' }));
    expect(servesTheSame(one, other)).toBe(true);
    change('package.json', edited({ type: 'commonjs' }));
    expect(servesTheSame(one, other)).toBe(false);
  });

  it('by every byte of an addon that is no such ELF file', () => {
    for (const damaged of [Buffer.from('no ELF'), readFileSync(join(one, ADDON)).subarray(0, 5_000)]) {
      expect(loadedSections(damaged)).toBeNull();
      for (const build of [one, other]) replace(build, ADDON, damaged);
      expect(servesTheSame(one, other)).toBe(true);
      turnedAt((addon) => addon.length - 1);
      expect(servesTheSame(one, other)).toBe(false);
    }
  });
});
