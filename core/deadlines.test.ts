import { describe, expect, it } from 'vitest';
import { Deadlines } from './deadlines.js';
import type { NativeReactor } from './native-addon.js';

/** The part of an engine that deadlines use, with a clock that the test moves. */
class Clock {
  now = 1000;
  armed = false;
  readonly switches: boolean[] = [];
  readonly native = {
    nowMs: () => this.now,
    setDeadlines: (any: boolean) => {
      if (any !== this.armed) this.switches.push(any);
      this.armed = any;
    },
  } as unknown as NativeReactor;

  /** Moves in the engine's ticks up to `to`. */
  run(deadlines: Deadlines, to: number): void {
    while (this.now < to) {
      this.now = Math.min(this.now + 7, to);
      deadlines.judge(this.now);
    }
  }
}

describe('deadlines', () => {
  it('expire once, never early, in the order of their time', () => {
    const clock = new Clock();
    const deadlines = new Deadlines(clock.native);
    const expired: [due: number, at: number][] = [];
    for (const afterMs of [500, 1, 20, 100, 99, 0.5, 3000]) {
      const due = clock.now + afterMs;
      deadlines.add(afterMs, () => expired.push([due, clock.now]));
    }
    clock.run(deadlines, 10_000);
    expect(expired).toHaveLength(7);
    for (const [due, at] of expired) {
      expect(at).toBeGreaterThanOrEqual(due);
      // A bucket and a tick at the most.
      expect(at - due).toBeLessThan(20 + 7);
    }
    const times = expired.map(([, at]) => at);
    expect(times).toEqual(times.toSorted((a, b) => a - b));
  });

  it('do not expire when they were removed', () => {
    const clock = new Clock();
    const deadlines = new Deadlines(clock.native);
    let expired = 0;
    const expire = () => {
      expired += 1;
    };
    const [first, second] = [deadlines.add(50, expire), deadlines.add(50, expire)];
    deadlines.remove(first);
    deadlines.remove(first);
    clock.run(deadlines, 2000);
    deadlines.remove(second);
    expect(expired).toBe(1);
  });

  it('ask for ticks only while there are some', () => {
    const clock = new Clock();
    const deadlines = new Deadlines(clock.native);
    const deadline = deadlines.add(50, () => undefined);
    deadlines.add(10_000, () => undefined);
    deadlines.remove(deadline);
    expect(clock.armed).toBe(true);
    clock.run(deadlines, 20_000);
    expect(clock.armed).toBe(false);
    deadlines.remove(deadlines.add(50, () => undefined));
    expect(clock.switches).toEqual([true, false, true, false]);
  });

  it('may be added and removed while others expire', () => {
    const clock = new Clock();
    const deadlines = new Deadlines(clock.native);
    const log: string[] = [];
    const victim = deadlines.add(5000, () => log.push('victim'));
    deadlines.add(10, () => {
      log.push('first');
      deadlines.remove(victim);
      deadlines.add(10, () => log.push('second'));
    });
    clock.run(deadlines, 20_000);
    expect(log).toEqual(['first', 'second']);
    expect(clock.armed).toBe(false);
  });

  it('all expire when the clock jumps', () => {
    const clock = new Clock();
    const deadlines = new Deadlines(clock.native);
    let expired = 0;
    for (let i = 0; i < 1000; i++) {
      deadlines.add(i, () => {
        expired += 1;
      });
    }
    clock.now += 100_000;
    deadlines.judge(clock.now);
    expect(expired).toBe(1000);
  });
});
