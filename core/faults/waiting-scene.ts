/** Payloads that wait because nobody reads, and what of them arrives in the end; for programs. */
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { nextSession, until } from '../contract/connected-pair.js';
import { HighPerformanceTransport } from '../high-performance-transport.js';
import type { TransportOptions } from '../options.js';
import { HEADER_BYTES } from '../protocol/wire-layout.generated.js';
import type { Listener, Session } from '../transport.js';

const MIB = 1024 * 1024;

/** What the peer of one session got, and how that one ended. */
export interface Arrival {
  /** The payload as it was when it was sent, all of it. */
  readonly isWhole: boolean;
  /** As much of it as arrived. */
  readonly isPrefix: boolean;
  /** All of it, each byte as it was or as it was filled later. */
  readonly isWholeOrFilled: boolean;
  /** Undefined: the session is open still. */
  readonly code: string | undefined;
}

export class WaitingScene implements AsyncDisposable {
  private round = 0;

  private constructor(
    readonly server: HighPerformanceTransport,
    private readonly listener: Listener,
  ) {}

  static async open(options?: TransportOptions): Promise<WaitingScene> {
    const server = await HighPerformanceTransport.create({ writeQueueBytesMax: 64 * MIB, ...options });
    return new WaitingScene(server, await server.listen('tcp://127.0.0.1:0'));
  }

  /** Fills it with bytes that show their place. */
  pattern(payload: Uint8Array): Uint8Array {
    this.round += 1;
    for (let i = 0; i < payload.length; i++) payload[i] = (i * 31 + this.round * 17 + (i >>> 8)) & 0xff;
    return payload;
  }

  /** Sends it behind so many MiB to a peer of its own that does not read. */
  async send(payload: Uint8Array, ahead: number): Promise<WaitingPayload> {
    const accepted = nextSession(this.server);
    const socket = connect({ port: this.listener.port, host: '127.0.0.1' });
    socket.pause();
    await once(socket, 'connect');
    const waiting = new WaitingPayload(this.server, await accepted, socket, Buffer.from(payload), ahead);
    for (let i = 0; i < ahead; i++) waiting.session.send(new Uint8Array(MIB));
    waiting.session.send(payload);
    return waiting;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.server.close({ drainTimeoutMs: 0 });
  }
}

export class WaitingPayload {
  private code: string | undefined;

  constructor(
    private readonly server: HighPerformanceTransport,
    readonly session: Session,
    private readonly socket: Socket,
    /** As it was when it was sent. */
    private readonly expected: Buffer,
    private readonly ahead: number,
  ) {
    server.on('close', this.onClose);
  }

  /** Reads until the packet is there or the connection ends. */
  async arrival(filled = -1): Promise<Arrival> {
    const before = this.ahead * (MIB + HEADER_BYTES) + HEADER_BYTES;
    const total = before + this.expected.length;
    const chunks: Buffer[] = [];
    let bytes = 0;
    await new Promise<void>((resolve) => {
      this.socket.on('data', (chunk: Buffer) => {
        chunks.push(chunk);
        bytes += chunk.length;
        if (bytes >= total) resolve();
      });
      this.socket.on('error', () => undefined);
      this.socket.on('close', () => resolve());
      this.socket.resume();
    });
    // The end came over the socket; that of the session comes to its handler.
    if (bytes < total) await until(() => this.code !== undefined);
    const got = Buffer.concat(chunks).subarray(before);
    const { expected } = this;
    const isPrefix = Buffer.compare(got, expected.subarray(0, got.length)) === 0;
    const isWhole = isPrefix && got.length === expected.length;
    const isWholeOrFilled =
      filled >= 0 &&
      got.length === expected.length &&
      got.every((byte, i) => byte === expected[i] || byte === filled);
    const arrival = { isWhole, isPrefix, isWholeOrFilled, code: this.code };
    this.socket.destroy();
    await this.session.close();
    this.server.off('close', this.onClose);
    return arrival;
  }

  private readonly onClose = (session: Session, reason: { code: string | undefined }): void => {
    if (session === this.session) this.code = reason.code ?? 'orderly';
  };
}
