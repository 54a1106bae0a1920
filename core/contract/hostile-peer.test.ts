import { describe, expect, it } from 'vitest';
import { encodePacket } from '../protocol/packet-codec.js';
import type { CloseReason, Session } from '../transport.js';
import { bytesOf, ConnectedPair, nextSession, RawPeer, textOf, until } from './connected-pair.js';
import { IMPLEMENTATIONS } from './implementations.js';

/** A whole packet with ext header and payload; `edit` spoils it. */
function frame(edit: (bytes: Buffer) => void = () => undefined): Buffer {
  const bytes = encodePacket({
    packetType: 'one-way',
    bizType: 1,
    messageId: 1,
    extHeader: bytesOf('ext'),
    payload: bytesOf('payload'),
    highPriority: false,
  });
  edit(bytes);
  return bytes;
}

/** Lets the event loop look at its sockets `count` times. */
async function turns(count: number): Promise<void> {
  for (let turn = 0; turn < count; turn += 1) await new Promise((resolve) => setImmediate(resolve));
}

/** A server that notes what happened to each session, and a well-behaved client beside the hostile one. */
class Scene implements AsyncDisposable {
  readonly closes: { session: Session; reason: CloseReason }[] = [];
  readonly texts: string[] = [];

  private constructor(
    readonly pair: ConnectedPair,
    readonly bystander: Session,
  ) {}

  static async open(implementation: (typeof IMPLEMENTATIONS)[number], options = {}): Promise<Scene> {
    const pair = await ConnectedPair.open(implementation, { server: options });
    const scene = new Scene(pair, pair.session);
    pair.server.transport.on('close', (session, reason) => scene.closes.push({ session, reason }));
    pair.server.transport.on('message', (session, packet) => {
      if (packet.packetType === 'request') session.reply(packet, packet.payload);
      else scene.texts.push(textOf(packet));
    });
    return scene;
  }

  /** A raw connection whose session the server has announced. */
  async connect(): Promise<{ peer: RawPeer; session: Session }> {
    const accepted = nextSession(this.pair.server.transport);
    const peer = await RawPeer.connect(this.pair.server.listener.port);
    return { peer, session: await accepted };
  }

  /** The one reason of a session's end. */
  async reasonOf(session: Session): Promise<CloseReason> {
    await until(() => this.closes.some((each) => each.session === session));
    const reasons = this.closes.filter((each) => each.session === session);
    expect(reasons).toHaveLength(1);
    return reasons[0].reason;
  }

  async expectBystanderServed(): Promise<void> {
    expect(textOf(await this.bystander.request(bytesOf('served?')))).toBe('served?');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.pair[Symbol.asyncDispose]();
  }
}

const MALFORMED: [name: string, code: string, value: RegExp, edit: (bytes: Buffer) => void][] = [
  ['version 0', 'PROTOCOL_VERSION', /\b0\b/, (bytes) => bytes.writeUInt8(0, 0)],
  ['version 2', 'PROTOCOL_VERSION', /\b2\b/, (bytes) => bytes.writeUInt8(2, 0)],
  ['zstd', 'PROTOCOL_COMPRESSION', /\b1\b/, (bytes) => bytes.writeUInt8(1, 1)],
  ['zlib', 'PROTOCOL_COMPRESSION', /\b2\b/, (bytes) => bytes.writeUInt8(2, 1)],
  ['compression 9', 'PROTOCOL_COMPRESSION', /\b9\b/, (bytes) => bytes.writeUInt8(9, 1)],
  ['packet type 3', 'PROTOCOL_PACKET_TYPE', /\b3\b/, (bytes) => bytes.writeUInt8(3, 2)],
  ['FRAGMENTED', 'PROTOCOL_FRAGMENTED', /fragmented/i, (bytes) => bytes.writeUInt16BE(1, 14)],
  ['an ext header of 101 bytes', 'EXT_HEADER_TOO_LARGE', /101.*100/, (bytes) => bytes.writeUInt16BE(101, 8)],
  ['a payload of 1001 bytes', 'PAYLOAD_TOO_LARGE', /1001.*1000/, (bytes) => bytes.writeUInt32BE(1001, 10)],
  ['a payload of 2^31-1', 'PAYLOAD_TOO_LARGE', /2147483647/, (bytes) => bytes.writeUInt32BE(0x7fffffff, 10)],
  ['a payload of 2^31', 'PAYLOAD_TOO_LARGE', /2147483648/, (bytes) => bytes.writeUInt32BE(0x80000000, 10)],
  ['a payload of 2^32-1', 'PAYLOAD_TOO_LARGE', /4294967295/, (bytes) => bytes.writeUInt32BE(0xffffffff, 10)],
];

const OVER_SOCKETS = IMPLEMENTATIONS.filter(({ hasSockets }) => hasSockets);

describe.each(OVER_SOCKETS)('hostile peers of $name', (implementation) => {
  describe.skipIf(!implementation.isAvailable)(`over ${implementation.medium}`, () => {
    it.each(MALFORMED)('closes on %s, after the packets before it', async (_name, code, value, edit) => {
      await using scene = await Scene.open(implementation, { payloadBytesMax: 1000, extHeaderBytesMax: 100 });
      const { peer, session } = await scene.connect();
      await using _peer = peer;
      await peer.write(Buffer.concat([frame(), frame(edit), frame()]));
      const reason = await scene.reasonOf(session);
      expect(reason).toMatchObject({ code: `ERR_MSGTRANS_${code}`, local: true });
      expect(reason.message).toMatch(value);
      expect(scene.texts).toEqual(['payload']);
      await peer.ended;
      await scene.expectBystanderServed();
    });

    it('fails what is pending on a session with the reason of its end', async () => {
      await using scene = await Scene.open(implementation);
      const { peer, session } = await scene.connect();
      await using _peer = peer;
      const pending = session.request(bytesOf('?'));
      await peer.write(frame((bytes) => bytes.writeUInt8(7, 0)));
      await expect(pending).rejects.toThrow(
        expect.objectContaining({ code: 'ERR_MSGTRANS_PROTOCOL_VERSION' }),
      );
    });

    it('sends what was queued before it closes on a malformed header', async () => {
      await using scene = await Scene.open(implementation);
      const { peer, session } = await scene.connect();
      await using _peer = peer;
      session.send(new Uint8Array(500_000));
      await peer.write(Buffer.concat([frame((bytes) => bytes.writeUInt8(7, 0)), Buffer.alloc(100_000)]));
      await peer.ended;
      expect(peer.received).toHaveLength(500_016);
    });

    it('allocates nothing for the length that a header claims', async () => {
      await using scene = await Scene.open(implementation);
      const before = process.memoryUsage();
      const oversized = frame((bytes) => bytes.writeUInt32BE(0x7fffffff, 10)).subarray(0, 16);
      for (let round = 0; round < 100; round += 1) {
        const { peer, session } = await scene.connect();
        await peer.write(oversized);
        expect((await scene.reasonOf(session)).code).toBe('ERR_MSGTRANS_PAYLOAD_TOO_LARGE');
        peer.socket.destroy();
      }
      const after = process.memoryUsage();
      expect(after.arrayBuffers - before.arrayBuffers).toBeLessThan(16 * 1024 * 1024);
      // 100 × 2 GiB were claimed; what remains is the ordinary churn of a hundred connections.
      expect(after.rss - before.rss).toBeLessThan(64 * 1024 * 1024);
      await scene.expectBystanderServed();
    });

    it('takes half a header, or half a payload, for as long as the peer likes', async () => {
      await using scene = await Scene.open(implementation);
      const { peer } = await scene.connect();
      await using _peer = peer;
      for (const byte of frame()) {
        await peer.write(Uint8Array.of(byte));
        await new Promise((resolve) => setImmediate(resolve));
      }
      await until(() => scene.texts.length === 1);
      expect(scene.texts).toEqual(['payload']);
    });

    it('names a stream that ends inside a packet, at every byte', async () => {
      await using scene = await Scene.open(implementation);
      const bytes = frame();
      for (let length = 1; length < bytes.length; length += 1) {
        const { peer, session } = await scene.connect();
        peer.socket.end(bytes.subarray(0, length));
        expect((await scene.reasonOf(session)).code).toBe('ERR_MSGTRANS_PROTOCOL_TRUNCATED');
        await peer.ended;
        peer.socket.destroy();
      }
      const { peer, session } = await scene.connect();
      peer.socket.end(bytes);
      expect((await scene.reasonOf(session)).code).toBeUndefined();
      await scene.expectBystanderServed();
    });

    it('survives a reset at every byte of a packet with one close event', async () => {
      await using scene = await Scene.open(implementation);
      const bytes = frame();
      const sessions: Session[] = [];
      for (let length = 0; length <= bytes.length; length += 1) {
        const { peer, session } = await scene.connect();
        sessions.push(session);
        await peer.write(bytes.subarray(0, length));
        await turns(3);
        const pending = session.request(bytesOf('?')).catch((error) => error.code);
        peer.socket.resetAndDestroy();
        expect(await scene.reasonOf(session)).toMatchObject({
          code: 'ERR_MSGTRANS_CONNECTION_RESET',
          local: false,
        });
        expect(await pending).toBe('ERR_MSGTRANS_CONNECTION_RESET');
      }
      await scene.expectBystanderServed();
      for (const session of sessions) await scene.reasonOf(session);
      expect(scene.texts).toEqual(['payload']);
    });

    it('survives a reset that comes together with the last bytes', async () => {
      await using scene = await Scene.open(implementation);
      const bytes = frame();
      for (let length = 1; length <= bytes.length; length += 1) {
        const { peer, session } = await scene.connect();
        await peer.write(bytes.subarray(0, length));
        peer.socket.resetAndDestroy();
        // libuv reports bytes and reset that it polls at once as bytes and end of stream.
        const { code } = await scene.reasonOf(session);
        expect(['ERR_MSGTRANS_CONNECTION_RESET', 'ERR_MSGTRANS_PROTOCOL_TRUNCATED', undefined]).toContain(
          code,
        );
      }
      await scene.expectBystanderServed();
    });

    it('survives resets while it is sending', async () => {
      await using scene = await Scene.open(implementation);
      for (let round = 0; round < 20; round += 1) {
        const { peer, session } = await scene.connect();
        for (let index = 0; index < 5; index += 1) session.send(new Uint8Array(200_000));
        if (round % 2 === 0) await new Promise((resolve) => setImmediate(resolve));
        peer.socket.resetAndDestroy();
        expect((await scene.reasonOf(session)).code).toBe('ERR_MSGTRANS_CONNECTION_RESET');
      }
      await scene.expectBystanderServed();
    });
  });
});
