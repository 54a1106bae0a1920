import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';

const childModule = new URL('./child.mjs', import.meta.url).href;

test('what is started in the background keeps its programs there, also where sessions share the processors', () => {
  const folder = mkdtempSync(join(tmpdir(), 'msgtrans-child-'));
  const logFile = join(folder, 'log');
  // The session's niceness is set behind the start of the program, which waits for it here; not every kernel has one.
  const program = `
    group=/proc/self/autogroup
    until [ ! -e $group ] || grep -q 'nice 7$' $group; do sleep 0.01; done
    nice`;
  const script = `
    import { runLogged } from ${JSON.stringify(childModule)};
    process.exitCode = await runLogged({
      command: 'sh',
      parameters: ['-c', ${JSON.stringify(program)}],
      cwd: '/',
      environment: process.env,
      logFile: ${JSON.stringify(logFile)},
    });`;
  const { status, stderr } = spawnSync(
    'nice',
    ['-n', '7', process.execPath, '--input-type=module', '-e', script],
    { encoding: 'utf8', timeout: 20_000 },
  );
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  expect(readFileSync(logFile, 'utf8').trim()).toBe('7');
  rmSync(folder, { recursive: true });
});
