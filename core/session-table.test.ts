/** What is kept per slot belongs to one session: the next one in the same slot begins with nothing. */
import { describe, expect, it } from 'vitest';
import { until } from './contract/connected-pair.js';
import { HighPerformanceTransport } from './high-performance-transport.js';
import {
  SEGMENT_SLOTS,
  SLOT_GENERATION,
  SLOT_OPEN,
  SLOT_PEER_WORD,
  SLOT_QUEUED_BYTES,
  SLOT_SETTLED_BYTES,
  SLOT_STATE,
  SLOT_STATE_WORDS,
} from './layout.generated.js';
import type { NativeReactor } from './native-addon.js';
import { sessionIdOf } from './session-id.js';
import { SessionTable } from './session-table.js';

/** More than the slots that have to be free before one is used again. */
const SESSIONS = 1300;
const PACKET_BYTES = 16 + 64;

describe('a slot that is used again', () => {
  it('counts its ids, and what waits to be taken, from the beginning', async () => {
    await using receiver = await HighPerformanceTransport.create();
    await using sender = await HighPerformanceTransport.create();
    const messageIds: number[] = [];
    receiver.on('message', (_session, { messageId }) => messageIds.push(messageId));
    const { url } = await receiver.listen('mem://');
    const scratch = new Uint8Array(64);
    const used = new Set<number>();
    let usedAgain = 0;
    for (let life = 1; life <= 3; life++) {
      const ids = await sender.connectMany(url, SESSIONS);
      const sessions = ids.map((id) => sender.session(id)!);
      for (const id of ids) {
        const slot = sender.sessionSlot(id);
        if (used.has(slot)) usedAgain += 1;
        used.add(slot);
      }
      const queuedBytes = () => new Set(sessions.map(({ bufferedBytes }) => bufferedBytes));
      expect(queuedBytes()).toEqual(new Set([0]));
      // Another number in each life, so that what one leaves behind would show in the next.
      for (let count = 0; count < life; count++) for (const id of ids) sender.send(id, scratch);
      expect(queuedBytes()).toEqual(new Set([life * PACKET_BYTES]));
      await until(() => messageIds.length === life * SESSIONS);
      expect(queuedBytes()).toEqual(new Set([0]));
      const expected = Array.from(
        { length: life * SESSIONS },
        (_, index) => Math.floor(index / SESSIONS) + 1,
      );
      expect(messageIds.sort((left, right) => left - right)).toEqual(expected);
      messageIds.length = 0;
      await Promise.all(sessions.map((session) => session.close()));
    }
    expect(usedAgain).toBeGreaterThan(SESSIONS / 2);
  });
});

/** A table over slots that the test writes: `segments` by index, of reactor 0. */
function tableOver(segments: readonly Int32Array[]): SessionTable {
  const slotSegment = (number: number, index: number) => (number === 0 ? segments[index]?.buffer : undefined);
  return new SessionTable({ slotSegment } as unknown as NativeReactor);
}

function newSegment(): Int32Array {
  return new Int32Array(SEGMENT_SLOTS * SLOT_STATE_WORDS);
}

describe('what was seen of a slot', () => {
  it('is of one generation, whenever that was first looked at', () => {
    const segment = newSegment();
    const table = tableOver([segment]);
    const [slot, peer] = [5, 9];
    const at = slot * SLOT_STATE_WORDS;
    const settledAt = peer * SLOT_STATE_WORDS + SLOT_SETTLED_BYTES;
    const open = (generation: number) => {
      segment[at + SLOT_GENERATION] = generation;
      segment[at + SLOT_STATE] = SLOT_OPEN;
      segment[at + SLOT_PEER_WORD] = peer;
      segment[at + SLOT_QUEUED_BYTES] = segment[settledAt] = 0;
    };
    open(1);
    segment[at + SLOT_QUEUED_BYTES] = 500;
    segment[settledAt] = 400;
    expect([table.queuedBytes(slot), table.queuedBytes(slot)]).toEqual([100, 100]);
    // Looked at before the other end takes anything, and in between: both count for this session alone.
    open(2);
    segment[at + SLOT_QUEUED_BYTES] = 300;
    expect(table.queuedBytes(slot)).toBe(300);
    segment[settledAt] = 200;
    expect([table.queuedBytes(slot), table.queuedBytes(slot)]).toEqual([100, 100]);
    // The same number of bytes as was seen of the one before.
    open(3);
    segment[at + SLOT_QUEUED_BYTES] = 200;
    segment[settledAt] = 200;
    expect(table.queuedBytes(slot)).toBe(0);
  });
});

describe('slots that are told ahead', () => {
  it('may lie before the first that is known, behind the last, or with a reactor that is not', () => {
    const segments = [newSegment(), newSegment(), newSegment()];
    const table = tableOver(segments);
    const slot = SEGMENT_SLOTS + 3;
    // Slots are used again in any order, also those of a transport that had the number before.
    table.segment(slot);
    segments[1][3 * SLOT_STATE_WORDS + SLOT_GENERATION] = 7;
    const ids = [
      sessionIdOf(3, 1),
      sessionIdOf(2 * SEGMENT_SLOTS, 1),
      sessionIdOf(0xff00_0000, 1),
      sessionIdOf(slot, 7),
    ];
    table.touch(ids, 0, ids.length);
    expect(table.touched).toBe(7);
  });
});
