/**
 * A server that lends its messages to a handler of the moment, and clients that send to it; for programs. Their
 * arguments: the address, a free port unless told, and how many reactors on threads of their own read from it.
 */
import { HighPerformanceTransport } from '../high-performance-transport.js';
import type { MessageBatch } from '../message-batch.js';
import type { SendOptions, Session } from '../transport.js';

/** Sizes whose payloads lie in shared slices, in slices of their own of each tier, and in mappings of their own. */
export const SIZES = [1, 100, 1000, 5000, 20_000, 65_000, 100_000, 500_000, 1_500_000];

export class LendingScene implements AsyncDisposable {
  private handler: (batch: MessageBatch) => unknown = () => undefined;
  private handled = 0;

  private constructor(
    readonly server: HighPerformanceTransport,
    readonly client: HighPerformanceTransport,
    private readonly url: string,
  ) {
    server.onBatch((batch) => {
      this.handled += batch.length;
      return this.handler(batch) as undefined;
    });
  }

  static async open(): Promise<LendingScene> {
    const server = await HighPerformanceTransport.create({
      workersPerNumaNode: Number(process.argv[3] ?? 0),
    });
    const listener = await server.listen(process.argv[2] ?? 'tcp://127.0.0.1:0');
    return new LendingScene(server, await HighPerformanceTransport.create(), listener.url);
  }

  connect(): Promise<Session> {
    return this.client.connect(this.url);
  }

  /** Sends the payloads in one go and resolves when the handler has had them all and its turn is over. */
  async lend(
    session: Session,
    payloads: readonly Uint8Array[],
    handler: (batch: MessageBatch) => unknown,
    options?: SendOptions,
  ): Promise<void> {
    this.handler = handler;
    const target = this.handled + payloads.length;
    for (const payload of payloads) session.send(payload, options);
    while (this.handled < target) await new Promise((resolve) => setImmediate(resolve));
    await new Promise((resolve) => setImmediate(resolve));
    // Nothing that the handler closes over is kept alive by us.
    this.handler = () => undefined;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.client.close({ drainTimeoutMs: 0 });
    await this.server.close({ drainTimeoutMs: 0 });
  }
}

/** The code of what a call throws, or undefined. */
export function codeOf(call: () => unknown): string | undefined {
  try {
    call();
    return undefined;
  } catch (error) {
    const { code, name } = error as { code?: unknown; name: string };
    return typeof code === 'string' ? code : name;
  }
}

export async function collectGarbage(until: () => boolean): Promise<void> {
  // A finalizer may need a turn of its own; what is not collected after so many is not going to be.
  for (let i = 0; i < 200 && !until(); i++) {
    (globalThis as unknown as { gc(): void }).gc();
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
