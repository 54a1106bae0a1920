/** Packets to ever other sessions take a shorter way: nothing but the time may tell which one went where. */
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

const hexOf = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');

describe.each([{ url: 'mem://' }, { url: 'tcp://127.0.0.1:0' }])('packets to many over $url', ({ url }) => {
  it.each([1, 2, 3])('keep ids, order and bytes, whatever comes between them (seed %i)', async (seed) => {
    await using scene = await Scene.open(url, 7);
    const random = new SeededRandom(seed);
    const buffers = [8, 64, 68, 128, 248, 256, 264, 7].map((bytes) => new Uint8Array(bytes));
    const sent: string[][] = scene.sessions.map(() => []);
    let total = 0;
    let buffer = buffers[1];
    for (let step = 0; step < 6000; step++) {
      const to = random.below(7);
      if (random.below(60) === 0) buffer = random.pick(buffers);
      buffer.fill(step).set([step & 0xff, step >>> 8]);
      const bizType = random.below(50) === 0 ? 9 : 0;
      const session = scene.sessions[to];
      let isBelow: boolean;
      if (bizType !== 0) isBelow = session.send(buffer, { bizType });
      else if (random.below(2) === 0) isBelow = session.send(buffer);
      else isBelow = scene.sender.send(session.id, buffer);
      sent[to].push(`${bizType} ${hexOf(buffer)}`);
      total += 1;
      if (!isBelow) await session.drained();
      else if (random.below(400) === 0) await new Promise((resolve) => setImmediate(resolve));
    }
    await until(() => scene.count === total);
    for (const [index, packets] of scene.received.entries()) {
      expect(packets.map(({ messageId }) => messageId)).toEqual(packets.map((_, i) => i + 1));
      expect(packets.map(({ bizType, payload }) => `${bizType} ${hexOf(payload)}`)).toEqual(sent[index]);
    }
  });

  it('refuse what is no payload with a typed error, before and after others have gone', async () => {
    await using scene = await Scene.open(url, 2);
    const [first, second] = scene.sessions;
    const wrong = undefined as unknown as Uint8Array;
    const refused = expect.objectContaining({ code: 'ERR_MSGTRANS_INVALID_ARGUMENT' });
    const codes = () => {
      for (const send of [() => first.send(wrong), () => scene.sender.send(first.id, wrong)]) {
        expect(send).toThrow(refused);
      }
    };
    codes();
    const scratch = new Uint8Array(64);
    for (const session of [first, second, first, second]) session.send(scratch);
    codes();
    await new Promise((resolve) => setImmediate(resolve));
    codes();
    await until(() => scene.count === 4);
  });

  it('go the same way when they were told ahead, and to whom it was told of in vain', async () => {
    await using scene = await Scene.open(url, 4);
    const ids = scene.sessions.map(({ id }) => id);
    const gone = scene.sessions[3];
    await gone.close();
    const scratch = new Uint8Array(64);
    for (let round = 0; round < 50; round++) {
      scene.sender.lookAhead([...ids, 0, 2 ** 53 - 1]);
      for (let i = 0; i < 3; i++) {
        if (round % 7 === 0) scene.sender.lookAhead(ids, i, i + 1);
        scratch.fill(round);
        scene.sender.send(ids[i], scratch);
      }
    }
    await until(() => scene.count === 150);
    for (const packets of scene.received.slice(0, 3)) {
      expect(packets.map(({ messageId }) => messageId)).toEqual(packets.map((_, i) => i + 1));
      expect(packets.map(({ payload }) => payload[63])).toEqual(Array.from({ length: 50 }, (_, i) => i));
    }
    expect(() => scene.sender.send(gone.id, scratch)).toThrow(
      expect.objectContaining({ code: expect.stringMatching(/CLOSED|STALE/) }),
    );
    for (const [begin, end] of [
      [-1, 2],
      [0, 5],
      [3, 2],
      [Number.NaN, 2],
    ]) {
      expect(() => scene.sender.lookAhead(ids, begin, end)).toThrow(
        expect.objectContaining({ code: 'ERR_MSGTRANS_INVALID_ARGUMENT' }),
      );
    }
  });

  it('fill the ring many times over', async () => {
    await using scene = await Scene.open(url, 3);
    const scratch = new Uint8Array(64);
    const words = new Uint32Array(scratch.buffer);
    for (let i = 0; i < 30_000; i++) {
      words.fill(i);
      if (!scene.sender.send(scene.sessions[i % 3].id, scratch)) await scene.sessions[i % 3].drained();
    }
    await until(() => scene.count === 30_000);
    for (const [index, packets] of scene.received.entries()) {
      packets.forEach(({ payload }, i) => {
        const view = new DataView(payload.buffer, payload.byteOffset);
        if (view.getUint32(0, true) !== i * 3 + index || view.getUint32(60, true) !== i * 3 + index) {
          throw new Error(`session ${index}, packet ${i}: ${hexOf(payload)}`);
        }
      });
    }
  });

  it('are told to wait where others are', async () => {
    const options = { writeQueueHighWatermarkBytes: 100_000 };
    await using scene = await Scene.open(url, 2, options);
    const [first, second] = scene.sessions;
    const scratch = new Uint8Array(88);
    let sent = 0;
    for (let isBelow = true; isBelow; sent += 1) {
      isBelow = scene.sender.send(first.id, scratch);
      scene.sender.send(second.id, scratch);
    }
    expect(sent).toBe(962);
    await until(() => scene.count === 2 * sent);
  });

  it('count as queued until they were taken', async () => {
    await using scene = await Scene.open(url, 2);
    const scratch = new Uint8Array(64);
    for (let i = 0; i < 10; i++) scene.sender.send(scene.sessions[i & 1].id, scratch);
    expect(scene.sessions.map(({ bufferedBytes }) => bufferedBytes)).toEqual([400, 400]);
    await Promise.all(scene.sessions.map((session) => session.drained()));
    expect(scene.sessions.map(({ bufferedBytes }) => bufferedBytes)).toEqual([0, 0]);
  });

  it('end with their sessions', async () => {
    await using scene = await Scene.open(url, 2);
    const [first, second] = scene.sessions;
    const scratch = new Uint8Array(64);
    for (let i = 0; i < 4; i++) scene.sender.send(scene.sessions[i & 1].id, scratch);
    const closed = first.close();
    expect(() => scene.sender.send(first.id, scratch)).toThrow(
      expect.objectContaining({ code: expect.stringMatching(/CLOSED|STALE/) }),
    );
    scene.sender.send(second.id, scratch);
    await closed;
    expect(() => scene.sender.send(first.id, scratch)).toThrow(
      expect.objectContaining({ code: expect.stringMatching(/CLOSED|STALE/) }),
    );
    await until(() => scene.count === 5);
    expect(scene.received.map((packets) => packets.length)).toEqual([2, 3]);
  });

  it('are sent by the length that their buffer has then', async () => {
    await using scene = await Scene.open(url, 2);
    const scratch = new Uint8Array(64);
    for (let i = 0; i < 4; i++) scene.sender.send(scene.sessions[i & 1].id, scratch);
    // Transferred: nothing is left in it.
    structuredClone(scratch.buffer, { transfer: [scratch.buffer] });
    for (let i = 0; i < 2; i++) scene.sender.send(scene.sessions[i & 1].id, scratch);
    await until(() => scene.count === 6);
    expect(scene.received[0].map(({ payload }) => payload.length)).toEqual([64, 64, 0]);
  });

  it('obey the bound over all sessions', async () => {
    const options = {
      writeQueueTotalBytesMax: 300_000,
      writeQueueBytesMax: 300_000,
      slowConsumerPolicy: 'throw' as const,
    };
    await using scene = await Scene.open(url, 2, options);
    const scratch = new Uint8Array(64);
    let accepted = 0;
    const sendAll = () => {
      for (let i = 0; i < 10_000; i++) {
        scene.sender.send(scene.sessions[i & 1].id, scratch);
        accepted += 1;
      }
    };
    // A socket may take all of it at once.
    if (url !== 'mem://') sendAll();
    else expect(sendAll).toThrow(expect.objectContaining({ code: 'ERR_MSGTRANS_WRITE_QUEUE_FULL' }));
    await until(() => scene.count === accepted);
  });

  it('answer one-way messages of every class from one buffer', async () => {
    const server = await HighPerformanceTransport.create();
    await using client = await HighPerformanceTransport.create();
    const scratch = new Uint8Array(64);
    const words = new Uint32Array(scratch.buffer);
    server.onBatch((batch) => {
      for (const message of batch) {
        words.fill(message.getUint32(0, true) + 1);
        message.reply(scratch);
      }
    });
    const { url: address } = await server.listen(url);
    const sessions: Session[] = [];
    const answers = new Map<number, string[]>();
    for (let i = 0; i < 5; i++) sessions.push(await client.connect(address));
    for (const { id } of sessions) answers.set(id, []);
    client.on('message', ({ id }, { bizType, payload }) => {
      const view = new DataView(payload.buffer, payload.byteOffset, payload.length);
      answers.get(id)!.push(`${bizType} ${view.getUint32(0, true)} ${view.getUint32(60, true)}`);
    });
    const expected = sessions.map((): string[] => []);
    for (let i = 0; i < 2000; i++) {
      const bizType = i % 17 === 0 ? 4 : 0;
      const bytes = new Uint8Array(new Uint32Array([i]).buffer);
      sessions[i % 5].send(bytes, { bizType });
      expected[i % 5].push(`${bizType} ${i + 1} ${i + 1}`);
    }
    await until(() => [...answers.values()].reduce((sum, each) => sum + each.length, 0) === 2000);
    expect(sessions.map(({ id }) => answers.get(id))).toEqual(expected);
    await server.close({ drainTimeoutMs: 0 });
  });

  it("reach another transport's session, too", async () => {
    await using scene = await Scene.open(url, 2);
    await using other = await HighPerformanceTransport.create();
    const scratch = new Uint8Array(64).fill(3);
    for (let i = 0; i < 8; i++) other.send(scene.sessions[i & 1].id, scratch);
    await until(() => scene.count === 8);
    expect(scene.received.every((packets) => packets.every(({ payload }) => payload[63] === 3))).toBe(true);
  });
});
