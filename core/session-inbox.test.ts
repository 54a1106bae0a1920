import { describe, expect, it } from 'vitest';
import { NO_BYTES } from './protocol/packet-codec.js';
import { SessionInbox } from './session-inbox.js';
import type { Packet } from './transport.js';

function packet(messageId: number, payloadBytes = 10): Packet {
  const payload = new Uint8Array(payloadBytes);
  return { packetType: 'one-way', bizType: 0, messageId, payload, extHeader: NO_BYTES, highPriority: false };
}

/** Notes what the inbox asks of its session. */
class Owner {
  readonly unread: number[] = [];
  readonly pulled: boolean[] = [];
  inboxChanged(unreadBytes: number): void {
    this.unread.push(unreadBytes);
  }
  setPulled(pulled: boolean): void {
    this.pulled.push(pulled);
  }
}

const ORDERLY = { code: undefined, message: 'closed by the peer', local: false };
const RESET = { code: 'ERR_MSGTRANS_CONNECTION_RESET', message: 'reset', local: false } as const;

async function take(loop: AsyncIterable<Packet>, count = Number.POSITIVE_INFINITY): Promise<number[]> {
  const ids: number[] = [];
  for await (const { messageId } of loop) {
    ids.push(messageId);
    if (ids.length === count) break;
  }
  return ids;
}

describe('a session inbox', () => {
  it('hands out what was pushed, in order, across its own housekeeping', () => {
    const inbox = new SessionInbox(new Owner());
    const taken: (number | undefined)[] = [];
    for (let i = 1; i <= 5000; i++) {
      inbox.push(packet(i));
      if (i % 3 === 0) taken.push(inbox.shift()?.messageId);
    }
    for (let next = inbox.shift(); next !== undefined; next = inbox.shift()) taken.push(next.messageId);
    expect(taken).toEqual(Array.from({ length: 5000 }, (_, i) => i + 1));
    expect(inbox.unreadBytes).toBe(0);
    expect(inbox.shift()).toBeUndefined();
  });

  it('counts what waits, empty packets too', () => {
    const owner = new Owner();
    const inbox = new SessionInbox(owner);
    inbox.push(packet(1, 0));
    expect(inbox.unreadBytes).toBeGreaterThan(0);
    inbox.push(packet(2, 1000));
    expect(inbox.unreadBytes).toBeGreaterThan(1000);
    inbox.shift();
    inbox.shift();
    expect(inbox.unreadBytes).toBe(0);
    expect(owner.unread).toHaveLength(4);
    expect(owner.unread.at(-1)).toBe(0);
  });

  it('ends a loop with the session, after the packets before it', async () => {
    const inbox = new SessionInbox(new Owner());
    const loop = take(inbox.iterate());
    inbox.push(packet(1));
    await Promise.resolve();
    inbox.push(packet(2));
    inbox.push(packet(3));
    inbox.close(ORDERLY);
    expect(await loop).toEqual([1, 2, 3]);
    expect(await take(inbox.iterate())).toEqual([]);
  });

  it('throws the reason of an end that was not orderly', async () => {
    const inbox = new SessionInbox(new Owner());
    inbox.push(packet(1));
    inbox.close(RESET);
    const seen: number[] = [];
    const loop = (async () => {
      for await (const { messageId } of inbox.iterate()) seen.push(messageId);
    })();
    await expect(loop).rejects.toThrow(expect.objectContaining({ code: 'ERR_MSGTRANS_CONNECTION_RESET' }));
    expect(seen).toEqual([1]);
  });

  it('says when it is pulled from and when no more', async () => {
    const owner = new Owner();
    const inbox = new SessionInbox(owner);
    inbox.push(packet(1));
    expect(owner.pulled).toEqual([]);
    expect(await take(inbox.iterate(), 1)).toEqual([1]);
    expect(owner.pulled).toEqual([true, false]);
  });

  it('serves several loops at once, each packet once, and ends them all', async () => {
    const owner = new Owner();
    const inbox = new SessionInbox(owner);
    const loops = [take(inbox.iterate()), take(inbox.iterate()), take(inbox.iterate())];
    for (let i = 1; i <= 9; i++) {
      inbox.push(packet(i));
      await Promise.resolve();
    }
    // One that stops early does not take the others' packets from them.
    const early = take(inbox.iterate(), 1);
    inbox.push(packet(10));
    inbox.push(packet(11));
    inbox.close(ORDERLY);
    const taken = (await Promise.all([...loops, early])).flat();
    expect(taken.toSorted((a, b) => a - b)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]);
    expect(owner.pulled.at(-1)).toBe(false);
    expect(owner.pulled.filter((pulled) => !pulled)).toHaveLength(1);
  });
});
