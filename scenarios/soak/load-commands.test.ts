import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { expect, it } from 'vitest';

const PROGRAM = join(import.meta.dirname, '..', '..', 'dist', 'scenarios', 'soak', 'load-generator.js');

it('speaks the control protocol: hello, answers in order, refusals that do not end it, and an end', async () => {
  const child = spawn(process.execPath, [PROGRAM], { stdio: ['pipe', 'pipe', 'inherit'] });
  const lines: Record<string, unknown>[] = [];
  createInterface({ input: child.stdout }).on('line', (line) => lines.push(JSON.parse(line)));
  for (const line of [
    '{"id":1,"command":"dance"}',
    'not json',
    '[1]',
    '{"id":2}',
    '{"id":3,"command":"take"}',
    '{"id":4,"command":"start","url":"udp://x"}',
    '{"id":5,"command":"start","url":"tcp://127.0.0.1:1","sessions":0}',
    '{"id":6,"command":"phase","phase":{"kind":"stormy"}}',
    '{"id":7,"command":"close"}',
  ]) {
    child.stdin.write(`${line}\n`);
  }
  const [code] = await once(child, 'close');
  expect(code).toBe(0);
  const [{ hello }, ...answers] = lines;
  expect(hello).toMatchObject({ control: 1, role: 'generator', arm: 'soak', pid: child.pid });
  expect(answers.map(({ id, ok, error }) => [id, ok, (error as { code: string } | undefined)?.code])).toEqual(
    [
      [1, false, 'ERR_CONTROL_UNKNOWN_COMMAND'],
      [0, false, 'ERR_CONTROL_BAD_COMMAND'],
      [0, false, 'ERR_CONTROL_BAD_COMMAND'],
      [2, false, 'ERR_CONTROL_BAD_COMMAND'],
      [3, false, 'ERR_SOAK_NOT_STARTED'],
      [4, false, 'ERR_GENERATOR_INVALID_URL'],
      [5, false, 'ERR_CONTROL_BAD_COMMAND'],
      [6, false, 'ERR_CONTROL_BAD_COMMAND'],
      [7, true, undefined],
    ],
  );
});

it('ends when nobody is there any more', async () => {
  const child = spawn(process.execPath, [PROGRAM], { stdio: ['pipe', 'pipe', 'inherit'] });
  child.stdout.resume();
  child.stdin.end();
  const [code] = await once(child, 'close');
  expect(code).toBe(0);
});
