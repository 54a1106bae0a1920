import { afterEach, describe, expect, it } from 'vitest';
import { until } from '../contract/connected-pair.js';
import { HighPerformanceTransport } from '../high-performance-transport.js';
import type { TransportOptions } from '../options.js';
import type { CloseReason, Session } from '../transport.js';

const MIB = 1024 * 1024;
const CHUNK = new Uint8Array(64 * 1024);
const SESSIONS = 4;

/** Two transports with sessions between them, both ends of each. */
class Flood implements AsyncDisposable {
  readonly reasons = new Map<Session, CloseReason>();
  sent = 0;

  private constructor(
    readonly transports: HighPerformanceTransport[],
    readonly ends: Session[],
  ) {
    for (const transport of transports) {
      transport.on('close', (session, reason) => this.reasons.set(session, reason));
    }
  }

  static async open(options: TransportOptions): Promise<Flood> {
    const transports = [
      await HighPerformanceTransport.create(options),
      await HighPerformanceTransport.create(options),
    ];
    const ends: Session[] = [];
    transports[0].on('session', (session) => ends.push(session));
    const listener = await transports[0].listen('tcp://127.0.0.1:0');
    for (let i = 0; i < SESSIONS; i++) ends.push(await transports[1].connect(listener.url));
    await until(() => ends.length === 2 * SESSIONS);
    return new Flood(transports, ends);
  }

  /** One message from every end that is open, and a look at the bounds. */
  async round(queueBytesMax: number): Promise<void> {
    for (const end of this.ends) {
      if (end.closed) continue;
      end.send(CHUNK);
      this.sent += 1;
      expect(end.bufferedBytes).toBeLessThanOrEqual(queueBytesMax);
    }
    await new Promise((resolve) => setImmediate(resolve));
  }

  get received(): number {
    return this.transports.reduce((sum, transport) => sum + transport.counters().bytesReceived, 0);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const transport of this.transports) await transport.close({ drainTimeoutMs: 0 });
  }
}

describe('both peers flooding and reading nothing', () => {
  let rssBefore = process.memoryUsage.rss();
  afterEach(() => {
    rssBefore = process.memoryUsage.rss();
  });

  it('ends with typed closes at the bound of the queues', async () => {
    await using flood = await Flood.open({ writeQueueBytesMax: 2 * MIB });
    for (let round = 0; round < 3000 && flood.ends.some(({ closed }) => !closed); round++) {
      await flood.round(2 * MIB);
    }
    await until(() => flood.reasons.size === flood.ends.length);
    const codes = [...flood.reasons.values()].map(({ code }) => code ?? 'orderly');
    expect(codes.filter((code) => code === 'ERR_MSGTRANS_SLOW_CONSUMER').length).toBeGreaterThanOrEqual(
      SESSIONS,
    );
    // The other ends are reset in the middle of what was on its way.
    const other = /SLOW_CONSUMER|CONNECTION_RESET|CONNECTION_LOST|PROTOCOL_TRUNCATED/;
    expect(codes.filter((code) => !other.test(code))).toEqual([]);
    expect(process.memoryUsage.rss() - rssBefore).toBeLessThan(256 * MIB);
  });

  it('ends with typed closes when nobody takes anything for long', async () => {
    await using flood = await Flood.open({
      stallTimeoutMs: 300,
      slowConsumerPolicy: 'drop-newest',
      writeQueueBytesMax: MIB,
    });
    while (flood.ends.some(({ closed }) => !closed)) await flood.round(MIB);
    await until(() => flood.reasons.size === flood.ends.length);
    const codes = [...flood.reasons.values()].map(({ code }) => code ?? 'orderly');
    expect(codes.filter((code) => code === 'ERR_MSGTRANS_STALLED').length).toBeGreaterThanOrEqual(SESSIONS);
  });

  it('goes on, losing nothing, as soon as both read', async () => {
    await using flood = await Flood.open({ slowConsumerPolicy: 'throw', writeQueueBytesMax: MIB });
    let accepted = 0;
    let refused = 0;
    for (let round = 0; round < 300; round++) {
      for (const end of flood.ends) {
        try {
          end.send(CHUNK);
          accepted += CHUNK.length;
        } catch {
          refused += 1;
        }
      }
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect(refused).toBeGreaterThan(0);
    expect(flood.received).toBeLessThan(accepted);
    let taken = 0;
    for (const transport of flood.transports) {
      transport.on('message', (_session, packet) => {
        taken += packet.payload.length;
      });
    }
    await until(() => taken === accepted);
    await Promise.all(flood.ends.map((end) => end.drained()));
    expect(flood.reasons.size).toBe(0);
  });
});
