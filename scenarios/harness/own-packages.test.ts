import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { arePackagesInstalled, installPackages } from './own-packages.js';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'msgtrans-packages-'));
  writeLock('package-lock.json', { '': {}, 'node_modules/a': { version: '1.0.0' } });
  mkdirSync(join(folder, 'node_modules'));
});
afterEach(() => rmSync(folder, { recursive: true }));

function writeLock(path: string, packages: object): void {
  writeFileSync(join(folder, path), JSON.stringify({ packages }));
}

/** A program that stands in for npm. */
function fakeNpm(script: string): string {
  const path = join(folder, 'npm');
  writeFileSync(path, `#!/bin/sh\n${script}\n`);
  chmodSync(path, 0o755);
  return path;
}

const INSTALLED = '{"packages":{"node_modules/a":{"version":"1.0.0"}}}';

describe('packages of their own', () => {
  it('are there when npm finished with the versions that the lock names', () => {
    expect(arePackagesInstalled(folder)).toBe(false);
    writeLock('node_modules/.package-lock.json', { 'node_modules/a': { version: '0.9.0' } });
    expect(arePackagesInstalled(folder)).toBe(false);
    writeLock('node_modules/.package-lock.json', { 'node_modules/a': { version: '1.0.0' } });
    expect(arePackagesInstalled(folder)).toBe(true);
    writeLock('package-lock.json', { 'node_modules/b': { version: '2.0.0', optional: true } });
    expect(arePackagesInstalled(folder)).toBe(true);
  });

  it('are installed from the lock, once, where they belong', async () => {
    const npm = fakeNpm(`echo "$PWD $@" >>said; echo '${INSTALLED}' >node_modules/.package-lock.json`);
    const starts: string[] = [];
    for (const time of ['first', 'second']) {
      await installPackages(folder, { npm, onStart: () => starts.push(time) });
    }
    expect(starts).toEqual(['first']);
    expect(arePackagesInstalled(folder)).toBe(true);
  });

  it('say what npm said and what to do when they cannot be installed', async () => {
    const failing = installPackages(folder, { npm: fakeNpm('echo "ENOTFOUND registry" >&2; exit 1') });
    await expect(failing).rejects.toThrow(/ENOTFOUND registry\n.*npm ci --prefix .* --ignore-scripts/);
    await expect(installPackages(folder, { npm: join(folder, 'absent') })).rejects.toThrow(/ENOENT/);
    // A zero exit code alone installs nothing.
    await expect(installPackages(folder, { npm: fakeNpm('exit 0') })).rejects.toThrow(/could not be/);
  });
});
