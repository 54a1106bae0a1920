import { once } from 'node:events';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { Worker } from 'node:worker_threads';
import { describe, expect, test } from 'vitest';
import { EventQueue } from './event-queue.js';
import { programPath } from './faults/child-program.js';
import type { EventQueueTask, PopReport } from './faults/event-queue-worker.js';
import { nativeAddon } from './native-addon.js';

const bytes = (...values: number[]) => Uint8Array.from(values);
const queueCount = () => nativeAddon().EventQueue.queueCount();

describe('an event queue', () => {
  test('gives back what was pushed, in order, and says when it is empty', () => {
    using queue = EventQueue.create({ capacity: 4, recordBytes: 3 });
    expect(queue.push(bytes(1, 2, 3))).toBe(true);
    expect(queue.push(bytes(4, 5, 6))).toBe(true);
    expect(queue.size).toBe(2);
    expect(queue.pop()).toEqual(bytes(1, 2, 3));
    expect(queue.pop()).toEqual(bytes(4, 5, 6));
    expect(queue.pop()).toBeUndefined();
    expect(queue.size).toBe(0);
  });

  test('holds its capacity, refuses more, and counts what it refused', () => {
    using queue = EventQueue.create({ capacity: 3, recordBytes: 1 });
    expect(queue.capacity).toBe(4);
    expect(queue.pushMany(bytes(1, 2, 3))).toBe(3);
    expect(queue.pushMany(bytes(4, 5, 6))).toBe(1);
    expect(queue.push(bytes(7))).toBe(false);
    expect(queue.dropped).toBe(3);
    expect(queue.pop()).toEqual(bytes(1));
    expect(queue.counters()).toEqual({ pushed: 4, popped: 1, dropped: 3, ends: 1 });
  });

  test('fills a target with whole records and leaves the rest of it alone', () => {
    using queue = EventQueue.create({ capacity: 8, recordBytes: 2 });
    queue.pushMany(bytes(1, 2, 3, 4, 5, 6));
    const target = new Uint8Array(5).fill(9);
    expect(queue.popMany(target)).toBe(2);
    expect(target).toEqual(bytes(1, 2, 3, 4, 9));
    expect(queue.popMany(target)).toBe(1);
    expect(queue.popMany(target)).toBe(0);
  });

  test('copies: what is written into a record later changes nothing', () => {
    using queue = EventQueue.create({ capacity: 2, recordBytes: 2 });
    const record = bytes(1, 2);
    queue.push(record);
    record.fill(0);
    expect(queue.pop()).toEqual(bytes(1, 2));
  });

  test('tells every wrong option at once', () => {
    const wrong = { capacity: 0, recordBytes: 257, size: 3 };
    expect(() => EventQueue.create(wrong)).toThrow(
      expect.objectContaining({
        code: 'ERR_MSGTRANS_INVALID_OPTION',
        message: expect.stringMatching(/capacity: 0 .*recordBytes: 257 .*size: there is no such option/),
      }),
    );
  });

  test('refuses what is not whole records', () => {
    using queue = EventQueue.create({ capacity: 2, recordBytes: 4 });
    const error = expect.objectContaining({ code: 'ERR_MSGTRANS_INVALID_ARGUMENT' });
    expect(() => queue.push(new Uint8Array(3))).toThrow(error);
    expect(() => queue.push(new Uint8Array(8))).toThrow(error);
    expect(() => queue.push('1234' as unknown as Uint8Array)).toThrow(error);
    expect(() => queue.pushMany(new Uint8Array(6))).toThrow(error);
    expect(() => queue.popMany(new Uint8Array(3))).toThrow(error);
    expect(() => EventQueue.attach(0)).toThrow(error);
    expect(() => EventQueue.attach(1.5)).toThrow(error);
    expect(queue.counters()).toMatchObject({ pushed: 0, dropped: 0 });
  });

  test('is one queue behind all its ends, and ends with the last of them', () => {
    const before = queueCount();
    const first = EventQueue.create({ capacity: 2, recordBytes: 1 });
    const second = EventQueue.attach(first.handle);
    expect(first.counters().ends).toBe(2);
    first.push(bytes(7));
    first.close();
    first.close();
    expect(() => first.push(bytes(8))).toThrow(expect.objectContaining({ code: 'ERR_MSGTRANS_CLOSED' }));
    expect(second.pop()).toEqual(bytes(7));
    expect(queueCount()).toBe(before + 1);
    second.close();
    expect(queueCount()).toBe(before);
    expect(() => EventQueue.attach(first.handle)).toThrow(
      expect.objectContaining({ code: 'ERR_MSGTRANS_CLOSED' }),
    );
  });

  test('is freed when its last end was forgotten', async () => {
    setFlagsFromString('--expose-gc');
    const collect = runInNewContext('gc') as () => void;
    const before = queueCount();
    (() => EventQueue.create({ capacity: 2, recordBytes: 1 }).push(bytes(1)))();
    while (queueCount() > before) {
      collect();
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect(queueCount()).toBe(before);
  });
});

describe('an event queue shared with Workers', () => {
  const start = (queue: EventQueue, task: Partial<EventQueueTask>) =>
    new Worker(programPath('event-queue-worker'), {
      workerData: { handle: queue.handle, producer: 0, producers: 1, share: 0, batch: 8, ...task },
    });

  test('takes every record of every producer once and in order', async () => {
    using queue = EventQueue.create({ capacity: 64, recordBytes: 8 });
    const producers = 3;
    const share = 20_000;
    const task = { producers, share, batch: 16 };
    const consumers = [0, 1].map(() => start(queue, { ...task, role: 'pop' }));
    const reports = Promise.all(
      consumers.map(async (worker) => (await once(worker, 'message'))[0] as PopReport),
    );
    const pushing = Array.from({ length: producers }, (_, producer) =>
      start(queue, { ...task, role: 'push', producer }),
    );
    const exits = Promise.all([...pushing, ...consumers].map((worker) => once(worker, 'exit')));
    const [first, second] = await reports;
    expect(first.isRising && second.isRising).toBe(true);
    for (let producer = 0; producer < producers; producer++) {
      expect(first.counts[producer] + second.counts[producer]).toBe(share);
      expect(first.sums[producer] + second.sums[producer]).toBe((share * (share - 1)) / 2);
    }
    await exits;
    expect(queue.counters()).toMatchObject({ pushed: producers * share, popped: producers * share, ends: 1 });
  });

  test('outlives a Worker that is terminated in the middle of it', async () => {
    const before = queueCount();
    const queue = EventQueue.create({ capacity: 16, recordBytes: 8 });
    for (let round = 0; round < 5; round++) {
      const workers = [start(queue, { role: 'churn' }), start(queue, { role: 'churn' })];
      await Promise.all(workers.map((worker) => once(worker, 'message')));
      expect(queue.counters().ends).toBe(3);
      const { pushed } = queue.counters();
      while (queue.counters().pushed < pushed + 1000) await new Promise((resolve) => setImmediate(resolve));
      await Promise.all(workers.map((worker) => worker.terminate()));
      expect(queue.counters().ends).toBe(1);
    }
    // Nobody was stopped between a claim and its mark: all that was pushed can be taken, and the queue fills again.
    const target = new Uint8Array(16 * 8);
    while (queue.popMany(target) > 0);
    const { pushed, popped } = queue.counters();
    expect(popped).toBe(pushed);
    expect(queue.pushMany(target)).toBe(16);
    queue.close();
    expect(queueCount()).toBe(before);
  });

  test('stays while a Worker holds an end, and goes with that Worker', async () => {
    const before = queueCount();
    const queue = EventQueue.create({ capacity: 2, recordBytes: 1 });
    const worker = start(queue, { role: 'hold' });
    await once(worker, 'message');
    queue.push(bytes(5));
    queue.close();
    const again = EventQueue.attach(queue.handle);
    expect(again.pop()).toEqual(bytes(5));
    again.close();
    expect(queueCount()).toBe(before + 1);
    worker.postMessage('exit');
    await once(worker, 'exit');
    expect(queueCount()).toBe(before);
    expect(() => EventQueue.attach(queue.handle)).toThrow(
      expect.objectContaining({ code: 'ERR_MSGTRANS_CLOSED' }),
    );
  });
});
