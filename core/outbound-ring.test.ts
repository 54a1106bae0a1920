/** The way out, by what comes in at the other end: order and content whatever is mixed. */
import { describe, expect, it } from 'vitest';
import { until } from './contract/connected-pair.js';
import { patternBytes, SeededRandom } from './faults/seeded-random.js';
import { HighPerformanceTransport } from './high-performance-transport.js';
import { RING_BYTES } from './layout.generated.js';
import { OutboundRing } from './outbound-ring.js';
import { HEADER_BYTES } from './protocol/wire-layout.generated.js';
import type { Packet, Session } from './transport.js';

const LARGEST = OutboundRing.PACKET_BYTES_MAX - HEADER_BYTES;
const EDGES = [0, 1, 2, 3, 4, 7, 8, 255, 256, 257, 260, LARGEST - 1, LARGEST, LARGEST + 1];

/** Sessions from a server to a client, and what the client was sent, by the server's session. */
class Outlet implements AsyncDisposable {
  readonly received: Packet[][] = [];

  private constructor(
    readonly server: HighPerformanceTransport,
    readonly client: HighPerformanceTransport,
    readonly senders: Session[],
  ) {}

  static async open(count: number): Promise<Outlet> {
    const server = await HighPerformanceTransport.create({ writeQueueBytesMax: 1024 ** 3 });
    const client = await HighPerformanceTransport.create();
    const { url } = await server.listen('tcp://127.0.0.1:0');
    const senders: Session[] = [];
    server.on('session', (session) => senders.push(session));
    const outlet = new Outlet(server, client, senders);
    const indexes = new Map<number, number>();
    client.on('message', (session, packet) => outlet.received[indexes.get(session.id)!].push(packet));
    for (let i = 0; i < count; i++) {
      const session = await client.connect(url);
      indexes.set(session.id, i);
      outlet.received.push([]);
      await until(() => senders.length === i + 1);
    }
    return outlet;
  }

  get count(): number {
    return this.received.reduce((sum, packets) => sum + packets.length, 0);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.client.close({ drainTimeoutMs: 0 });
    await this.server.close({ drainTimeoutMs: 0 });
  }
}

describe('the outbound ring', () => {
  it.each([1, 2, 3, 4])(
    'keeps order and content for any mix of sizes and sessions (seed %i)',
    async (seed) => {
      const random = new SeededRandom(seed);
      await using outlet = await Outlet.open(4);
      const sizes: number[][] = outlet.senders.map(() => []);
      const extHeader = new Uint8Array([1, 2, 3]);
      for (let i = 0; i < 3000; i++) {
        const to = random.below(3) === 0 ? 0 : random.below(4);
        const kind = random.below(100);
        const size = kind < 80 ? random.below(700) : kind < 95 ? random.below(9000) : random.pick(EDGES);
        const options = random.below(10) === 0 ? { extHeader } : undefined;
        outlet.senders[to].send(patternBytes(seed, to, sizes[to].length, size), options);
        sizes[to].push(size);
        // Sometimes the loop turns in between.
        if (random.below(300) === 0) await new Promise((resolve) => setImmediate(resolve));
      }
      await until(() => outlet.count === 3000);
      for (const [to, packets] of outlet.received.entries()) {
        expect(packets.map(({ payload }) => payload.length)).toEqual(sizes[to]);
        expect(packets.map(({ messageId }) => messageId)).toEqual(packets.map((_, i) => i + 1));
        const wrong = packets.filter(
          ({ payload }, i) => Buffer.compare(payload, patternBytes(seed, to, i, sizes[to][i])) !== 0,
        );
        expect(wrong).toHaveLength(0);
      }
    },
  );

  it.each(EDGES)('takes packets of %i bytes until it is full, and more', async (size) => {
    await using outlet = await Outlet.open(2);
    const count = Math.min(Math.ceil((2.5 * RING_BYTES) / (size + HEADER_BYTES)), 40_000);
    for (let i = 0; i < count; i++) {
      const payload = new Uint8Array(size).fill(i);
      // Runs of one session, then alternating ones.
      outlet.senders[i < count / 2 ? 0 : i % 2].send(payload);
    }
    await until(() => outlet.count === count);
    const wrong = outlet.received
      .flat()
      .filter(({ payload }) => payload.length !== size || new Set(payload).size > 1);
    expect(wrong).toHaveLength(0);
    for (const packets of outlet.received) {
      const ids = packets.map(({ messageId }) => messageId);
      expect(ids).toEqual(ids.map((_, i) => i + 1));
    }
  });

  it('sends what a scratch buffer holds at each send', async () => {
    await using outlet = await Outlet.open(2);
    const scratches = [new Uint8Array(64), new Uint8Array(new ArrayBuffer(300), 12, 256), new Uint8Array(63)];
    const sent: string[] = [];
    for (let i = 0; i < 2000; i++) {
      // Runs of the same buffer, with changing bytes and lengths, which is what a program with one scratch buffer does.
      const scratch = scratches[Math.floor(i / 7) % 3];
      scratch.fill(i);
      scratch[0] = i >>> 8;
      const payload = i % 50 === 49 ? scratch.subarray(0, 8) : scratch;
      outlet.senders[0].send(payload);
      sent.push(Buffer.from(payload).toString('hex'));
    }
    await until(() => outlet.count === 2000);
    expect(outlet.received[0].map(({ payload }) => Buffer.from(payload).toString('hex'))).toEqual(sent);
  });

  it('follows a scratch buffer that is resized or taken away between sends', async () => {
    await using outlet = await Outlet.open(1);
    const Resizable = ArrayBuffer as unknown as new (
      bytes: number,
      options: { maxByteLength: number },
    ) => ArrayBuffer & { resize(bytes: number): void };
    const buffer = new Resizable(64, { maxByteLength: 256 });
    const tracking = new Uint8Array(buffer);
    const lengths: number[] = [];
    for (const bytes of [64, 64, 32, 32, 128, 128, 0, 64, 64]) {
      buffer.resize(bytes);
      tracking.fill(7);
      outlet.senders[0].send(tracking);
      lengths.push(bytes);
    }
    const moved = new Uint8Array(64).fill(7);
    outlet.senders[0].send(moved);
    outlet.senders[0].send(moved);
    structuredClone(moved.buffer, { transfer: [moved.buffer] });
    outlet.senders[0].send(moved);
    await until(() => outlet.count === lengths.length + 3);
    expect(outlet.received[0].map(({ payload }) => payload.length)).toEqual([...lengths, 64, 64, 0]);
    expect(outlet.received[0].every(({ payload }) => payload.every((byte) => byte === 7))).toBe(true);
  });

  it('takes large payloads from shared and resizable memory, too', async () => {
    await using outlet = await Outlet.open(1);
    const bytes = LARGEST + 1000;
    const Resizable = ArrayBuffer as unknown as new (bytes: number, options: object) => ArrayBuffer;
    const payloads = [
      new Uint8Array(new SharedArrayBuffer(bytes)),
      new Uint8Array(new Resizable(bytes, { maxByteLength: 2 * bytes })),
    ];
    for (const payload of payloads) {
      payload.fill(9);
      outlet.senders[0].send(payload);
      // The bytes are taken when send returns; those of memory that cannot move may be read until `drained`.
      payload.fill(0);
    }
    outlet.senders[0].send(Buffer.alloc(bytes, 9));
    await until(() => outlet.count === 3);
    expect(
      outlet.received[0].every(
        ({ payload }) => payload.length === bytes && payload.every((byte) => byte === 9),
      ),
    ).toBe(true);
  });
});
