/** Mutual exclusion for asynchronous code: a chain of promises, first come, first served. */
export class AsyncMutex {
  #tail: Promise<unknown> = Promise.resolve();

  /** Runs `task` once everything queued before it has finished; resolves or rejects as the task does. */
  runExclusive<T>(task: () => T | Promise<T>): Promise<T> {
    const result = this.#tail.then(task);
    // A failed task must not fail the tasks behind it.
    this.#tail = result.catch(() => undefined);
    return result;
  }
}
