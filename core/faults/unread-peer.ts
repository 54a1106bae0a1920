/** A connection whose other end reads only when it is told to. */
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { nextSession } from '../contract/connected-pair.js';
import type { HighPerformanceTransport } from '../high-performance-transport.js';
import { PacketDecoder } from '../protocol/packet-decoder.js';
import type { Listener, Packet, Session } from '../transport.js';

/** The peer of one session of a server; it begins without reading. */
export class UnreadPeer implements AsyncDisposable {
  readonly packets: Packet[] = [];
  ended = false;
  private readonly decoder = new PacketDecoder();

  private constructor(
    readonly socket: Socket,
    /** The server's end. */
    readonly session: Session,
  ) {
    socket.on('error', () => undefined);
    socket.on('close', () => {
      this.ended = true;
    });
  }

  static async connect(server: HighPerformanceTransport, listener: Listener): Promise<UnreadPeer> {
    const accepted = nextSession(server);
    const socket = connect({ port: listener.port, host: '127.0.0.1', noDelay: true });
    socket.pause();
    await once(socket, 'connect');
    return new UnreadPeer(socket, await accepted);
  }

  /** Begins to read. */
  read(): void {
    this.socket.on('data', (chunk: Buffer) => {
      this.packets.push(...this.decoder.push(chunk));
    });
    this.socket.resume();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.socket.destroy();
  }
}
