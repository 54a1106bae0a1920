import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { HighPerformanceTransport } from '../high-performance-transport.js';
import { ChildProgram, type ProgramEnd } from './child-program.js';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'msgtrans-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

async function endOf(way: string, ...args: string[]): Promise<ProgramEnd> {
  await using program = new ChildProgram('process-end-program', { args: [way, ...args] });
  await program.next();
  return await program.ended;
}

const GOOD = { code: 0, signal: null, stderr: '' };

describe('a process', () => {
  it.each(['closed', 'unclosed', 'listenersClosed', 'disposed'])(
    'ends by itself when it is %s',
    async (way) => {
      expect(await endOf(way)).toEqual(GOOD);
    },
  );

  it('keeps its exit code when it exits inside a handler', async () => {
    expect(await endOf('exit')).toEqual({ ...GOOD, code: 7 });
  });

  it.each(['uncaught', 'uncaughtInHandler', 'rejection'])(
    'ends with code 1, and no crash, when it is %s',
    async (way) => {
      const { code, signal, stderr } = await endOf(way);
      expect([code, signal]).toEqual([1, null]);
      expect(stderr).toContain('planned by the test');
    },
  );

  it('ends by the signal that it was sent', async () => {
    expect(await endOf('abort')).toEqual({ ...GOOD, code: null, signal: 'SIGTERM' });
  });

  it('leaves a unix socket that the next one takes over, and removes it when it closes', async () => {
    const path = join(folder, 'a.sock');
    expect((await endOf('killed', `unix://${path}`)).signal).toBe('SIGKILL');
    expect(existsSync(path)).toBe(true);
    await using transport = await HighPerformanceTransport.create();
    const listener = await transport.listen(`unix://${path}`);
    const session = await transport.connect(listener.url);
    expect(session.closed).toBe(false);
    await expect(transport.listen(`unix://${path}`)).rejects.toThrow(
      expect.objectContaining({ code: 'ERR_MSGTRANS_ADDRESS_IN_USE' }),
    );
    await listener.close();
    expect(existsSync(path)).toBe(false);
  });
});
