import { once } from 'node:events';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { Worker } from 'node:worker_threads';
import { describe, expect, test } from 'vitest';
import { programPath } from './faults/child-program.js';
import type { LockFreeMapTask } from './faults/lock-free-map-worker.js';
import { LockFreeMap, type LockFreeMapOptions } from './lock-free-map.js';
import { packKeys } from './map-keys.js';
import { nativeAddon } from './native-addon.js';

const LARGEST = 2n ** 64n - 1n;
const mapCount = () => nativeAddon().U64Map.mapCount();
const failsWith = (code: string, text?: RegExp) =>
  expect.objectContaining({ code, ...(text && { message: expect.stringMatching(text) }) });

describe('a map with 64-bit keys', () => {
  test('does what each write says', () => {
    using map = LockFreeMap.create({ keys: 'u64' });
    expect(map.get(5)).toBeUndefined();
    expect(map.replace(5, 1)).toBe(false);
    expect(map.compareAndSwap(5, 0, 1)).toBe(false);
    expect(map.insert(5, 10)).toBe(true);
    expect(map.insert(5, 11)).toBe(false);
    expect(map.replace(5, 12)).toBe(true);
    expect(map.compareAndSwap(5, 10, 13)).toBe(false);
    expect(map.compareAndSwap(5, 12n, 13)).toBe(true);
    expect(map.set(5, 14)).toBe(false);
    expect(map.get(5)).toBe(14);
    expect(map.has(5)).toBe(true);
    expect(map.size).toBe(1);
    expect(map.remove(5)).toBe(true);
    expect(map.remove(5)).toBe(false);
    expect(map.has(5)).toBe(false);
    expect(map.set(5, 15)).toBe(true);
  });

  test('takes numbers and bigints for one and the same, up to 64 bits', () => {
    using map = LockFreeMap.create({ keys: 'u64' });
    map.set(7n, 8);
    expect(map.get(7)).toBe(8);
    expect(map.getBigInt(7)).toBe(8n);
    for (const key of [0n, 2n ** 53n, 2n ** 63n, LARGEST]) {
      for (const value of [0n, 2n ** 62n - 3n, 2n ** 62n - 2n, LARGEST]) {
        map.set(key, value);
        expect(map.getBigInt(key)).toBe(value);
      }
    }
    map.set(1, 2n ** 53n);
    expect(() => map.get(1)).toThrow(failsWith('ERR_MSGTRANS_INVALID_ARGUMENT', /getBigInt/));
    map.set(1, 2n ** 53n - 1n);
    expect(map.get(1)).toBe(Number.MAX_SAFE_INTEGER);
  });

  test('refuses keys and values that are none', () => {
    using map = LockFreeMap.create({ keys: 'u64' });
    for (const wrong of [-1, 0.5, Number.NaN, 2 ** 53, -1n, 2n ** 64n, '1', undefined] as number[]) {
      expect(() => map.set(wrong, 1)).toThrow(failsWith('ERR_MSGTRANS_INVALID_ARGUMENT', /no key/));
      expect(() => map.get(wrong)).toThrow(failsWith('ERR_MSGTRANS_INVALID_ARGUMENT'));
      expect(() => map.set(1, wrong)).toThrow(failsWith('ERR_MSGTRANS_INVALID_ARGUMENT', /no value/));
      expect(() => map.compareAndSwap(1, wrong, 1)).toThrow(failsWith('ERR_MSGTRANS_INVALID_ARGUMENT'));
    }
    expect(map.size).toBe(0);
  });

  test.each([Float64Array, BigUint64Array])('takes batches as %o', (Column) => {
    using map = LockFreeMap.create({ keys: 'u64', initialCapacity: 1 });
    const count = 1000;
    const keys = new Column(count);
    const values = new Column(count);
    for (let index = 0; index < count; index += 1) {
      keys[index] = (Column === Float64Array ? index : BigInt(index)) as never;
      values[index] = (Column === Float64Array ? index * 3 : BigInt(index * 3)) as never;
    }
    expect(map.setMany(keys, values)).toBe(count);
    expect(map.setMany(keys.subarray(0, 10) as never, values)).toBe(0);
    expect(map.removeMany(keys.subarray(500) as never)).toBe(500);
    const got = new Column(count);
    const found = new Uint8Array(count);
    expect(map.getMany(keys, got, found)).toBe(500);
    expect(Number(got[499])).toBe(499 * 3);
    expect(Number(got[500])).toBe(0);
    expect([...found.subarray(498, 502)]).toEqual([1, 1, 0, 0]);
  });

  test('names the element of a batch that is wrong, and has done those before it', () => {
    using map = LockFreeMap.create({ keys: 'u64' });
    const keys = Float64Array.of(1, 2, -3, 4);
    expect(() => map.setMany(keys, keys)).toThrow(failsWith('ERR_MSGTRANS_INVALID_ARGUMENT', /key 2/));
    expect(map.size).toBe(2);
    expect(() => map.setMany(Float64Array.of(4, 5), Float64Array.of(1, 0.5))).toThrow(
      failsWith('ERR_MSGTRANS_INVALID_ARGUMENT', /value 1/),
    );
    map.set(6, LARGEST);
    expect(() => map.getMany(Float64Array.of(1, 6), new Float64Array(2), new Uint8Array(2))).toThrow(
      failsWith('ERR_MSGTRANS_INVALID_ARGUMENT', /key 1/),
    );
    expect(() => map.getMany(keys, new Float64Array(3), new Uint8Array(4))).toThrow(
      failsWith('ERR_MSGTRANS_INVALID_ARGUMENT', /at least 4/),
    );
    expect(() => map.getMany(keys, new Float64Array(4), new Uint8Array(3))).toThrow(
      failsWith('ERR_MSGTRANS_INVALID_ARGUMENT', /at least 4/),
    );
    expect(() => map.removeMany([1] as never)).toThrow(failsWith('ERR_MSGTRANS_INVALID_ARGUMENT'));
  });

  test('iterates over every entry once, also when it resizes in between', () => {
    using map = LockFreeMap.create({ keys: 'u64', initialCapacity: 1 });
    for (let key = 0; key < 5000; key += 1) map.set(key, key * 2);
    const seen = new Set<number>();
    let resizes = 0;
    for (const [key, value] of map) {
      if (key < 5000) expect(value).toBe(key * 2);
      expect(seen.has(key)).toBe(false);
      seen.add(key);
      if (seen.size % 500 !== 0) continue;
      const before = map.metrics().resizes;
      const added = Float64Array.from({ length: 20_000 }, (_, index) => 100_000 * seen.size + index);
      map.setMany(added, added);
      map.removeMany(added);
      resizes += map.metrics().resizes - before;
    }
    expect(resizes).toBeGreaterThan(3);
    for (let key = 0; key < 5000; key += 1) expect(seen.has(key)).toBe(true);
  });

  test('iterates in bigints where numbers are not exact', () => {
    using map = LockFreeMap.create({ keys: 'u64' });
    map.set(LARGEST, LARGEST - 1n);
    expect([...map.entriesBigInt()]).toEqual([[LARGEST, LARGEST - 1n]]);
    expect(() => [...map.entries()]).toThrow(failsWith('ERR_MSGTRANS_INVALID_ARGUMENT', /entriesBigInt/));
  });

  test('has room for its capacity, and says when memory is refused', () => {
    using roomy = LockFreeMap.create({ keys: 'u64', initialCapacity: 100_000 });
    for (let key = 0; key < 100_000; key += 1) roomy.set(key, key);
    expect(roomy.metrics()).toMatchObject({ size: 100_000, resizes: 0, shares: 1 });
    using small = LockFreeMap.create({ keys: 'u64', initialCapacity: 1, memoryBytesMax: 64 * 1024 });
    const fill = () => {
      for (let key = 0; key < 100_000; key += 1) small.set(key, key);
    };
    expect(fill).toThrow(failsWith('ERR_MSGTRANS_OUT_OF_MEMORY', /memoryBytesMax/));
    const { size, bytesInUse, resizesRefused } = small.metrics();
    expect(bytesInUse).toBeLessThanOrEqual(64 * 1024);
    expect(resizesRefused).toBeGreaterThan(0);
    expect(small.get(size - 1)).toBe(size - 1);
  });
});

describe('a map with byte strings', () => {
  test('takes strings for their UTF-8, and bytes as they are', () => {
    using map = LockFreeMap.create({ keys: 'bytes' });
    expect(map.set('grün', 1)).toBe(true);
    expect(map.get(new TextEncoder().encode('grün'))).toBe(1);
    expect(map.set('', 2)).toBe(true);
    expect(map.get(new Uint8Array(0))).toBe(2);
    expect(map.set(Uint8Array.of(0), 3)).toBe(true);
    expect(map.get(Uint8Array.of(0, 0))).toBeUndefined();
    const long = 'k'.repeat(100_000);
    expect(map.set(long, LARGEST)).toBe(true);
    expect(map.getBigInt(long)).toBe(LARGEST);
    expect(() => map.get(5 as never)).toThrow(failsWith('ERR_MSGTRANS_INVALID_ARGUMENT'));
    expect(map.size).toBe(4);
  });

  test('takes packed batches and iterates', () => {
    using map = LockFreeMap.create({ keys: 'bytes', initialCapacity: 1 });
    const names = Array.from({ length: 3000 }, (_, index) => `user:${index}`);
    const values = Float64Array.from(names.keys());
    expect(map.setMany(packKeys(names), values)).toBe(3000);
    const got = new Float64Array(3);
    const found = new Uint8Array(3);
    expect(map.getMany(packKeys(['user:1', 'nobody', 'user:2999']), got, found)).toBe(2);
    expect([...got]).toEqual([1, 0, 2999]);
    expect(map.removeMany(packKeys(names.slice(1000)))).toBe(2000);
    const long = 'x'.repeat(50_000); // more than one crossing fetches
    map.set(long, 7);
    const entries = [...map].map(([key, value]) => [new TextDecoder().decode(key), value] as const);
    expect(entries).toHaveLength(1001);
    const expected = new Map<string, number>([[long, 7]]);
    for (const [index, name] of names.slice(0, 1000).entries()) expected.set(name, index);
    expect(new Map(entries)).toEqual(expected);
  });

  test('refuses packed keys whose ends lie outside', () => {
    using map = LockFreeMap.create({ keys: 'bytes' });
    const bytes = new Uint8Array(4);
    for (const ends of [Uint32Array.of(5), Uint32Array.of(3, 2)]) {
      expect(() => map.setMany({ bytes, ends }, new Float64Array(2))).toThrow(
        failsWith('ERR_MSGTRANS_INVALID_ARGUMENT', /key [01]/),
      );
    }
    expect(() => map.removeMany(new Float64Array(1) as never)).toThrow(
      failsWith('ERR_MSGTRANS_INVALID_ARGUMENT', /packKeys/),
    );
  });
});

describe('the life of a map', () => {
  test('names every wrong option at once', () => {
    const options = {
      keys: 'text',
      initialCapacity: 0,
      memoryBytesMax: 1.5,
    } as unknown as LockFreeMapOptions;
    expect(() => LockFreeMap.create(options)).toThrow(
      failsWith('ERR_MSGTRANS_INVALID_OPTION', /keys is text.*initialCapacity is 0.*memoryBytesMax is 1\.5/s),
    );
    expect(() => LockFreeMap.create({ keys: 'u64', initialCapacity: 1e9, memoryBytesMax: 1e6 })).toThrow(
      failsWith('ERR_MSGTRANS_OUT_OF_MEMORY'),
    );
  });

  test('shares live and end one by one, the map with the last', () => {
    const before = mapCount();
    const first = LockFreeMap.create({ keys: 'u64' });
    const second = LockFreeMap.attach(first.handle, 'u64');
    first.set(1, 2);
    first.close();
    first.close();
    expect(() => first.get(1)).toThrow(failsWith('ERR_MSGTRANS_CLOSED'));
    expect(second.get(1)).toBe(2);
    expect(second.metrics().shares).toBe(1);
    expect(() => LockFreeMap.attach(second.handle, 'bytes')).toThrow(failsWith('ERR_MSGTRANS_CLOSED'));
    second.close();
    expect(() => LockFreeMap.attach(first.handle, 'u64')).toThrow(failsWith('ERR_MSGTRANS_CLOSED'));
    expect(() => LockFreeMap.attach(-1, 'u64')).toThrow(failsWith('ERR_MSGTRANS_INVALID_ARGUMENT'));
    expect(mapCount()).toBe(before);
  });

  test('an iteration over a closed map ends with an error, and harms nothing', () => {
    const map = LockFreeMap.create({ keys: 'u64' });
    for (let key = 0; key < 1000; key += 1) map.set(key, key);
    const entries = map.entries();
    entries.next();
    map.close();
    expect(() => [...entries]).toThrow(failsWith('ERR_MSGTRANS_CLOSED'));
  });

  test('a collected share is given up', async () => {
    setFlagsFromString('--expose-gc');
    const collect = runInNewContext('gc') as () => void;
    const before = mapCount();
    (() => LockFreeMap.create({ keys: 'bytes' }).set('a', 1))();
    while (mapCount() > before) {
      collect();
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect(mapCount()).toBe(before);
  });
});

describe('a map shared with Workers', () => {
  const start = (map: LockFreeMap<'u64'>, task: Partial<LockFreeMapTask>) =>
    new Worker(programPath('lock-free-map-worker'), {
      workerData: { handle: map.handle, number: 0, share: 0, ...task },
    });

  test('loses no update of any thread while it resizes', async () => {
    using map = LockFreeMap.create({ keys: 'u64', initialCapacity: 1 });
    const share = 10_000;
    const workers = [
      ...[0, 1, 2].map((number) => start(map, { role: 'own', number, share })),
      ...[0, 1].map(() => start(map, { role: 'count', share })),
    ];
    await Promise.all(workers.map((worker) => once(worker, 'exit')));
    let total = 0;
    for (let key = 0; key < 4; key += 1) total += map.get(key)!;
    expect(total).toBe(2 * share);
    expect(map.size).toBe(4 + (3 * share) / 2);
    for (const [key, value] of map) {
      if (key < 4) continue;
      expect(value).toBe(key);
      expect(key % 2).toBe(0);
    }
    expect(map.metrics()).toMatchObject({ shares: 1 });
    expect(map.metrics().resizes).toBeGreaterThan(5);
  });

  test('stays whole when Workers are terminated in the middle of writing', async () => {
    const before = mapCount();
    const map = LockFreeMap.create({ keys: 'u64', initialCapacity: 1 });
    for (let round = 0; round < 5; round += 1) {
      const workers = [0, 1].map((number) => start(map, { role: 'churn', number }));
      await Promise.all(workers.map((worker) => once(worker, 'message')));
      expect(map.metrics().shares).toBe(3);
      while (map.size < 1000) await new Promise((resolve) => setImmediate(resolve));
      await Promise.all(workers.map((worker) => worker.terminate()));
      expect(map.metrics().shares).toBe(1);
      const keys = [...map.entriesBigInt()].map(([key]) => key);
      expect(new Set(keys).size).toBe(map.size);
      expect(map.removeMany(BigUint64Array.from(keys))).toBe(keys.length);
      expect(map.size).toBe(0);
    }
    map.close();
    expect(mapCount()).toBe(before);
  });

  test('stays while a Worker holds a share, and goes with that Worker', async () => {
    const before = mapCount();
    const map = LockFreeMap.create({ keys: 'u64' });
    const worker = start(map, { role: 'hold' });
    await once(worker, 'message');
    map.set(1, 5);
    map.close();
    const again = LockFreeMap.attach(map.handle, 'u64');
    expect(again.get(1)).toBe(5);
    again.close();
    expect(mapCount()).toBe(before + 1);
    worker.postMessage('exit');
    await once(worker, 'exit');
    expect(mapCount()).toBe(before);
  });
});
