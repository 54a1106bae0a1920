import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { prepareRivals } from './rival-packages.js';

const LOCKED = '{"packages":{"":{},"node_modules/zeromq":{"version":"1.0.0"}}}';
const ASKED = ['native', 'rival:message-port', 'rival:zeromq'];

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'msgtrans-rivals-'));
  writeFileSync(join(folder, 'package.json'), '{}');
  writeFileSync(join(folder, 'package-lock.json'), LOCKED);
  mkdirSync(join(folder, 'node_modules', 'zeromq'), { recursive: true });
});
afterEach(() => rmSync(folder, { recursive: true }));

/** A program that stands in for npm. */
function fakeNpm(script: string): string {
  const path = join(folder, 'npm');
  writeFileSync(path, `#!/bin/sh\necho "$@" >>said\n${script}\n`);
  chmodSync(path, 0o755);
  return path;
}

/** A package of the name, which does this when it is loaded. */
function packageThat(does: string): string {
  writeFileSync(join(folder, 'node_modules', 'zeromq', 'index.js'), does);
  return fakeNpm(`echo '${LOCKED}' >node_modules/.package-lock.json`);
}

describe('rivals that are packages', () => {
  it('are installed when a run asks for one, once', async () => {
    const npm = packageThat('exports.Pair = class {};');
    const starts: string[] = [];
    for (const time of ['first', 'second']) {
      expect(await prepareRivals(folder, ASKED, { npm, onStart: () => starts.push(time) })).toEqual({});
    }
    expect(starts).toEqual(['first']);
    expect(readFileSync(join(folder, 'said'), 'utf8')).toMatch(/^ci --ignore-scripts/);
  });

  it('are left alone when no run asks for one', async () => {
    const npm = join(folder, 'absent');
    expect(await prepareRivals(folder, ['native', 'rival:message-port'], { npm })).toEqual({});
  });

  it('are not measurable where they cannot be installed, with what to do', async () => {
    const npm = fakeNpm(
      'printf "npm error ENOTFOUND registry\\nnpm error     at f (g.js:1:2)\\n" >&2; exit 1',
    );
    const { 'rival:zeromq': reason, ...others } = await prepareRivals(folder, ASKED, { npm });
    expect(reason).toMatch(/could not be installed: npm error ENOTFOUND registry; They .*npm ci --prefix/);
    expect(others).toEqual({});
  });

  it('are not measurable where their binary cannot be loaded, with what it said', async () => {
    const npm = packageThat('throw new Error("no binary for this system");');
    const { 'rival:zeromq': reason } = await prepareRivals(folder, ASKED, { npm });
    expect(reason).toContain('zeromq cannot be loaded on linux-');
    expect(reason).toContain('Error: no binary for this system');
  });
});
