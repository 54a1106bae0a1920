/** One thread of a test of {@link LockFreeMap}; `workerData` says what it does. */
import { parentPort, workerData } from 'node:worker_threads';
import { LockFreeMap } from '../lock-free-map.js';

export interface LockFreeMapTask {
  /**
   * `own`: sets keys of its own and removes every other; `count`: adds to shared keys by compare-and-swap; `churn`: sets
   * and removes until it is stopped; `hold`: keeps a share and does nothing.
   */
  role: 'own' | 'count' | 'churn' | 'hold';
  handle: number;
  /** Of the Workers, from 0 on. */
  number: number;
  /** Keys or additions of each Worker. */
  share: number;
}

const task = workerData as LockFreeMapTask;
const map = LockFreeMap.attach(task.handle, 'u64');

const ownKey = (index: number) => (task.number + 1) * 1_000_000 + index;

function setAndRemoveOwn(): void {
  const batch = 100;
  const keys = new Float64Array(batch);
  for (let first = 0; first < task.share; first += batch) {
    for (let index = 0; index < batch; index += 1) keys[index] = ownKey(first + index);
    map.setMany(keys, keys);
    map.removeMany(keys.filter((key) => key % 2 === 1));
  }
}

function addToShared(): void {
  for (let index = 0; index < task.share; index += 1) {
    const key = index % 4;
    for (;;) {
      const value = map.get(key);
      if (value === undefined ? map.insert(key, 1) : map.compareAndSwap(key, value, value + 1)) break;
    }
  }
}

function keepChanging(): void {
  for (let index = 0; ; index += 1) {
    map.set(ownKey(index % 5_000), BigInt.asUintN(64, -1n));
    map.remove(ownKey((index * 7) % 5_000));
  }
}

switch (task.role) {
  case 'own':
    setAndRemoveOwn();
    parentPort?.postMessage('done');
    break;
  case 'count':
    addToShared();
    parentPort?.postMessage('done');
    break;
  case 'churn':
    parentPort?.postMessage('ready');
    keepChanging();
    break;
  default:
    parentPort?.postMessage('ready');
    parentPort?.once('message', () => process.exit());
}
