import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { fillerByte } from './counter-reply.js';
import { TickBroadcaster } from './tick-broadcaster.js';

let sent: { tick: number; intendedNs: bigint; group: number; members: string[]; filler: boolean }[];

beforeEach(() => {
  sent = [];
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'setImmediate', 'clearImmediate', 'hrtime'] });
});
afterEach(() => vi.useRealTimers());

function broadcaster(groupSize = 2): TickBroadcaster<string> {
  return new TickBroadcaster({ tickHz: 50, groupSize, payloadBytes: 32 }, (frame, members) => {
    const view = new DataView(frame.buffer, frame.byteOffset, frame.length);
    sent.push({
      intendedNs: view.getBigUint64(0, true),
      tick: view.getUint32(8, true),
      group: view.getUint32(12, true),
      members: [...members],
      filler: frame.subarray(16).every((byte, index) => byte === fillerByte(index + 16)),
    });
  });
}

const command = (value: number) => ({ getUint32: (offset: number) => (offset === 8 ? value : 0) });

it('sends each group its frame at every tick, from the switch on until it is switched off', () => {
  const ticker = broadcaster();
  for (const member of ['a', 'b', 'c']) ticker.join(member);
  vi.advanceTimersByTime(100);
  expect(sent).toEqual([]);
  const beganNs = process.hrtime.bigint();
  ticker.handleRequest(command(1), 12);
  vi.advanceTimersByTime(100);
  expect(sent.map(({ tick, group, members }) => [tick, group, members.join('')])).toEqual(
    [1, 2, 3, 4, 5].flatMap((tick) => [
      [tick, 0, 'ab'],
      [tick, 1, 'c'],
    ]),
  );
  expect(sent.every(({ filler }) => filler)).toBe(true);
  expect(sent[8].intendedNs - beganNs).toBe(100_000_000n);
  ticker.handleRequest(command(0), 8);
  vi.advanceTimersByTime(20);
  expect(sent, 'a fence is no switch').toHaveLength(12);
  ticker.handleRequest(command(0), 12);
  vi.advanceTimersByTime(1000);
  expect(sent).toHaveLength(12);
  ticker.handleRequest(command(1), 12);
  vi.advanceTimersByTime(20);
  expect(sent.at(-1)?.tick, 'ticks are counted on').toBe(7);
});

it('leaves out who has left, gives the place to nobody, and ends with the last', () => {
  const ticker = broadcaster();
  for (const member of ['a', 'b', 'c']) ticker.join(member);
  ticker.leave('a');
  ticker.leave('nobody');
  ticker.join('d');
  ticker.join('e');
  ticker.begin();
  vi.advanceTimersByTime(20);
  expect(sent.map(({ members }) => members.join(''))).toEqual(['b', 'cd', 'e']);
  for (const member of ['b', 'c', 'd', 'e']) ticker.leave(member);
  vi.advanceTimersByTime(1000);
  expect(sent).toHaveLength(3);
  expect(vi.getTimerCount()).toBe(0);
  ticker.join('f');
  ticker.begin();
  vi.advanceTimersByTime(20);
  expect(sent.at(-1)).toMatchObject({ group: 0, members: ['f'] });
});
