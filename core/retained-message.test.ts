import { describe, expect, it } from 'vitest';
import { until } from './contract/connected-pair.js';
import { TwoSessions } from './faults/two-sessions.js';
import type { RetainedMessage } from './retained-message.js';

const STALE = expect.objectContaining({ code: 'ERR_MSGTRANS_STALE_MESSAGE' });

/** Sends one message and retains it. */
async function retainOne(two: TwoSessions, length: number, fill = 1): Promise<RetainedMessage> {
  const retained: RetainedMessage[] = [];
  await two.handle(
    1,
    () => two.sessions[0].send(Buffer.alloc(length, fill)),
    (batch) => {
      for (const message of batch) retained.push(message.retain());
    },
  );
  return retained[0];
}

describe('a retained message', () => {
  it.each([
    [0, false],
    [100, false],
    // An eighth of a read slice (64 KiB + 256) is where pinning begins to be worth it.
    [8000, false],
    [8300, true],
    [60_000, true],
    [400_000, true],
    [3_000_000, true],
  ])('of %i bytes is pinned: %s', async (length, pinned) => {
    await using two = await TwoSessions.open();
    const retained = await retainOne(two, length);
    expect(retained.pinned).toBe(pinned);
    expect(two.server.counters().retainedBytes > 0).toBe(pinned);
    expect(retained.payload).toHaveLength(length);
    expect(retained.payload.every((byte) => byte === 1)).toBe(true);
    retained.release();
    expect(two.server.counters().retainedBytes).toBe(0);
    expect(() => retained.payload).toThrow(STALE);
  });

  it('of a pinned one shows its own bytes only', async () => {
    await using two = await TwoSessions.open();
    const retained: RetainedMessage[] = [];
    const fills = [1, 2, 3, 4];
    await two.handle(
      4,
      () => {
        for (const fill of fills) two.sessions[fill % 2].send(Buffer.alloc(10_000, fill));
      },
      (batch) => {
        for (const message of batch) retained.push(message.retain());
      },
    );
    for (const { payload } of retained) {
      expect(payload.buffer.byteLength).toBe(10_000);
      expect(new Set(new Uint8Array(payload.buffer)).size).toBe(1);
    }
    for (const message of retained) message.release();
  });

  it('is independent of others of the same memory', async () => {
    await using two = await TwoSessions.open();
    const pair: RetainedMessage[] = [];
    await two.handle(
      1,
      () => two.sessions[0].send(Buffer.alloc(50_000, 5)),
      (batch) => {
        for (const message of batch) pair.push(message.retain(), message.retain());
      },
    );
    pair[0].release();
    await retainOne(two, 50_000, 6).then((other) => other.release());
    expect(pair[1].payload.every((byte) => byte === 5)).toBe(true);
    pair[1].release();
    expect(two.server.counters()).toMatchObject({ retainedBytes: 0, slicesLent: 0 });
  });

  it('is released once, however often', async () => {
    await using two = await TwoSessions.open();
    for (const length of [10, 50_000]) {
      const retained = await retainOne(two, length);
      const next = await retainOne(two, length, 2);
      retained.release();
      retained.release();
      retained[Symbol.dispose]();
      // Its handle may be another's by now: that one is untouched.
      const later = await retainOne(two, length, 3);
      retained.release();
      expect(next.payload.every((byte) => byte === 2)).toBe(true);
      expect(later.payload.every((byte) => byte === 3)).toBe(true);
      next.release();
      later.release();
    }
    expect(two.server.counters()).toMatchObject({ retainedBytes: 0, slicesLent: 0 });
  });

  it('is given back at the end of a `using` block', async () => {
    await using two = await TwoSessions.open();
    let kept: Uint8Array;
    {
      using retained = await retainOne(two, 50_000);
      kept = retained.payload;
      expect(kept).toHaveLength(50_000);
    }
    expect(kept).toHaveLength(0);
    expect(two.server.counters().retainedBytes).toBe(0);
  });

  it('can be sent while it is held', async () => {
    await using two = await TwoSessions.open();
    for (const length of [100, 50_000, 1_000_000]) {
      const retained = await retainOne(two, length, 8);
      two.accepted[1].send(retained.payload);
      retained.release();
      await until(() => two.answers.length === 1);
      const { packet } = two.answers.pop()!;
      expect(packet.payload).toHaveLength(length);
      expect(packet.payload.every((byte) => byte === 8)).toBe(true);
    }
  });
});
