/** What is kept per slot belongs to one session: the next one in the same slot begins with nothing. */
import { describe, expect, it } from 'vitest';
import { until } from './contract/connected-pair.js';
import { HighPerformanceTransport } from './high-performance-transport.js';

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
