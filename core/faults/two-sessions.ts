/** A server that handles messages in place, and two sessions to it, for tests of what a handler is given. */
import { until } from '../contract/connected-pair.js';
import { HighPerformanceTransport } from '../high-performance-transport.js';
import type { MessageBatch } from '../message-batch.js';
import type { Packet, Session } from '../transport.js';

export class TwoSessions implements AsyncDisposable {
  /** What came back to the sessions, in order. */
  readonly answers: { session: Session; packet: Packet }[] = [];
  private handler: (batch: MessageBatch) => void = () => undefined;
  private handled = 0;

  private constructor(
    readonly server: HighPerformanceTransport,
    readonly client: HighPerformanceTransport,
    readonly sessions: Session[],
    /** The server's ends, in the same order. */
    readonly accepted: Session[],
  ) {
    server.onBatch((batch) => {
      this.handled += batch.length;
      this.handler(batch);
    });
    client.on('message', (session, packet) => this.answers.push({ session, packet }));
  }

  static async open(): Promise<TwoSessions> {
    const server = await HighPerformanceTransport.create();
    const client = await HighPerformanceTransport.create();
    const { url } = await server.listen('tcp://127.0.0.1:0');
    const accepted: Session[] = [];
    server.on('session', (session) => accepted.push(session));
    const sessions: Session[] = [];
    for (let i = 0; i < 2; i++) {
      sessions.push(await client.connect(url));
      await until(() => accepted.length === i + 1);
    }
    return new TwoSessions(server, client, sessions, accepted);
  }

  /** Runs `send`, and `handler` with the `count` messages it sends. */
  async handle(count: number, send: () => void, handler: (batch: MessageBatch) => void): Promise<void> {
    this.handler = handler;
    const target = this.handled + count;
    send();
    await until(() => this.handled >= target);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.client.close({ drainTimeoutMs: 0 });
    await this.server.close({ drainTimeoutMs: 0 });
  }
}
