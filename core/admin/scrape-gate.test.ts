import { describe, expect, it } from 'vitest';
import { type GateClock, ScrapeGate } from './scrape-gate.js';

/** Time passes when told to. */
class ScriptedClock implements GateClock {
  now = 1_000;
  private due: { atMs: number; call: () => void }[] = [];
  nowMs(): number {
    return this.now;
  }
  after(delayMs: number, call: () => void): void {
    this.due.push({ atMs: this.now + delayMs, call });
  }
  advance(ms: number): void {
    this.now += ms;
    const ready = this.due.filter(({ atMs }) => atMs <= this.now);
    this.due = this.due.filter(({ atMs }) => atMs > this.now);
    for (const { call } of ready) call();
  }
}

describe('a scrape gate', () => {
  it('lets in so many at once, and another when one has left', () => {
    const gate = new ScrapeGate(2, 10, new ScriptedClock());
    const enter = () => gate.enter(() => {});
    expect([enter(), enter(), enter(), enter()]).toEqual([true, true, false, false]);
    gate.leave();
    expect([enter(), enter()]).toEqual([true, false]);
    gate.leave();
    gate.leave();
    expect([enter(), enter(), enter()]).toEqual([true, true, false]);
  });

  it('does the work in a later turn, never within the call', () => {
    const clock = new ScriptedClock();
    let done = 0;
    new ScrapeGate(2, 10, clock).enter(() => done++);
    expect(done).toBe(0);
    clock.advance(0);
    expect(done).toBe(1);
  });

  it('keeps the work of clients that ask without a pause apart', () => {
    const clock = new ScriptedClock();
    const gate = new ScrapeGate(2, 10, clock);
    const workedAt: number[] = [];
    const ask = () =>
      gate.enter(() => {
        workedAt.push(clock.now);
        gate.leave();
        ask();
      });
    ask();
    ask();
    for (let ms = 0; ms < 50; ms++) clock.advance(1);
    expect(workedAt).toEqual([1_001, 1_010, 1_020, 1_030, 1_040, 1_050]);
  });

  it('has a client that asks now and then wait for nobody', () => {
    const clock = new ScriptedClock();
    const gate = new ScrapeGate(2, 10, clock);
    let done = 0;
    for (let i = 1; i <= 5; i++) {
      gate.enter(() => done++);
      clock.advance(0);
      expect(done).toBe(i);
      gate.leave();
      clock.advance(10);
    }
  });
});
