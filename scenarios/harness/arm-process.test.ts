import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { type ArmProcess, Children } from './arm-process.js';

const FAKE = join(import.meta.dirname, 'testing', 'fake-process.mjs');
const children = new Children();
afterEach(() => children.stopAll(100));

function start(options: object = {}): ArmProcess {
  return children.start('fake', {
    command: process.execPath,
    args: [FAKE, 'server', 'fake', JSON.stringify(options)],
  });
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

describe('a process of a run', () => {
  it('says hello, answers and ends by the protocol', async () => {
    const child = start({ steps: true });
    expect(await child.hello()).toMatchObject({ role: 'server', arm: 'fake', pid: child.pid });
    expect(await child.command('listen', { url: 'tcp://127.0.0.1:0', handler: 'counter' })).toMatchObject({
      url: 'tcp://127.0.0.1:1/counter',
    });
    await child.close();
    expect(child.running).toBe(false);
    expect(isAlive(child.pid)).toBe(false);
  });

  it('that cannot be started rejects with the reason', async () => {
    const child = children.start('missing', { command: '/does/not/exist', args: [] });
    await expect(child.hello()).rejects.toMatchObject({
      code: 'ERR_CONTROL_PROCESS_EXITED',
      message: expect.stringContaining('ENOENT'),
    });
  });

  it('that dies rejects what is under way, with its exit code and its last words', async () => {
    const child = start({ failOn: 'settle', complain: 'the reason why' });
    await child.hello();
    await expect(child.command('settle')).rejects.toThrow(/ended with code 3; it said: the reason why/);
  });

  it('that ignores everything is killed with its group', async () => {
    const child = start({ deaf: true });
    await child.hello();
    await child.stop(50);
    expect(isAlive(child.pid)).toBe(false);
  });

  it('is a group of its own, out of reach of the terminal’s interrupt', async () => {
    const child = start();
    await child.hello();
    // A signal to the group of that number reaches exactly this process.
    process.kill(-child.pid, 'SIGKILL');
    await expect(child.command('settle')).rejects.toThrow(/SIGKILL/);
  });

  it('leaves nothing behind when all are stopped or killed', async () => {
    const some = [start(), start({ deaf: true }), start()];
    await Promise.all(some.map((child) => child.hello()));
    children.killAll();
    await children.stopAll();
    expect(some.map((child) => isAlive(child.pid))).toEqual([false, false, false]);
  });
});
