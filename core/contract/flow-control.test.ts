import { describe, expect, it } from 'vitest';
import { encodePacket, NO_BYTES } from '../protocol/packet-codec.js';
import type { Packet } from '../transport.js';
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
import { IMPLEMENTATIONS, ofHearing, ofSockets } from './implementations.js';

const CHUNK = new Uint8Array(64 * 1024);

/** Writes numbered packets of 50 000 bytes to a session, each once the kernel has taken the one before. */
class PacketWriter {
  taken = 0;

  constructor(
    private readonly peer: RawPeer,
    private readonly count: number,
  ) {
    this.writeNext();
  }

  /** Resolves once nothing moves: the receiver has stopped reading and the kernel's buffers are full. */
  async standstill(): Promise<void> {
    for (let before = -1; before !== this.taken; ) {
      before = this.taken;
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
  }

  private writeNext(): void {
    if (this.taken === this.count) return;
    const messageId = this.taken + 1;
    const frame = encodePacket({
      packetType: 'one-way',
      bizType: 0,
      messageId,
      highPriority: false,
      extHeader: NO_BYTES,
      payload: new Uint8Array(50_000).fill(messageId),
    });
    this.peer.socket.write(frame, (error) => {
      if (error) return;
      this.taken += 1;
      this.writeNext();
    });
  }
}

describe.each(IMPLEMENTATIONS)('flow control of $name', (implementation) => {
  describe.skipIf(!implementation.isAvailable)(`over ${implementation.medium}`, () => {
    ofSockets(implementation, it)(
      'says false above the high watermark, and then drain exactly once',
      async () => {
        await using server = await Server.open(implementation, {
          writeQueueHighWatermarkBytes: 100_000,
          writeQueueBytesMax: 100_000_000,
        });
        const accepted = nextSession(server.transport);
        await using peer = await RawPeer.connect(server.listener.port);
        const session = await accepted;
        peer.socket.pause();
        let drains = 0;
        server.transport.on('drain', (drained) => {
          drains += drained === session ? 1 : 0;
        });
        // More than the kernel takes, however soon it does.
        const large = new Uint8Array(1_000_000);
        for (let sent = 0; sent < 12; sent += 1) session.send(large);
        expect(session.bufferedBytes).toBeGreaterThan(100_000);
        expect(session.send(CHUNK)).toBe(false);
        expect(drains).toBe(0);
        peer.socket.resume();
        await until(() => drains > 0);
        await session.drained();
        expect(session.bufferedBytes).toBe(0);
        expect(session.send(bytesOf('small again'))).toBe(true);
        await session.close();
        await peer.ended;
        expect(drains).toBe(1);
        expect(peer.received).toHaveLength(12 * (large.length + 16) + CHUNK.length + 16 + 16 + 11);
      },
    );

    ofSockets(implementation, it)(
      'resolves drained() at once when nothing is queued, and after everything sent so far otherwise',
      async () => {
        await using server = await Server.open(implementation);
        const accepted = nextSession(server.transport);
        await using peer = await RawPeer.connect(server.listener.port);
        const session = await accepted;
        await session.drained();
        peer.socket.pause();
        for (let index = 0; index < 12; index += 1) session.send(new Uint8Array(1_000_000));
        let isDrained = false;
        const drained = session.drained().then(() => {
          isDrained = true;
        });
        await new Promise((resolve) => setTimeout(resolve, 50));
        expect(isDrained).toBe(false);
        peer.socket.resume();
        await drained;
        expect(session.bufferedBytes).toBe(0);
      },
    );

    ofSockets(implementation, it)(
      'closes a slow consumer at the limit of its queue, and harms nobody else',
      async () => {
        await using server = await Server.open(implementation, { writeQueueBytesMax: 1_000_000 });
        server.transport.on('message', (session, packet) => session.reply(packet, packet.payload));
        const accepted = nextSession(server.transport);
        await using peer = await RawPeer.connect(server.listener.port);
        const slow = await accepted;
        peer.socket.pause();
        await using client = await implementation.create();
        const quick = await client.connect(server.url);
        const reason = nextClose(server.transport);
        let queuedMost = 0;
        for (let index = 0; index < 2000 && !slow.closed; index += 1) {
          slow.send(CHUNK);
          queuedMost = Math.max(queuedMost, slow.bufferedBytes);
          if (index % 10 === 0) await quick.request(bytesOf('alive'));
        }
        expect(slow.closed).toBe(true);
        expect(queuedMost).toBeLessThan(1_000_000 + 2 * CHUNK.length);
        expect(await reason).toMatchObject({ code: 'ERR_MSGTRANS_SLOW_CONSUMER', local: true });
        expect(textOf(await quick.request(bytesOf('still')))).toBe('still');
      },
    );

    ofSockets(implementation, it)(
      'stops reading a session whose loop is behind, and loses nothing',
      async () => {
        await using server = await Server.open(implementation);
        const accepted = nextSession(server.transport);
        await using peer = await RawPeer.connect(server.listener.port);
        const session = await accepted;
        const frames = 2000;
        const writer = new PacketWriter(peer, frames);
        const iterator = session[Symbol.asyncIterator]();
        const first = await iterator.next();
        await writer.standstill();
        expect(writer.taken).toBeLessThan(frames / 2);
        const rest: number[] = [(first.value as Packet).messageId];
        while (rest.length < frames) {
          const { value } = await iterator.next();
          rest.push((value as Packet).messageId);
        }
        expect(rest).toEqual(Array.from({ length: frames }, (_, index) => index + 1));
      },
    );

    ofSockets(implementation, it)(
      'takes the end of a peer that nobody reads from only after everything it sent',
      async () => {
        await using server = await Server.open(implementation);
        const accepted = nextSession(server.transport);
        await using peer = await RawPeer.connect(server.listener.port);
        const session = await accepted;
        const frames = 40;
        const writer = new PacketWriter(peer, frames);
        await until(() => writer.taken === frames);
        await new Promise<void>((resolve) => peer.socket.end(resolve));
        await new Promise((resolve) => setTimeout(resolve, 50));
        expect(session.closed).toBe(false);
        const ids: number[] = [];
        for await (const { messageId } of session) ids.push(messageId);
        expect(ids).toEqual(Array.from({ length: frames }, (_, index) => index + 1));
      },
    );

    ofHearing(implementation, it)(
      'ends a session that its peer resets, although nobody reads or writes',
      async () => {
        await using server = await Server.open(implementation);
        const accepted = nextSession(server.transport);
        await using peer = await RawPeer.connect(server.listener.port);
        const session = await accepted;
        const reason = nextClose(server.transport);
        const writer = new PacketWriter(peer, Number.POSITIVE_INFINITY);
        await writer.standstill();
        peer.socket.resetAndDestroy();
        expect(await reason).toMatchObject({ code: 'ERR_MSGTRANS_CONNECTION_RESET', local: false });
        // What it had taken is still there for a loop, then the reason.
        let packets = 0;
        const read = async () => {
          for await (const { messageId } of session) {
            packets += 1;
            expect(messageId).toBe(packets);
          }
        };
        await expect(read()).rejects.toThrow(
          expect.objectContaining({ code: 'ERR_MSGTRANS_CONNECTION_RESET' }),
        );
        expect(packets).toBeGreaterThan(0);
      },
    );

    it('still receives responses while nobody takes the other messages', async () => {
      await using pair = await ConnectedPair.open(implementation);
      pair.server.transport.on('message', (session, packet) => {
        // More than the client takes unasked comes before the answer.
        for (let index = 0; index < 60; index += 1) session.send(new Uint8Array(50_000));
        session.reply(packet, bytesOf('answer'));
      });
      const iterator = pair.session[Symbol.asyncIterator]();
      const next = iterator.next();
      expect(textOf(await pair.session.request(bytesOf('question')))).toBe('answer');
      expect((await next).value?.payload).toHaveLength(50_000);
      for (let index = 1; index < 60; index += 1) {
        expect((await iterator.next()).value?.payload).toHaveLength(50_000);
      }
    });

    it('makes progress or ends when both sides flood and read nothing', async () => {
      const options = { writeQueueBytesMax: 2_000_000 };
      await using pair = await ConnectedPair.open(implementation, { server: options, client: options });
      const ends = [pair.session, pair.accepted];
      for (let round = 0; round < 2000 && !ends.some(({ closed }) => closed); round += 1) {
        for (const session of ends) {
          if (!session.closed) session.send(CHUNK);
          expect(session.bufferedBytes).toBeLessThan(2_000_000 + 2 * CHUNK.length);
        }
        await new Promise((resolve) => setImmediate(resolve));
      }
      await until(() => ends.every(({ closed }) => closed));
      expect(() => pair.session.send(CHUNK)).toThrow(
        expect.objectContaining({ code: expect.stringMatching(/SLOW_CONSUMER|RESET|LOST|CLOSED|TRUNCATED/) }),
      );
    });
  });
});
