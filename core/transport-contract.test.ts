/**
 * What every implementation of `Transport` does with messages. The rest of the contract is in `contract/`: requests,
 * order, closing, addresses, iteration, backpressure, hostile peers.
 */
import { describe, expect, it } from 'vitest';
import {
  bytesOf,
  ConnectedPair,
  nextMessage,
  RawPeer,
  Server,
  textOf,
  until,
} from './contract/connected-pair.js';
import { IMPLEMENTATIONS, ofSockets } from './contract/implementations.js';
import { decodePacket, encodePacket, NO_BYTES } from './protocol/packet-codec.js';
import type { Packet, ReplyTicket } from './transport.js';

describe.each(IMPLEMENTATIONS)('messages of $name', (implementation) => {
  describe.skipIf(!implementation.isAvailable)(`over ${implementation.medium}`, () => {
    it('echoes', async () => {
      await using pair = await ConnectedPair.open(implementation);
      pair.server.transport.on('message', (session, packet) => session.send(packet.payload));
      const answer = nextMessage(pair.client);
      expect(pair.session.send(bytesOf('hello'))).toBe(true);
      const packet = await answer;
      expect(textOf(packet)).toBe('hello');
      expect(packet.packetType).toBe('one-way');
    });

    it('gives each message to the session it came by', async () => {
      await using server = await Server.open(implementation);
      await using client = await implementation.create();
      server.transport.on('message', (session, packet) => session.send(packet.payload));
      const seen = new Map<number, string[]>();
      client.on('message', (session, packet) => {
        seen.set(session.id, [...(seen.get(session.id) ?? []), textOf(packet)]);
      });
      const sessions = await Promise.all(Array.from({ length: 20 }, () => client.connect(server.url)));
      expect(new Set(sessions.map(({ id }) => id)).size).toBe(20);
      for (const text of ['a', 'b']) {
        for (const session of sessions) session.send(bytesOf(`${text}${session.id}`));
      }
      await until(() => [...seen.values()].flat().length === 40);
      for (const { id } of sessions) expect(seen.get(id)).toEqual([`a${id}`, `b${id}`]);
    });

    it('carries biz type, ext header and the priority bit, on every kind of packet', async () => {
      await using pair = await ConnectedPair.open(implementation);
      const received: Packet[] = [];
      pair.server.transport.on('message', (session, packet) => {
        received.push(packet);
        session.reply(packet, NO_BYTES, { extHeader: packet.extHeader, highPriority: packet.highPriority });
      });
      const oneWay = nextMessage(pair.client);
      const options = { bizType: 255, extHeader: bytesOf('route:abc'), highPriority: true };
      pair.session.send(bytesOf('x'), options);
      const response = await pair.session.request(bytesOf('y'), { bizType: 7 });
      const expected = { bizType: 255, highPriority: true, packetType: 'one-way' };
      expect(received[0]).toMatchObject(expected);
      expect(Buffer.from(received[0].extHeader).toString()).toBe('route:abc');
      expect(await oneWay).toMatchObject(expected);
      expect(Buffer.from((await oneWay).extHeader).toString()).toBe('route:abc');
      expect(received[1]).toMatchObject({ bizType: 7, highPriority: false, packetType: 'request' });
      expect(response).toMatchObject({ bizType: 7, highPriority: false, packetType: 'response' });
      expect(response.messageId).toBe(received[1].messageId);
      expect(response.extHeader).toHaveLength(0);
    });

    it('answers a one-way message with a one-way message of the same biz type', async () => {
      await using pair = await ConnectedPair.open(implementation);
      pair.server.transport.on('message', (session, packet) => session.reply(packet, packet.payload));
      const answer = nextMessage(pair.client);
      pair.session.send(bytesOf('tick'), { bizType: 9 });
      expect(await answer).toMatchObject({ packetType: 'one-way', bizType: 9 });
    });

    it('answers later by ticket, and says when the session of a ticket is gone', async () => {
      await using pair = await ConnectedPair.open(implementation);
      const { transport } = pair.server;
      const tickets: ReplyTicket[] = [];
      transport.on('message', (session, { messageId, bizType, packetType }) => {
        tickets.push({ sessionId: session.id, messageId, bizType, packetType });
      });
      const answer = pair.session.request(bytesOf('later?'), { bizType: 3 });
      await until(() => tickets.length === 1);
      transport.reply(tickets[0], bytesOf('now'));
      expect(textOf(await answer)).toBe('now');
      await pair.session.close();
      await until(() => pair.accepted.closed);
      expect(() => transport.reply(tickets[0], NO_BYTES)).toThrow(
        expect.objectContaining({ code: 'ERR_MSGTRANS_STALE_SESSION' }),
      );
      const never = { ...tickets[0], sessionId: 0 };
      expect(() => transport.reply(never, NO_BYTES)).toThrow(
        expect.objectContaining({ code: 'ERR_MSGTRANS_STALE_SESSION' }),
      );
    });

    ofSockets(implementation, it)(
      'counts message ids from 1 on each side, one-way and request alike',
      async () => {
        await using server = await Server.open(implementation);
        server.transport.on('session', (session) => {
          session.send(bytesOf('1'));
          session.request(bytesOf('2')).catch(() => undefined);
          session.send(bytesOf('3'));
        });
        await using peer = await RawPeer.connect(server.listener.port);
        await until(() => peer.received.length === 3 * 17);
        const packets = [0, 17, 34].map((at) => decodePacket(peer.received.subarray(at, at + 17)));
        expect(packets.map(({ messageId }) => messageId)).toEqual([1, 2, 3]);
        expect(packets.map(({ packetType }) => packetType)).toEqual(['one-way', 'request', 'one-way']);
      },
    );

    ofSockets(implementation, it)('writes exactly the bytes of the wire format', async () => {
      await using server = await Server.open(implementation);
      server.transport.on('message', (session, packet) => {
        session.reply(packet, bytesOf('pong'), { extHeader: bytesOf('e'), highPriority: true });
      });
      await using peer = await RawPeer.connect(server.listener.port);
      const request = { packetType: 'request', bizType: 10, messageId: 0xdeadbeef } as const;
      const empty = { extHeader: NO_BYTES, payload: NO_BYTES, highPriority: false };
      await peer.write(encodePacket({ ...request, ...empty }));
      await until(() => peer.received.length === 21);
      expect(peer.received.toString('hex')).toBe('0100020adeadbeef0001000000040002' + '65' + '706f6e67');
    });

    it('hands over packets that may be kept', async () => {
      await using pair = await ConnectedPair.open(implementation);
      const kept: Packet[] = [];
      pair.server.transport.on('message', (_session, packet) => kept.push(packet));
      for (let round = 0; round < 2000; round += 1) {
        pair.session.send(Buffer.alloc(100, round & 0xff));
        if (round % 100 === 99) await pair.session.drained();
      }
      await until(() => kept.length === 2000);
      const intact = kept.filter(({ payload }, round) => payload.every((byte) => byte === (round & 0xff)));
      expect(intact).toHaveLength(2000);
    });

    it('takes the bytes of a small send before it returns', async () => {
      await using pair = await ConnectedPair.open(implementation);
      const texts: string[] = [];
      pair.server.transport.on('message', (_session, packet) => texts.push(textOf(packet)));
      const buffer = Buffer.from('first');
      pair.session.send(buffer);
      buffer.write('XXXXX');
      await until(() => texts.length === 1);
      expect(texts).toEqual(['first']);
    });

    it('refuses arguments that cannot be sent, and sends nothing then', async () => {
      await using pair = await ConnectedPair.open(implementation);
      const received: Packet[] = [];
      pair.server.transport.on('message', (_session, packet) => received.push(packet));
      const wrong = expect.objectContaining({ code: 'ERR_MSGTRANS_INVALID_ARGUMENT' });
      expect(() => pair.session.send('text' as unknown as Uint8Array)).toThrow(wrong);
      for (const bizType of [-1, 256, 1.5, Number.NaN]) {
        expect(() => pair.session.send(NO_BYTES, { bizType })).toThrow(wrong);
        await expect(pair.session.request(NO_BYTES, { bizType })).rejects.toThrow(wrong);
      }
      pair.session.send(bytesOf('good'));
      await until(() => received.length > 0);
      expect(received.map(textOf)).toEqual(['good']);
    });

    it('goes on with the next message when a listener throws, and does not swallow the error', async () => {
      await using pair = await ConnectedPair.open(implementation);
      const texts: string[] = [];
      pair.server.transport.on('message', (_session, packet) => {
        texts.push(textOf(packet));
        if (texts.length === 1) throw new Error('planned by the test');
      });
      // The test runner listens too, and would count the planned error as a failure.
      const runners = process.listeners('uncaughtException');
      process.removeAllListeners('uncaughtException');
      const uncaught: string[] = [];
      process.on('uncaughtException', (error) => uncaught.push(error.message));
      try {
        for (const text of ['a', 'b', 'c']) pair.session.send(bytesOf(text));
        await until(() => texts.length === 3 && uncaught.length > 0);
      } finally {
        process.removeAllListeners('uncaughtException');
        for (const runner of runners) process.on('uncaughtException', runner);
      }
      expect(texts).toEqual(['a', 'b', 'c']);
      expect(uncaught).toEqual(['planned by the test']);
    });
  });
});
