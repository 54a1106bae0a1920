/** Two transports of one implementation with one session between them, for the contract tests. */
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import type { CloseReason, Listener, Packet, Session, Transport } from '../transport.js';
import type { ContractOptions, Implementation } from './implementations.js';

/** What makes the transports, and where they listen unless told. */
export type Maker = Pick<Implementation, 'create'> & Partial<Implementation>;

/** Resolves with the arguments of the next event of a transport. */
export function nextSession(transport: Transport): Promise<Session> {
  return new Promise((resolve) => {
    const listener = (session: Session) => {
      transport.off('session', listener);
      resolve(session);
    };
    transport.on('session', listener);
  });
}

export function nextClose(transport: Transport): Promise<CloseReason> {
  return new Promise((resolve) => {
    const listener = (_session: Session, reason: CloseReason) => {
      transport.off('close', listener);
      resolve(reason);
    };
    transport.on('close', listener);
  });
}

export function nextMessage(transport: Transport): Promise<Packet> {
  return new Promise((resolve) => {
    const listener = (_session: Session, packet: Packet) => {
      transport.off('message', listener);
      resolve(packet);
    };
    transport.on('message', listener);
  });
}

/** A transport that listens; disposing of it closes it. */
export class Server implements AsyncDisposable {
  private constructor(
    readonly transport: Transport,
    readonly listener: Listener,
  ) {}

  static async open(
    { create, anyUrl }: Maker,
    options?: ContractOptions,
    url = anyUrl ?? 'tcp://127.0.0.1:0',
  ): Promise<Server> {
    const transport = await create(options);
    return new Server(transport, await transport.listen(url));
  }

  get url(): string {
    return this.listener.url;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.transport.close({ drainTimeoutMs: 0 });
  }
}

/** A server transport, a client transport, and the session between them seen from both sides. */
export class ConnectedPair implements AsyncDisposable {
  private constructor(
    readonly server: Server,
    readonly client: Transport,
    /** The server's end. */
    readonly accepted: Session,
    /** The client's end. */
    readonly session: Session,
  ) {}

  static async open(
    implementation: Maker,
    {
      server: serverOptions,
      client: clientOptions,
    }: { server?: ContractOptions; client?: ContractOptions } = {},
    url?: string,
  ): Promise<ConnectedPair> {
    const server = await Server.open(implementation, serverOptions, url);
    const client = await implementation.create(clientOptions);
    const accepted = nextSession(server.transport);
    const session = await client.connect(server.url);
    return new ConnectedPair(server, client, await accepted, session);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.client.close({ drainTimeoutMs: 0 });
    await this.server[Symbol.asyncDispose]();
  }
}

/** A peer that speaks bytes, not packets: for what no well-behaved transport sends. */
export class RawPeer implements AsyncDisposable {
  readonly socket: Socket;
  received = Buffer.alloc(0);
  readonly ended: Promise<void>;

  private constructor(socket: Socket) {
    this.socket = socket;
    socket.on('data', (chunk: Buffer) => {
      this.received = Buffer.concat([this.received, chunk]);
    });
    this.ended = new Promise((resolve) => {
      socket.on('end', resolve);
      socket.on('close', () => resolve());
    });
    // Resets are what these tests are about.
    socket.on('error', () => undefined);
  }

  static async connect(port: number): Promise<RawPeer> {
    const socket = connect({ port, host: '127.0.0.1', noDelay: true });
    await once(socket, 'connect');
    return new RawPeer(socket);
  }

  /** For a socket that a test's own listener accepted. */
  static of(socket: Socket): RawPeer {
    return new RawPeer(socket);
  }

  /** Resolves when the kernel has the bytes. */
  write(bytes: Uint8Array): Promise<void> {
    return new Promise((resolve) => {
      this.socket.write(bytes, () => resolve());
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.socket.destroy();
  }
}

/** Resolves once `condition` holds, looked at after each turn of the event loop; the test's own time limit ends the wait. */
export async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 1));
}

export function bytesOf(text: string): Uint8Array {
  return Buffer.from(text);
}

export function textOf(packet: Packet): string {
  return Buffer.from(packet.payload).toString();
}
