import { describe, expect, it } from 'vitest';
import { bytesOf, textOf, until } from './contract/connected-pair.js';
import { TwoSessions } from './faults/two-sessions.js';
import type { Message } from './message.js';
import type { ReplyTicket } from './transport.js';

/** Payloads in shared slices, in slices of their own, and in mappings of their own. */
const SIZES = [0, 1, 64, 4000, 20_000, 70_000, 900_000, 2_000_000];

function patterned(length: number): Buffer {
  const bytes = Buffer.alloc(length);
  for (let i = 0; i < length; i++) bytes[i] = (i * 7 + (i >>> 8)) & 0xff;
  return bytes;
}

describe('a message in place', () => {
  it.each(SIZES)('has everything that was sent (%i bytes)', async (length) => {
    await using two = await TwoSessions.open();
    const [session] = two.sessions;
    const payload = patterned(length);
    const extHeader = bytesOf('ext header');
    const seen: unknown[] = [];
    await two.handle(
      2,
      () => {
        session.send(payload, { bizType: 200, extHeader, highPriority: true });
        session.request(payload, { bizType: 3 }).catch(() => undefined);
      },
      (batch) => {
        for (const message of batch) {
          seen.push([
            message.sessionId === two.accepted[0].id,
            message.messageId,
            message.packetType,
            message.bizType,
            message.length,
            message.highPriority,
            Buffer.compare(payload, message.payload()),
            Buffer.from(message.extHeader()).toString(),
          ]);
        }
      },
    );
    expect(seen).toEqual([
      [true, 1, 'one-way', 200, length, true, 0, 'ext header'],
      [true, 2, 'request', 3, length, false, 0, ''],
    ]);
  });

  it.each(SIZES)('reads numbers without a view, and never outside its payload (%i bytes)', async (length) => {
    await using two = await TwoSessions.open();
    const payload = patterned(length);
    const expected = new DataView(payload.buffer, payload.byteOffset, length);
    const reads = {
      getUint8: 1,
      getUint16: 2,
      getUint32: 4,
      getFloat64: 8,
    } as const;
    const wrong: string[] = [];
    const check = (message: Message) => {
      for (const [name, bytes] of Object.entries(reads) as [keyof typeof reads, number][]) {
        for (const offset of [0, 1, 5, length >>> 1, length - bytes]) {
          if (offset < 0 || offset + bytes > length) continue;
          for (const littleEndian of [true, false]) {
            const read = message[name](offset, littleEndian);
            if (!Object.is(read, expected[name](offset, littleEndian))) wrong.push(`${name}(${offset})`);
          }
        }
        for (const offset of [
          -1,
          length - bytes + 1,
          length,
          length + 1000,
          2 ** 31,
          2 ** 32,
          Number.NaN,
          -(2 ** 31),
        ]) {
          try {
            message[name](offset);
            wrong.push(`${name}(${offset}) of ${length}`);
          } catch (error) {
            if (!(error instanceof RangeError)) wrong.push(`${name}(${offset}): ${error}`);
          }
        }
      }
    };
    await two.handle(
      1,
      () => two.sessions[0].send(payload),
      (batch) => {
        for (const message of batch) check(message);
      },
    );
    expect(wrong).toEqual([]);
  });

  it.each(SIZES)('answers a request with bytes, with itself, and with options (%i bytes)', async (length) => {
    await using two = await TwoSessions.open();
    const payload = patterned(length);
    let index = 0;
    const answers = await Promise.all([
      ...[1, 2, 3, 4].map((bizType) => two.sessions[0].request(payload, { bizType })),
      two.handle(
        4,
        () => undefined,
        (batch) => {
          for (const message of batch) {
            index += 1;
            if (index === 1) message.reply(message.payload());
            else if (index === 2) message.reply(message);
            else if (index === 3) message.reply(message.payload().slice());
            else message.reply(message, { bizType: 99, extHeader: bytesOf('e'), highPriority: true });
          }
        },
      ),
    ]);
    const packets = answers.filter((answer) => answer !== undefined);
    expect(packets.map(({ bizType, highPriority }) => [bizType, highPriority])).toEqual([
      [1, false],
      [2, false],
      [3, false],
      [99, true],
    ]);
    for (const packet of packets) expect(Buffer.compare(packet.payload, payload)).toBe(0);
    expect(packets.map(({ extHeader }) => extHeader.length)).toEqual([0, 0, 0, 1]);
  });

  it('answers a request with an ext header by a response without one', async () => {
    await using two = await TwoSessions.open();
    const [answer] = await Promise.all([
      two.sessions[0].request(bytesOf('x'), { extHeader: bytesOf('route'), highPriority: true }),
      two.handle(
        1,
        () => undefined,
        (batch) => {
          for (const message of batch) message.reply(message);
        },
      ),
    ]);
    expect(answer).toMatchObject({ packetType: 'response', highPriority: false });
    expect([textOf(answer), answer.extHeader.length]).toEqual(['x', 0]);
  });

  it('answers a one-way message with a one-way message of the same biz type', async () => {
    await using two = await TwoSessions.open();
    await two.handle(
      1,
      () => two.sessions[1].send(bytesOf('x'), { bizType: 77 }),
      (batch) => {
        for (const message of batch) {
          message.reply(message);
          message.reply(bytesOf('y'));
        }
      },
    );
    await until(() => two.answers.length === 2);
    expect(
      two.answers.map(({ packet }) => [packet.packetType, packet.bizType, packet.messageId, textOf(packet)]),
    ).toEqual([
      ['one-way', 77, 1, 'x'],
      ['one-way', 77, 2, 'y'],
    ]);
    expect(two.answers.every(({ session }) => session === two.sessions[1])).toBe(true);
  });

  it.each(SIZES)('is forwarded to another session (%i bytes)', async (length) => {
    await using two = await TwoSessions.open();
    const payload = patterned(length);
    await two.handle(
      1,
      () => two.sessions[0].send(payload, { bizType: 9 }),
      (batch) => {
        for (const message of batch) {
          message.forward(two.accepted[1]);
          message.forward(two.accepted[1], { bizType: 10, extHeader: bytesOf('via') });
        }
      },
    );
    await until(() => two.answers.length === 2);
    expect(two.answers.map(({ session, packet }) => [session === two.sessions[1], packet.bizType])).toEqual([
      [true, 9],
      [true, 10],
    ]);
    for (const { packet } of two.answers) expect(Buffer.compare(packet.payload, payload)).toBe(0);
  });

  it('gives tickets that are answered later, each to its own asker', async () => {
    await using two = await TwoSessions.open();
    const tickets: ReplyTicket[] = [];
    const asked = two.sessions.flatMap((session) => ['a', 'b'].map((text) => session.request(bytesOf(text))));
    await two.handle(
      4,
      () => undefined,
      (batch) => {
        for (const message of batch) tickets.push(message.ticket());
      },
    );
    for (const ticket of tickets.toReversed()) {
      const name = two.accepted.findIndex(({ id }) => id === ticket.sessionId);
      two.server.reply(ticket, bytesOf(`${name} ${ticket.messageId}`));
    }
    expect((await Promise.all(asked)).map(textOf)).toEqual(['0 1', '0 2', '1 1', '1 2']);
  });

  it('refuses bodies that are no bytes, and sends nothing then', async () => {
    await using two = await TwoSessions.open();
    const errors: unknown[] = [];
    const [answer] = await Promise.all([
      two.sessions[0].request(bytesOf('?')),
      two.handle(
        1,
        () => undefined,
        (batch) => {
          for (const message of batch) {
            for (const body of ['text', null, undefined, 5, new ArrayBuffer(4), new Uint16Array(4)]) {
              try {
                message.reply(body as unknown as Uint8Array);
              } catch (error) {
                errors.push((error as { code: string }).code);
              }
            }
            message.reply(bytesOf('good'));
          }
        },
      ),
    ]);
    expect(errors).toEqual(Array.from({ length: 6 }, () => 'ERR_MSGTRANS_INVALID_ARGUMENT'));
    expect(textOf(answer)).toBe('good');
    expect(two.client.counters().responsesUnmatched).toBe(0);
  });

  it('comes in one batch with the others of its turn, and a batch is gone through once', async () => {
    await using two = await TwoSessions.open();
    const lengths: number[] = [];
    const texts: string[] = [];
    let rest = -1;
    await two.handle(
      10,
      () => {
        for (let i = 0; i < 10; i++) two.sessions[0].send(bytesOf(`message ${i}`));
      },
      (batch) => {
        lengths.push(batch.length);
        for (const message of batch) {
          texts.push(Buffer.from(message.payload()).toString());
          if (texts.length === 4) break;
        }
        for (const message of batch) texts.push(Buffer.from(message.payload()).toString());
        rest = [...batch].length;
      },
    );
    expect(lengths.reduce((sum, length) => sum + length, 0)).toBe(10);
    expect(texts).toEqual(Array.from({ length: 10 }, (_, i) => `message ${i}`));
    expect(rest).toBe(0);
  });
});
