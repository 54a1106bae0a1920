import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { acquireLock, describeHolder, LockTimeoutError } from '../../scenarios/harness/lock.js';
import { BaselineError } from './baseline-error.js';
import { LOCK_FILE } from './baseline-folder.js';

/** Reading, adding and replacing take milliseconds; who is still at it after this has hung. */
const WAIT_MS_MAX = 30_000;
const POLL_MS = 20;

/**
 * What reads the store to write it holds the lock in between, so that of two savers neither takes the other's run
 * away. The lock of a process that has died is taken over.
 */
export async function withStoreLock<Result>(
  baselines: string,
  purpose: string,
  action: () => Result | Promise<Result>,
  waitMsMax = WAIT_MS_MAX,
): Promise<Result> {
  let release: () => void;
  try {
    mkdirSync(baselines, { recursive: true });
    release = await acquireLock({
      ...{ purpose, path: join(baselines, LOCK_FILE), waitMsMax, pollMs: POLL_MS },
      signal: new AbortController().signal,
      onWait: () => {},
    });
  } catch (error) {
    if (!(error instanceof LockTimeoutError)) {
      const reason = (error as NodeJS.ErrnoException).code ?? String(error);
      throw new BaselineError(
        'ERR_BASELINE_WRITE',
        `${baselines} could not be locked (${reason}), so nothing there was changed`,
        { cause: error },
      );
    }
    throw new BaselineError(
      'ERR_BASELINE_BUSY',
      `${baselines} is kept locked by ${describeHolder(error.holder)} for more than ${waitMsMax / 1000} s; ` +
        'end that process, then start again',
      { cause: error },
    );
  }
  try {
    return await action();
  } finally {
    release();
  }
}
