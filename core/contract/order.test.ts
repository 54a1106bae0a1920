import { describe, expect, it } from 'vitest';
import type { Packet, Session } from '../transport.js';
import { ConnectedPair, nextMessage, RawPeer, Server, until } from './connected-pair.js';
import { IMPLEMENTATIONS, ofSockets } from './implementations.js';

const MESSAGES = 10_000;

/** Payload of message `index`: its index, its own length, and bytes that depend on both. */
function payloadOf(index: number): Buffer {
  const payload = Buffer.alloc(sizeOf(index), (index * 31 + 7) & 0xff);
  if (payload.length >= 8) {
    payload.writeUInt32LE(index, 0);
    payload.writeUInt32LE(payload.length, 4);
  }
  return payload;
}

/** Mostly small, some up to 100 KB, a few of 2 MB, and every size around the edges of buffers. */
function sizeOf(index: number): number {
  if (index % 2500 === 1250) return 2 * 1024 * 1024;
  if (index % 50 === 25) return (index * 7919) % 100_000;
  if (index % 10 === 5) return 1000 + (index % 100);
  return index % 300;
}

async function sendAll(session: Session): Promise<void> {
  for (let index = 0; index < MESSAGES; index += 1) {
    const isAccepted = session.send(payloadOf(index), {
      bizType: index & 0xff,
      highPriority: index % 3 === 0,
    });
    if (!isAccepted) await session.drained();
  }
}

/** Compares what arrives with what was sent, without keeping it. */
class OrderCheck {
  count = 0;
  readonly faults: string[] = [];

  take(packet: Packet): void {
    const index = this.count;
    this.count += 1;
    const isIntact = payloadOf(index).equals(packet.payload);
    if (isIntact && packet.bizType === (index & 0xff) && packet.messageId === index + 1) return;
    this.faults.push(`message ${index} came as id ${packet.messageId}, ${packet.payload.length} bytes`);
  }
}

describe.each(IMPLEMENTATIONS)('order and sizes of $name', (implementation) => {
  describe.skipIf(!implementation.isAvailable)(`over ${implementation.medium}`, () => {
    it('delivers 10 000 messages of many sizes whole, once and in order', async () => {
      await using pair = await ConnectedPair.open(implementation);
      const check = new OrderCheck();
      pair.server.transport.on('message', (_session, packet) => check.take(packet));
      await sendAll(pair.session);
      await until(() => check.count >= MESSAGES);
      expect(check.faults).toEqual([]);
      expect(check.count).toBe(MESSAGES);
    });

    it('keeps the order both ways at once', async () => {
      await using pair = await ConnectedPair.open(implementation);
      const checks = [pair.server.transport, pair.client].map((transport) => {
        const check = new OrderCheck();
        transport.on('message', (_session, packet) => check.take(packet));
        return check;
      });
      await Promise.all([sendAll(pair.session), sendAll(pair.accepted)]);
      await until(() => checks.every(({ count }) => count >= MESSAGES));
      expect(checks.flatMap(({ faults }) => faults)).toEqual([]);
    });

    ofSockets(implementation, it)('finds the same packets however the stream is cut', async () => {
      const stream: Buffer[] = [];
      await using server = await Server.open(implementation);
      const check = new OrderCheck();
      server.transport.on('message', (_session, packet) => check.take(packet));
      const { encodePacket, NO_BYTES } = await import('../protocol/packet-codec.js');
      for (let index = 0; index < 60; index += 1) {
        const fields = {
          packetType: 'one-way',
          bizType: index,
          messageId: index + 1,
          highPriority: false,
        } as const;
        stream.push(encodePacket({ ...fields, payload: payloadOf(index), extHeader: NO_BYTES }));
      }
      const bytes = Buffer.concat(stream);
      await using peer = await RawPeer.connect(server.listener.port);
      for (let offset = 0, step = 1; offset < bytes.length; offset += step, step = (step * 13 + 1) % 997) {
        await peer.write(bytes.subarray(offset, offset + step));
        // Lets the receiver see the pieces apart.
        await new Promise((resolve) => setImmediate(resolve));
      }
      await until(() => check.count === 60);
      expect(check.faults).toEqual([]);
    });

    it('carries a payload of exactly the limit', async () => {
      const options = { payloadBytesMax: 3_000_001 };
      await using pair = await ConnectedPair.open(implementation, { server: options, client: options });
      pair.server.transport.on('message', (session, packet) => session.reply(packet, packet.payload));
      const payload = Buffer.alloc(3_000_001, 0xa5);
      const answer = await pair.session.request(payload);
      expect(payload.equals(answer.payload)).toBe(true);
    });

    it('carries a payload of the default limit, 16 MiB, with the largest ext header', async () => {
      await using pair = await ConnectedPair.open(implementation);
      const arrived = nextMessage(pair.server.transport);
      const payload = Buffer.alloc(16 * 1024 * 1024, 0x5a);
      const extHeader = Buffer.alloc(65_535, 0xc3);
      pair.session.send(payload, { extHeader });
      const packet = await arrived;
      expect(payload.equals(packet.payload)).toBe(true);
      expect(extHeader.equals(packet.extHeader)).toBe(true);
    });

    it('sends nothing above a limit, says value and limit, and goes on', async () => {
      const limits = { payloadBytesMax: 1000, extHeaderBytesMax: 10 };
      await using pair = await ConnectedPair.open(implementation, { client: limits });
      const lengths: number[] = [];
      pair.server.transport.on('message', (_session, packet) => lengths.push(packet.payload.length));
      const tooLarge = expect.objectContaining({
        code: 'ERR_MSGTRANS_PAYLOAD_TOO_LARGE',
        message: expect.stringMatching(/1001.*1000/),
      });
      expect(() => pair.session.send(new Uint8Array(1001))).toThrow(tooLarge);
      await expect(pair.session.request(new Uint8Array(1001))).rejects.toThrow(tooLarge);
      expect(() => pair.session.send(new Uint8Array(1), { extHeader: new Uint8Array(11) })).toThrow(
        expect.objectContaining({
          code: 'ERR_MSGTRANS_EXT_HEADER_TOO_LARGE',
          message: expect.stringMatching(/11.*10/),
        }),
      );
      expect(pair.session.send(new Uint8Array(1000), { extHeader: new Uint8Array(10) })).toBe(true);
      await until(() => lengths.length > 0);
      expect(lengths).toEqual([1000]);
    });
  });
});
