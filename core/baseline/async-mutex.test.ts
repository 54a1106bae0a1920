import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { AsyncMutex } from './async-mutex.js';

it('runs tasks one at a time, in the order of the calls', async () => {
  const mutex = new AsyncMutex();
  const events: string[] = [];
  const task = (name: string, pauseMs: number) =>
    mutex.runExclusive(async () => {
      events.push(`${name} in`);
      await sleep(pauseMs);
      events.push(`${name} out`);
      return name;
    });
  expect(await Promise.all([task('a', 5), task('b', 0), task('c', 1)])).toEqual(['a', 'b', 'c']);
  expect(events).toEqual(['a in', 'a out', 'b in', 'b out', 'c in', 'c out']);
});

it('goes on after a task that failed', async () => {
  const mutex = new AsyncMutex();
  const failing = mutex.runExclusive(() => {
    throw new Error('planned');
  });
  const next = mutex.runExclusive(() => 7);
  await expect(failing).rejects.toThrow('planned');
  expect(await next).toBe(7);
});
