/**
 * The thread that a server's injected lock is shared with: takes it once for so many uses, however fast they come. At a
 * rate of its own, each 0.2 ms, waking it slowed the server by 9 to 12 % whatever the amount of work, and while the server
 * was idle it took the processor from the one that it is compared with.
 */
import { workerData } from 'node:worker_threads';
import { USES_PER_TURN } from './lock-work.js';
import { SharedLock } from './shared-lock.js';
import { SpinWork } from './spin-work.js';

/** Some microseconds. */
const HELD_STEPS = 4_000;

const lock = new SharedLock(workerData as SharedArrayBuffer);
const work = new SpinWork();
for (let due = USES_PER_TURN; ; due = (due + USES_PER_TURN) | 0) {
  lock.awaitUses(due);
  lock.acquire();
  work.run(HELD_STEPS);
  lock.countTurn();
  lock.release();
}
