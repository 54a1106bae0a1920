/**
 * The baseline: a message transport as it is commonly written on `node:net`. One `Map` of sessions behind an
 * asynchronous mutex, one Buffer per packet, one clone, `socket.write` corked per `data` event. DESIGN.md says why
 * it must stay this way.
 */
import { EventEmitter } from 'node:events';
import type { AddressInfo, Server, Socket } from 'node:net';
import { TransportError } from '../errors.js';
import type {
  CloseReason,
  Listener,
  Packet,
  ReplyTicket,
  SendOptions,
  Session,
  Transport,
  TransportEvents,
} from '../transport.js';
import { AsyncMutex } from './async-mutex.js';
import { type BaselineOptions, resolveOptions, TIMEOUT_MS_MAX } from './baseline-options.js';
import { BaselineSession, type SessionOwner } from './baseline-session.js';
import { makeServer, openSocket, startServer } from './node-socket.js';
import { formatSocketAddress, parseSocketAddress, peerAddress } from './socket-address.js';

const DRAIN_TIMEOUT_MS_DEFAULT = 10_000;

let lastSessionId = 0;

/** Monotonic counts since the transport was made, but for `sessionsOpen`, which is of now. */
export interface BaselineCounters {
  messagesReceived: number;
  messagesSent: number;
  /** Responses that answered no pending request, dropped. */
  responsesUnmatched: number;
  sessionsAccepted: number;
  sessionsOpen: number;
}

export class BaselineTransport implements Transport {
  readonly counters: BaselineCounters = {
    messagesReceived: 0,
    messagesSent: 0,
    responsesUnmatched: 0,
    sessionsAccepted: 0,
    sessionsOpen: 0,
  };
  readonly #options: Required<BaselineOptions>;
  readonly #events = new EventEmitter();
  readonly #sessions = new Map<number, BaselineSession>();
  readonly #mutex = new AsyncMutex();
  readonly #servers = new Set<Server>();
  readonly #connecting = new Set<AbortController>();
  readonly #owner: SessionOwner;
  #closing: Promise<void> | undefined;

  /** @throws (rejects) TransportError `ERR_MSGTRANS_INVALID_OPTION` */
  static async create(options: BaselineOptions = {}): Promise<BaselineTransport> {
    return new BaselineTransport(resolveOptions(options));
  }

  private constructor(options: Required<BaselineOptions>) {
    this.#options = options;
    this.#owner = {
      options,
      counters: this.counters,
      register: (session) => this.#register(session),
      lookup: (id) => this.#mutex.runExclusive(() => this.#sessions.get(id)),
      remove: (session, reason) => this.#remove(session, reason),
      deliver: (session, packet) => this.#deliver(session, packet),
      announceDrain: (session) => void this.#emit('drain', session),
    };
  }

  async listen(url: string): Promise<Listener> {
    this.#requireOpen();
    const address = parseSocketAddress(url);
    const server = makeServer(this.#options.writeQueueHighWatermarkBytes);
    server.on('connection', (socket) => {
      this.counters.sessionsAccepted += 1;
      this.#adopt(socket, peerAddress(socket));
    });
    await startServer(server, address, url);
    // The transport may have been closed meanwhile.
    if (this.#closing !== undefined) {
      server.close();
      this.#requireOpen();
    }
    server.on('error', (error: NodeJS.ErrnoException) => this.#onAcceptError(error, url));
    this.#servers.add(server);
    const port = address.kind === 'tcp' ? (server.address() as AddressInfo).port : 0;
    return {
      url: formatSocketAddress(address.kind === 'tcp' ? { ...address, port } : address),
      port,
      close: async () => {
        // Its callback would wait for the sessions, which live on.
        if (this.#servers.delete(server)) server.close();
      },
    };
  }

  async connect(url: string, options: { signal?: AbortSignal } = {}): Promise<Session> {
    this.#requireOpen();
    const address = parseSocketAddress(url);
    const onTransportClose = new AbortController();
    this.#connecting.add(onTransportClose);
    try {
      const socket = await openSocket(address, url, {
        highWaterMark: this.#options.writeQueueHighWatermarkBytes,
        signals: [options.signal, onTransportClose.signal],
      });
      if (this.#closing !== undefined) {
        socket.destroy();
        this.#requireOpen();
      }
      const session = this.#adopt(socket, formatSocketAddress(address));
      await session.ready();
      return session;
    } finally {
      this.#connecting.delete(onTransportClose);
    }
  }

  on<K extends keyof TransportEvents>(event: K, listener: (...args: TransportEvents[K]) => void): this {
    this.#events.on(event, listener as (...args: unknown[]) => void);
    if (event === 'message') {
      queueMicrotask(() => {
        for (const session of this.#sessions.values()) session.flushInbox();
      });
    }
    return this;
  }

  off<K extends keyof TransportEvents>(event: K, listener: (...args: TransportEvents[K]) => void): this {
    this.#events.off(event, listener as (...args: unknown[]) => void);
    return this;
  }

  reply(ticket: ReplyTicket, payload: Uint8Array, options?: SendOptions): boolean {
    const session = this.#sessions.get(ticket.sessionId);
    if (session === undefined || session.closed) {
      throw new TransportError(
        'ERR_MSGTRANS_STALE_SESSION',
        `session ${ticket.sessionId} is gone, message ${ticket.messageId} can no longer be answered`,
      );
    }
    return session.reply(ticket, payload, options);
  }

  close({ drainTimeoutMs = DRAIN_TIMEOUT_MS_DEFAULT }: { drainTimeoutMs?: number } = {}): Promise<void> {
    if (!(drainTimeoutMs >= 0 && drainTimeoutMs <= TIMEOUT_MS_MAX)) {
      const message = `drainTimeoutMs must be from 0 to ${TIMEOUT_MS_MAX}, not ${String(drainTimeoutMs)}`;
      return Promise.reject(new TransportError('ERR_MSGTRANS_INVALID_ARGUMENT', message));
    }
    this.#closing ??= this.#closeAll(drainTimeoutMs);
    return this.#closing;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #closeAll(drainTimeoutMs: number): Promise<void> {
    for (const server of this.#servers) server.close();
    this.#servers.clear();
    for (const connecting of this.#connecting) {
      connecting.abort(
        new TransportError('ERR_MSGTRANS_CLOSED', 'the transport was closed while connecting'),
      );
    }
    // A session whose entry is still queued at the mutex is in the table once the mutex was ours.
    const sessions = await this.#mutex.runExclusive(() => [...this.#sessions.values()]);
    const timer = setTimeout(() => {
      for (const session of sessions) {
        session.cut('ERR_MSGTRANS_CLOSED', `not flushed within drainTimeoutMs (${drainTimeoutMs} ms)`);
      }
    }, drainTimeoutMs);
    await Promise.all(sessions.map((session) => session.close()));
    clearTimeout(timer);
  }

  #adopt(socket: Socket, remoteAddress: string): BaselineSession {
    lastSessionId += 1;
    return new BaselineSession(this.#owner, socket, lastSessionId, remoteAddress);
  }

  #register(session: BaselineSession): Promise<void> {
    return this.#mutex.runExclusive(() => {
      this.#sessions.set(session.id, session);
      this.counters.sessionsOpen += 1;
      this.#emit('session', session);
    });
  }

  async #remove(session: BaselineSession, reason: CloseReason): Promise<void> {
    await this.#mutex.runExclusive(() => {
      this.#sessions.delete(session.id);
      this.counters.sessionsOpen -= 1;
    });
    this.#emit('close', session, reason);
  }

  #deliver(session: BaselineSession, packet: Packet): boolean {
    return this.#emit('message', session, packet);
  }

  /** An exception of a listener is the application's: it must not stop the transport, nor be swallowed. */
  #emit<K extends keyof TransportEvents>(event: K, ...args: TransportEvents[K]): boolean {
    try {
      return this.#events.emit(event, ...args);
    } catch (error) {
      queueMicrotask(() => {
        throw error;
      });
      return true;
    }
  }

  #onAcceptError(cause: NodeJS.ErrnoException, url: string): void {
    const exhausted = cause.code === 'EMFILE' || cause.code === 'ENFILE';
    const error = new TransportError(
      exhausted ? 'ERR_MSGTRANS_DESCRIPTORS_EXHAUSTED' : 'ERR_MSGTRANS_LISTEN_FAILED',
      `accepting on ${url} failed: ${cause.message}; ${exhausted ? 'raise the descriptor limit' : 'listen again'}`,
      { cause },
    );
    if (this.#events.listenerCount('error') > 0) this.#emit('error', error);
    else process.emitWarning(error);
  }

  #requireOpen(): void {
    if (this.#closing !== undefined) {
      throw new TransportError('ERR_MSGTRANS_CLOSED', 'the transport is closed; create another one');
    }
  }
}
