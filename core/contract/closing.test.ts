import { describe, expect, it } from 'vitest';
import { encodePacket, NO_BYTES } from '../protocol/packet-codec.js';
import type { CloseReason, Packet } from '../transport.js';
import {
  bytesOf,
  ConnectedPair,
  nextClose,
  nextSession,
  RawPeer,
  Server,
  textOf,
  until,
} from './connected-pair.js';
import { IMPLEMENTATIONS, ofSockets } from './implementations.js';

const CLOSED = expect.objectContaining({ code: 'ERR_MSGTRANS_CLOSED' });

describe.each(IMPLEMENTATIONS)('closing sessions of $name', (implementation) => {
  describe.skipIf(!implementation.isAvailable)(`over ${implementation.medium}`, () => {
    it('tells both sides that the close was orderly and who began it', async () => {
      await using pair = await ConnectedPair.open(implementation);
      const reasons = Promise.all([nextClose(pair.client), nextClose(pair.server.transport)]);
      await pair.session.close();
      const [own, other] = await reasons;
      expect(own).toMatchObject({ code: undefined, local: true });
      expect(other).toMatchObject({ code: undefined, local: false });
      expect([pair.session.closed, pair.accepted.closed]).toEqual([true, true]);
    });

    it('reports session, then messages, then one close', async () => {
      await using server = await Server.open(implementation);
      const events: string[] = [];
      server.transport.on('session', () => events.push('session'));
      server.transport.on('message', (_session, packet) => events.push(textOf(packet)));
      server.transport.on('close', () => events.push('close'));
      await using client = await implementation.create();
      const session = await client.connect(server.url);
      const texts = Array.from({ length: 500 }, (_, index) => `message ${index}`);
      for (const text of texts) session.send(bytesOf(text));
      await session.close();
      await until(() => events.includes('close'));
      expect(events).toEqual(['session', ...texts, 'close']);
    });

    it('delivers everything that was accepted before the close', async () => {
      await using pair = await ConnectedPair.open(implementation);
      let bytes = 0;
      pair.server.transport.on('message', (_session, packet) => {
        bytes += packet.payload.length;
      });
      const closed = nextClose(pair.server.transport);
      for (let index = 0; index < 10; index += 1) pair.session.send(Buffer.alloc(1_000_000, index));
      await pair.session.close();
      await closed;
      expect(bytes).toBe(10_000_000);
    });

    ofSockets(implementation, it)(
      'delivers what was sent although the peer goes on sending after the close',
      async () => {
        // A plain close would answer the peer's bytes with a reset, and destroy what is still on its way to it.
        await using server = await Server.open(implementation);
        const accepted = nextSession(server.transport);
        await using peer = await RawPeer.connect(server.listener.port);
        const session = await accepted;
        peer.socket.pause();
        session.send(new Uint8Array(2_000_000));
        void session.close();
        const noise = { packetType: 'one-way', bizType: 0, messageId: 1, highPriority: false } as const;
        const frame = encodePacket({ ...noise, extHeader: NO_BYTES, payload: new Uint8Array(1000) });
        for (let index = 0; index < 100; index += 1) {
          await peer.write(frame);
          await new Promise((resolve) => setImmediate(resolve));
        }
        peer.socket.resume();
        await peer.ended;
        expect(peer.received).toHaveLength(2_000_016);
      },
    );

    it('refuses use after close with a typed error', async () => {
      await using pair = await ConnectedPair.open(implementation);
      const requests: Packet[] = [];
      pair.server.transport.on('message', (_session, packet) => requests.push(packet));
      const pending = pair.session.request(bytesOf('open'));
      await until(() => requests.length === 1);
      const closing = pair.session.close();
      await expect(pending).rejects.toThrow(CLOSED);
      await closing;
      await until(() => pair.accepted.closed);
      for (const session of [pair.session, pair.accepted]) {
        expect(() => session.send(NO_BYTES)).toThrow(CLOSED);
        expect(() => session.reply(requests[0], NO_BYTES)).toThrow(CLOSED);
        await expect(session.request(NO_BYTES)).rejects.toThrow(CLOSED);
        await session.close();
        await session.close();
        expect(session.bufferedBytes).toBe(0);
      }
    });

    it('closes once, whoever calls how often', async () => {
      await using pair = await ConnectedPair.open(implementation);
      const reasons: CloseReason[] = [];
      for (const transport of [pair.client, pair.server.transport]) {
        transport.on('close', (_session, reason) => reasons.push(reason));
      }
      await Promise.all([
        pair.session.close(),
        pair.session.close(),
        pair.accepted.close(),
        pair.accepted.close(),
      ]);
      await until(() => reasons.length === 2);
      // Anything more would come within a few turns.
      await new Promise((resolve) => setTimeout(resolve, 20));
      expect(reasons.map(({ code }) => code)).toEqual([undefined, undefined]);
    });

    it('gives a session opened later an id of its own', async () => {
      await using pair = await ConnectedPair.open(implementation);
      const ids = new Set([pair.session.id]);
      for (let round = 1; round <= 50; round += 1) {
        const session = await pair.client.connect(pair.server.url);
        ids.add(session.id);
        expect(ids.size).toBe(round + 1);
        await session.close();
      }
      expect([...ids].every((id) => Number.isSafeInteger(id) && id > 0)).toBe(true);
    });

    it('closes a session from inside its own message handler', async () => {
      await using pair = await ConnectedPair.open(implementation);
      const texts: string[] = [];
      pair.server.transport.on('message', (session, packet) => {
        texts.push(textOf(packet));
        session.send(bytesOf('goodbye'));
        session.close();
      });
      const answers: string[] = [];
      pair.client.on('message', (_session, packet) => answers.push(textOf(packet)));
      const closed = nextClose(pair.client);
      pair.session.send(bytesOf('enough'));
      expect(await closed).toMatchObject({ code: undefined, local: false });
      expect([texts, answers]).toEqual([['enough'], ['goodbye']]);
    });
  });
});

describe.each(IMPLEMENTATIONS)('closing transports of $name', (implementation) => {
  describe.skipIf(!implementation.isAvailable)(`over ${implementation.medium}`, () => {
    it('closes every session and refuses use afterwards', async () => {
      const server = await Server.open(implementation);
      const client = await implementation.create();
      const reasons: CloseReason[] = [];
      client.on('close', (_session, reason) => reasons.push(reason));
      const sessions = await Promise.all([1, 2, 3].map(() => client.connect(server.url)));
      await client.close();
      await client.close();
      expect(reasons).toEqual(reasons.map(() => expect.objectContaining({ code: undefined, local: true })));
      expect(reasons).toHaveLength(3);
      expect(sessions.every(({ closed }) => closed)).toBe(true);
      await expect(client.connect(server.url)).rejects.toThrow(CLOSED);
      await expect(client.listen(implementation.anyUrl)).rejects.toThrow(CLOSED);
      const { url } = server;
      await server.transport.close();
      await using again = await Server.open(implementation, {}, url);
      expect(again.url).toBe(url);
    });

    it('flushes before it closes', async () => {
      await using server = await Server.open(implementation);
      const client = await implementation.create();
      let bytes = 0;
      server.transport.on('message', (_session, packet) => {
        bytes += packet.payload.length;
      });
      const accepted = nextSession(server.transport);
      const session = await client.connect(server.url);
      await accepted;
      const closed = nextClose(server.transport);
      for (let index = 0; index < 5; index += 1) session.send(Buffer.alloc(2_000_000));
      await client.close({ drainTimeoutMs: 30_000 });
      await closed;
      expect(bytes).toBe(10_000_000);
    });

    ofSockets(implementation, it)('cuts what is not flushed when the drain time is over', async () => {
      await using server = await Server.open(implementation);
      const accepted = nextSession(server.transport);
      await using peer = await RawPeer.connect(server.listener.port);
      const session = await accepted;
      peer.socket.pause();
      const reason = nextClose(server.transport);
      for (let index = 0; index < 12; index += 1) session.send(Buffer.alloc(1_000_000));
      const drained = session.drained().catch((error) => error.code);
      await server.transport.close({ drainTimeoutMs: 50 });
      expect(await reason).toMatchObject({ code: 'ERR_MSGTRANS_CLOSED', local: true });
      expect(await drained).toBe('ERR_MSGTRANS_CLOSED');
    });

    it('closes at the end of an `await using` block', async () => {
      await using server = await Server.open(implementation);
      const closed = nextClose(server.transport);
      {
        await using client = await implementation.create();
        await client.connect(server.url);
      }
      expect(await closed).toMatchObject({ code: undefined, local: false });
    });

    it('fails a connect that is under way', async () => {
      await using server = await Server.open(implementation);
      const client = await implementation.create();
      const connecting = client.connect(server.url);
      const outcome = connecting.then(
        (session) => session.closed,
        (error) => error.code,
      );
      await client.close();
      expect(['ERR_MSGTRANS_CLOSED', true]).toContain(await outcome);
    });
  });
});
