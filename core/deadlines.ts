import type { NativeReactor } from './native-addon.js';

/** Deadlines are judged once per bucket of this length. */
const BUCKET_MS = 20;

/** Something with a deadline. */
export interface Deadline {
  bucket: number;
  expire(): void;
}

/**
 * Deadlines of requests on the engine's clock, which stands still while this thread is blocked or stopped and is judged
 * only after the sockets were read: neither a long JS task nor SIGSTOP makes an answer late that has arrived.
 */
export class Deadlines {
  private readonly native: NativeReactor;
  private readonly buckets = new Map<number, Set<Deadline>>();
  private nextBucket = 0;

  constructor(native: NativeReactor) {
    this.native = native;
  }

  /** Calls `expire` once, `afterMs` from now at the earliest. */
  add(afterMs: number, expire: () => void): Deadline {
    if (this.buckets.size === 0) {
      this.native.setDeadlines(true);
      this.nextBucket = Math.floor(this.native.nowMs() / BUCKET_MS);
    }
    const bucket = Math.max(Math.ceil((this.native.nowMs() + afterMs) / BUCKET_MS), this.nextBucket);
    const deadline: Deadline = { bucket, expire };
    let members = this.buckets.get(bucket);
    if (members === undefined) {
      members = new Set();
      this.buckets.set(bucket, members);
    }
    members.add(deadline);
    return deadline;
  }

  remove(deadline: Deadline): void {
    const members = this.buckets.get(deadline.bucket);
    if (!members?.delete(deadline) || members.size > 0) return;
    this.buckets.delete(deadline.bucket);
    if (this.buckets.size === 0) this.native.setDeadlines(false);
  }

  /** The engine's tick. */
  judge(nowMs: number): void {
    const last = Math.floor(nowMs / BUCKET_MS);
    for (; this.nextBucket <= last && this.buckets.size > 0; this.nextBucket++) {
      const members = this.buckets.get(this.nextBucket);
      if (members === undefined) continue;
      this.buckets.delete(this.nextBucket);
      for (const deadline of members) deadline.expire();
    }
    if (this.buckets.size === 0) this.native.setDeadlines(false);
  }
}
