import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { writeFileAtomic } from './atomic-write.js';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'msgtrans-write-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const BUILT = join(import.meta.dirname, '..', '..', 'dist', 'scenarios', 'harness', 'atomic-write.js');
const canMount = spawnSync('unshare', ['-rm', 'true']).status === 0;

describe('an atomic write', () => {
  it('replaces the file and leaves no temporary one', () => {
    const path = join(folder, 'a.json');
    writeFileAtomic(path, 'one');
    writeFileAtomic(path, 'zwei µ');
    expect(readFileSync(path, 'utf8')).toBe('zwei µ');
    expect(readdirSync(folder)).toEqual(['a.json']);
  });

  it('names the file it could not write', () => {
    const path = join(folder, 'missing', 'a.json');
    expect(() => writeFileAtomic(path, 'x')).toThrow(/missing\/a\.json could not be written \(ENOENT\)/);
    mkdirSync(join(folder, 'b.json'));
    writeFileSync(join(folder, 'b.json', 'c'), '');
    expect(() => writeFileAtomic(join(folder, 'b.json'), 'x')).toThrow(/could not be written/);
    expect(readdirSync(folder)).toEqual(['b.json']);
  });

  it.skipIf(!canMount)('keeps the old file whole when the disk is full, and fails', () => {
    const script = `
      import { writeFileAtomic } from ${JSON.stringify(BUILT)};
      import { readFileSync, readdirSync } from 'node:fs';
      process.chdir(${JSON.stringify(folder)});
      writeFileAtomic('record.json', 'the old one');
      let message = 'no error';
      try { writeFileAtomic('record.json', 'x'.repeat(1 << 20)); } catch (error) { message = error.message; }
      console.log(JSON.stringify([message, readFileSync('record.json', 'utf8'), readdirSync('.')]));
    `;
    const mount = `mount -t tmpfs -o size=128k tmpfs "$0" && exec "$1" --input-type=module -e "$2"`;
    const result = spawnSync('unshare', ['-rm', 'sh', '-c', mount, folder, process.execPath, script], {
      encoding: 'utf8',
    });
    const [message, content, files] = JSON.parse(result.stdout || `["${result.stderr.slice(0, 200)}"]`);
    expect(message).toMatch(
      /record\.json could not be written \(ENOSPC\); what was there before is unchanged/,
    );
    expect(content).toBe('the old one');
    expect(files).toEqual(['record.json']);
  });
});
