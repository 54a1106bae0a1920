/** Packets that are like the one before take a shorter way: nothing but the time may tell which one went where. */
import { describe, expect, it } from 'vitest';
import { until } from './contract/connected-pair.js';
import { SeededRandom } from './faults/seeded-random.js';
import { HighPerformanceTransport } from './high-performance-transport.js';
import type { TransportOptions } from './options.js';
import type { Packet, Session } from './transport.js';

/** Sessions from one transport to another on the same thread, and what came out of each. */
class Scene implements AsyncDisposable {
  readonly received: Packet[][] = [];

  private constructor(
    readonly sender: HighPerformanceTransport,
    readonly receiver: HighPerformanceTransport,
    readonly sessions: Session[],
  ) {}

  static async open(url: string, count: number, options: TransportOptions = {}): Promise<Scene> {
    const receiver = await HighPerformanceTransport.create();
    const sender = await HighPerformanceTransport.create(options);
    const scene = new Scene(sender, receiver, []);
    const byId = new Map<number, Packet[]>();
    receiver.on('session', (session) => {
      const packets: Packet[] = [];
      scene.received.push(packets);
      byId.set(session.id, packets);
    });
    receiver.on('message', (session, packet) => byId.get(session.id)!.push(packet));
    const listener = await receiver.listen(url);
    for (let i = 0; i < count; i++) {
      scene.sessions.push(await sender.connect(listener.url));
      await until(() => scene.received.length === i + 1);
    }
    return scene;
  }

  get count(): number {
    return this.received.reduce((sum, packets) => sum + packets.length, 0);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.sender.close({ drainTimeoutMs: 0 });
    await this.receiver.close({ drainTimeoutMs: 0 });
  }
}

const ways = [{ url: 'mem://' }, { url: 'tcp://127.0.0.1:0' }];

describe.each(ways)('a burst over $url', ({ url }) => {
  it.each([1, 2, 3])(
    'keeps ids, order and bytes, whatever comes between its packets (seed %i)',
    async (seed) => {
      await using scene = await Scene.open(url, 3);
      const random = new SeededRandom(seed);
      const buffers = [8, 64, 68, 128, 248, 256, 264, 7].map((bytes) => new Uint8Array(bytes));
      const sent: string[][] = scene.sessions.map(() => []);
      let total = 0;
      let [to, buffer] = [0, buffers[1]];
      for (let step = 0; step < 6000; step++) {
        if (random.below(40) === 0) to = random.below(3);
        if (random.below(40) === 0) buffer = random.pick(buffers);
        buffer.fill(step).set([step & 0xff, step >>> 8]);
        const bizType = random.below(50) === 0 ? 9 : 0;
        const session = scene.sessions[to];
        const isBelow = bizType === 0 ? session.send(buffer) : session.send(buffer, { bizType });
        sent[to].push(`${bizType} ${Buffer.from(buffer).toString('hex')}`);
        total += 1;
        if (!isBelow) await session.drained();
        else if (random.below(400) === 0) await new Promise((resolve) => setImmediate(resolve));
      }
      await until(() => scene.count === total);
      for (const [index, packets] of scene.received.entries()) {
        expect(packets.map(({ messageId }) => messageId)).toEqual(packets.map((_, i) => i + 1));
        const came = packets.map(
          ({ bizType, payload }) => `${bizType} ${Buffer.from(payload).toString('hex')}`,
        );
        expect(came).toEqual(sent[index]);
      }
    },
  );

  it('is over when a packet goes another way in between', async () => {
    await using scene = await Scene.open(url, 2);
    const [first, second] = scene.sessions;
    const scratch = new Uint8Array(64);
    let count = 0;
    const burst = () => {
      for (let i = 0; i < 4; i++) {
        first.send(scratch.fill(count));
        count += 1;
      }
    };
    for (let round = 0; round < 10; round++) {
      burst();
      // Its run is not in hand any more.
      second.send(scratch.fill(255), { bizType: 1 });
      burst();
      // What follows would not lie on whole words.
      first.send(new Uint8Array(3).fill(count), { bizType: 1 });
      count += 1;
    }
    await until(() => scene.count === count + 10);
    expect(scene.received[0].map(({ payload }) => payload[0])).toEqual(
      Array.from({ length: count }, (_, i) => i),
    );
    expect(scene.received[0].map(({ messageId }) => messageId)).toEqual(
      Array.from({ length: count }, (_, i) => i + 1),
    );
    expect(scene.received[1].map(({ payload }) => payload[0])).toEqual(new Array(10).fill(255));
  });

  it('is told to wait where others are', async () => {
    const options = { writeQueueHighWatermarkBytes: 100_000 };
    await using scene = await Scene.open(url, 2, options);
    const scratch = new Uint8Array(88);
    let burst = 1;
    while (scene.sessions[0].send(scratch)) burst += 1;
    let others = 1;
    while (scene.sessions[1].send(new Uint8Array(88))) others += 1;
    expect(burst).toBe(others);
    expect(burst).toBe(962);
    await until(() => scene.count === burst + others);
  });

  it('counts what it queued', async () => {
    await using scene = await Scene.open(url, 1);
    const scratch = new Uint8Array(64);
    for (let i = 0; i < 10; i++) scene.sessions[0].send(scratch);
    expect(scene.sessions[0].bufferedBytes).toBe(800);
    await scene.sessions[0].drained();
    expect(scene.sessions[0].bufferedBytes).toBe(0);
  });

  it('ends with its session', async () => {
    await using scene = await Scene.open(url, 1);
    const [session] = scene.sessions;
    const scratch = new Uint8Array(64);
    for (let i = 0; i < 5; i++) session.send(scratch);
    const closed = session.close();
    expect(() => session.send(scratch)).toThrow(
      expect.objectContaining({ code: expect.stringMatching(/CLOSED|STALE/) }),
    );
    await closed;
    expect(() => session.send(scratch)).toThrow(expect.objectContaining({ code: 'ERR_MSGTRANS_CLOSED' }));
    expect(scene.count).toBe(5);
  });

  it('obeys the bound over all sessions', async () => {
    const options = {
      writeQueueTotalBytesMax: 300_000,
      writeQueueBytesMax: 300_000,
      slowConsumerPolicy: 'throw' as const,
    };
    await using scene = await Scene.open(url, 2, options);
    const scratch = new Uint8Array(64);
    let accepted = 0;
    const sendAll = () => {
      for (const session of scene.sessions) {
        for (let i = 0; i < 5000; i++) {
          session.send(scratch);
          accepted += 1;
        }
      }
    };
    if (url === 'mem://') {
      expect(sendAll).toThrow(expect.objectContaining({ code: 'ERR_MSGTRANS_WRITE_QUEUE_FULL' }));
    } else {
      // A socket may take all of it at once.
      sendAll();
    }
    await until(() => scene.count === accepted);
  });
});
