/** The thread that a server's injected lock is shared with: takes it in turns, some thousand times a second. */
import { workerData } from 'node:worker_threads';
import { SharedLock } from './shared-lock.js';
import { SpinWork } from './spin-work.js';

/** Some microseconds. */
const HELD_STEPS = 4_000;
const PAUSE_MS = 0.2;

const lock = new SharedLock(workerData as SharedArrayBuffer);
const work = new SpinWork();
for (;;) {
  lock.acquire();
  work.run(HELD_STEPS);
  lock.countTurn();
  lock.release();
  lock.pause(PAUSE_MS);
}
