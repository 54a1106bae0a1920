import { describe, expect, it } from 'vitest';
import { bytesOf, nextClose, textOf, until } from '../contract/connected-pair.js';
import { HighPerformanceTransport } from '../high-performance-transport.js';
import { RING_BYTES } from '../layout.generated.js';
import type { TransportOptions } from '../options.js';
import { HEADER_BYTES } from '../protocol/wire-layout.generated.js';
import type { Listener, Session } from '../transport.js';
import { UnreadPeer } from './unread-peer.js';

const CHUNK_BYTES = 32 * 1024;
const QUEUE_BYTES_MAX = 1024 * 1024;
/** More than the kernel and the queue together hold. */
const SENDS = 1000;

/** A server with a peer that does not read, and 20 sessions that want to be served meanwhile. */
class Scene implements AsyncDisposable {
  private constructor(
    readonly server: HighPerformanceTransport,
    readonly client: HighPerformanceTransport,
    readonly listener: Listener,
    readonly slow: UnreadPeer,
    readonly others: Session[],
  ) {}

  static async open(options: TransportOptions): Promise<Scene> {
    const server = await HighPerformanceTransport.create({ writeQueueBytesMax: QUEUE_BYTES_MAX, ...options });
    const client = await HighPerformanceTransport.create();
    const listener = await server.listen('tcp://127.0.0.1:0');
    const slow = await UnreadPeer.connect(server, listener);
    server.on('message', (session, packet) => session.reply(packet, packet.payload));
    const others = await Promise.all(Array.from({ length: 20 }, () => client.connect(listener.url)));
    return new Scene(server, client, listener, slow, others);
  }

  async expectOthersServed(text: string): Promise<void> {
    const answers = await Promise.all(this.others.map((session) => session.request(bytesOf(text))));
    expect(answers.map(textOf)).toEqual(this.others.map(() => text));
  }

  /** Sends numbered messages until `SENDS` or the end of the session; whatever is thrown counts and is kept. */
  async flood(): Promise<{ accepted: number[]; refused: number[]; errors: Set<string>; queuedMost: number }> {
    const { session } = this.slow;
    const accepted: number[] = [];
    const refused: number[] = [];
    const errors = new Set<string>();
    let queuedMost = 0;
    for (let i = 0; i < SENDS && !session.closed; i++) {
      const payload = Buffer.alloc(CHUNK_BYTES);
      payload.writeUInt32BE(i);
      const dropped = this.server.counters().messagesDropped;
      try {
        session.send(payload);
        (this.server.counters().messagesDropped > dropped ? refused : accepted).push(i);
      } catch (error) {
        errors.add((error as { code: string }).code);
        refused.push(i);
      }
      queuedMost = Math.max(queuedMost, session.bufferedBytes);
      if (i % 100 === 99) await this.expectOthersServed(`while ${i}`);
    }
    return { accepted, refused, errors, queuedMost };
  }

  /** The numbers of the messages that reach the peer once it reads. */
  async readNumbers(count: number): Promise<number[]> {
    this.slow.read();
    await until(() => this.slow.packets.length >= count);
    return this.slow.packets.map(({ payload }) => Buffer.from(payload).readUInt32BE());
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.slow[Symbol.asyncDispose]();
    await this.client.close({ drainTimeoutMs: 0 });
    await this.server.close({ drainTimeoutMs: 0 });
  }
}

describe('a slow consumer', () => {
  it('is closed by default, with its reason on both sides, and nobody else notices', async () => {
    await using scene = await Scene.open({});
    const closed = nextClose(scene.server);
    const { queuedMost } = await scene.flood();
    expect(scene.slow.session.closed).toBe(true);
    const reason = await closed;
    expect(reason).toMatchObject({ code: 'ERR_MSGTRANS_SLOW_CONSUMER', local: true });
    expect(reason.message).toContain(String(QUEUE_BYTES_MAX));
    expect(queuedMost).toBeLessThanOrEqual(QUEUE_BYTES_MAX);
    expect(scene.server.counters().abnormalCloses).toBe(1);
    scene.slow.read();
    await until(() => scene.slow.ended);
    await scene.expectOthersServed('after');
  });

  it('misses the newest messages with drop-newest, which counts them', async () => {
    await using scene = await Scene.open({ slowConsumerPolicy: 'drop-newest' });
    const { accepted, refused, errors, queuedMost } = await scene.flood();
    expect(errors.size).toBe(0);
    expect(refused.length).toBeGreaterThan(100);
    expect(queuedMost).toBeLessThanOrEqual(QUEUE_BYTES_MAX);
    expect(scene.server.counters().messagesDropped).toBe(refused.length);
    expect(scene.slow.session.closed).toBe(false);
    expect(await scene.readNumbers(accepted.length)).toEqual(accepted);
    await scene.slow.session.drained();
    expect(scene.slow.session.send(bytesOf('again'))).toBe(true);
    await scene.expectOthersServed('after');
  });

  it('fails a request that drop-newest dropped, at once', async () => {
    await using scene = await Scene.open({ slowConsumerPolicy: 'drop-newest' });
    await scene.flood();
    const { session } = scene.slow;
    const outcome = session.request(new Uint8Array(CHUNK_BYTES), { timeoutMs: 3_600_000 });
    await expect(outcome).rejects.toThrow(expect.objectContaining({ code: 'ERR_MSGTRANS_WRITE_QUEUE_FULL' }));
    expect(session.closed).toBe(false);
  });

  it('takes nothing with throw, and everything accepted arrives', async () => {
    await using scene = await Scene.open({ slowConsumerPolicy: 'throw' });
    const { accepted, refused, errors, queuedMost } = await scene.flood();
    expect([...errors]).toEqual(['ERR_MSGTRANS_WRITE_QUEUE_FULL']);
    expect(refused.length).toBeGreaterThan(100);
    expect(queuedMost).toBeLessThanOrEqual(QUEUE_BYTES_MAX);
    expect(scene.server.counters().messagesDropped).toBe(0);
    let drains = 0;
    scene.server.on('drain', () => {
      drains += 1;
    });
    expect(await scene.readNumbers(accepted.length)).toEqual(accepted);
    await until(() => drains > 0);
    expect(drains).toBe(1);
    await scene.expectOthersServed('after');
  });

  it('that was refused below the high watermark is told when to go on', async () => {
    await using scene = await Scene.open({
      slowConsumerPolicy: 'throw',
      writeQueueHighWatermarkBytes: QUEUE_BYTES_MAX,
    });
    const { session } = scene.slow;
    let drains = 0;
    scene.server.on('drain', () => {
      drains += 1;
    });
    let isRefused = false;
    for (let i = 0; i < SENDS && !isRefused; i++) {
      try {
        // Never above the watermark: no send says false.
        expect(session.send(new Uint8Array(CHUNK_BYTES))).toBe(true);
      } catch (error) {
        expect((error as { code: string }).code).toBe('ERR_MSGTRANS_WRITE_QUEUE_FULL');
        isRefused = true;
      }
    }
    expect(isRefused).toBe(true);
    scene.slow.read();
    await until(() => drains > 0);
    expect(session.bufferedBytes).toBe(0);
  });

  it('is judged by what all sessions hold, too', async () => {
    const total = 3 * 1024 * 1024;
    await using scene = await Scene.open({
      slowConsumerPolicy: 'throw',
      writeQueueHighWatermarkBytes: QUEUE_BYTES_MAX,
      writeQueueTotalBytesMax: total,
    });
    const peers = [scene.slow];
    for (let i = 0; i < 7; i++) peers.push(await UnreadPeer.connect(scene.server, scene.listener));
    const held = () => peers.reduce((sum, { session }) => sum + session.bufferedBytes, 0);
    const errors = new Set<string>();
    for (let i = 0; i < SENDS / 4; i++) {
      for (const { session } of peers) {
        try {
          session.send(new Uint8Array(CHUNK_BYTES));
        } catch (error) {
          errors.add((error as { code: string }).code);
        }
      }
      // What is still in the ring is not in a queue yet, and an empty queue takes one packet whatever the others hold.
      expect(held()).toBeLessThanOrEqual(total + RING_BYTES + peers.length * (CHUNK_BYTES + HEADER_BYTES));
    }
    expect([...errors]).toEqual(['ERR_MSGTRANS_WRITE_QUEUE_FULL']);
    for (const peer of peers) peer.read();
    await until(() => held() === 0);
    for (const peer of peers) await peer[Symbol.asyncDispose]();
    await scene.expectOthersServed('after');
  });
});
