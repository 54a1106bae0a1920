/**
 * The thread that a server's injected lock is shared with: takes it in turns, some thousand times a second. It sleeps while the
 * server has no use for the lock: else it would work beside whatever runs on the same processors meanwhile, such as the
 * server that this one is compared with.
 */
import { workerData } from 'node:worker_threads';
import { SharedLock } from './shared-lock.js';
import { SpinWork } from './spin-work.js';

/** Some microseconds. */
const HELD_STEPS = 4_000;
const PAUSE_MS = 0.2;
/** Some milliseconds, longer than the pauses between the messages of an open loop, and short against a window. */
const UNUSED_TURNS_MAX = 20;

const lock = new SharedLock(workerData as SharedArrayBuffer);
const work = new SpinWork();
let seen = 0;
let unusedTurns = 0;
for (;;) {
  const { uses } = lock;
  unusedTurns = uses === seen ? unusedTurns + 1 : 0;
  seen = uses;
  if (unusedTurns > UNUSED_TURNS_MAX) lock.awaitUseAfter(seen);
  lock.acquire();
  work.run(HELD_STEPS);
  lock.countTurn();
  lock.release();
  lock.pause(PAUSE_MS);
}
