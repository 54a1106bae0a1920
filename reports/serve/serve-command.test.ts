import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { packageRoot } from '../document/package-root.js';

/** The command as a person runs it: built code, a real process. `npm test` builds before it tests. */
const COMMAND = join(packageRoot(), 'dist', 'reports', 'commands', 'report.js');

describe('npm run report -- --serve', { timeout: 30_000 }, () => {
  let folder: string;
  const started: ChildProcess[] = [];
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'msgtrans-serve-command-'));
  });
  afterEach(async () => {
    for (const child of started.splice(0)) child.kill('SIGKILL');
    await rm(folder, { recursive: true, force: true });
  });

  /** Resolves with the address that the process prints. */
  async function serving(): Promise<{ child: ChildProcess; url: string; output: () => string }> {
    const child = spawn(process.execPath, [COMMAND, '--serve', '--port', '0', '--folder', folder], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    started.push(child);
    let output = '';
    for (const stream of [child.stdout!, child.stderr!]) {
      stream.setEncoding('utf8').on('data', (text: string) => {
        output += text;
      });
    }
    await expect.poll(() => output, { timeout: 20_000 }).toMatch(/http:\/\/127\.0\.0\.1:\d+\//);
    return { child, url: /http:\S+/.exec(output)![0], output: () => output };
  }

  it.each(['SIGINT', 'SIGTERM'] as const)('ends on %s with 130, connections open or not', async (signal) => {
    const { child, url, output } = await serving();
    // Kept alive by the client, so that a connection is open when the signal comes.
    expect((await fetch(url)).status).toBe(200);
    child.kill(signal);
    const [code, killedBy] = await once(child, 'exit');
    expect({ code, killedBy }).toEqual({ code: 130, killedBy: null });
    expect(output()).toMatch(/stopped\n$/);
    expect(output()).not.toMatch(/Error|warning/i);
  });
});
