import { EventEmitter } from 'node:events';
import { readFileSync } from 'node:fs';
import { systemErrorName } from './close-reason.js';
import { Deadlines } from './deadlines.js';
import { type BatchHandler, DeliveryDispatcher, type DeliveryTarget } from './delivery-dispatcher.js';
import { TransportError } from './errors.js';
import { CLOSE_ORDERLY, CLOSE_TRANSPORT_CLOSED, CONTROL_ROUTE_ALL } from './layout.generated.js';
import { NativeListener } from './listener.js';
import { nativeAddon } from './native-addon.js';
import { aborted } from './native-session.js';
import { resolveOptions, type TransportOptions } from './options.js';
import { Reactor } from './reactor.js';
import { retainedCollectedUnreleased } from './retained-message.js';
import { sessionGeneration, sessionIdOf } from './session-id.js';
import { SessionRegistry } from './session-registry.js';
import type {
  Listener,
  Packet,
  ReplyTicket,
  SendOptions,
  Session,
  Transport,
  TransportEvents,
} from './transport.js';
import { parseTransportUrl, resolveAddress } from './transport-url.js';

const DRAIN_TIMEOUT_MS = 5_000;

interface PendingConnect {
  url: string;
  resolve(session: Session): void;
  reject(error: Error): void;
  forget(): void;
}

/** Monotonic counts of one transport since it was created. */
export interface TransportCounters {
  readonly [name: string]: number;
}

/**
 * A transport on the native engine. One per thread is enough for any number of listeners and sessions; each Worker
 * may have its own.
 *
 * Messages come to {@link onBatch} (in place, fastest) or to `on('message')` (owned packets), not to both. Without either,
 * they wait in their sessions for `for await`.
 *
 * Thread: everything on the thread that created it.
 */
export class HighPerformanceTransport implements Transport {
  private readonly emitter = new EventEmitter();
  private readonly reactor: Reactor;
  private readonly deadlines: Deadlines;
  private readonly sessions: SessionRegistry;
  private readonly dispatcher: DeliveryDispatcher;
  private readonly connects = new Map<number, PendingConnect>();
  private readonly listeners = new Set<NativeListener>();
  private batchHandler: BatchHandler | undefined;
  private closing: Promise<void> | undefined;
  private finalCounters: TransportCounters | undefined;
  private onIdle: (() => void) | undefined;

  /**
   * @throws (rejects) TransportError `ERR_MSGTRANS_INVALID_OPTION`, `ERR_MSGTRANS_UNSUPPORTED_PLATFORM`,
   *   `ERR_MSGTRANS_ADDON_MISSING`, `ERR_MSGTRANS_OUT_OF_MEMORY`
   */
  static async create(options?: TransportOptions): Promise<HighPerformanceTransport> {
    return new HighPerformanceTransport(options);
  }

  private constructor(given: TransportOptions | undefined) {
    const options = resolveOptions(given);
    const { Reactor: NativeReactorClass } = nativeAddon();
    try {
      const native = new NativeReactorClass(
        options,
        (...delivery) => this.dispatcher.deliver(...delivery),
        (nowMs) => this.deadlines.judge(nowMs),
      );
      this.reactor = new Reactor(native, options);
    } catch (cause) {
      throw new TransportError(
        'ERR_MSGTRANS_OUT_OF_MEMORY',
        `no transport could be made: ${(cause as Error).message}`,
        {
          cause,
        },
      );
    }
    this.deadlines = new Deadlines(this.reactor.native);
    this.sessions = new SessionRegistry(this.reactor, this.deadlines);
    this.dispatcher = new DeliveryDispatcher(this.reactor, this.sessions, this.deliveryTarget());
    this.updateRouting();
  }

  /**
   * Registers the one handler for messages in place: called once per turn of the loop with everything that arrived. It
   * must not return a promise. `undefined` removes it.
   * @throws TransportError `ERR_MSGTRANS_HANDLER_CONFLICT` when `on('message')` is registered
   */
  onBatch(handler: BatchHandler | undefined): this {
    if (handler !== undefined && typeof handler !== 'function') {
      throw new TransportError(
        'ERR_MSGTRANS_INVALID_ARGUMENT',
        `onBatch takes a function, got ${typeof handler}`,
      );
    }
    if (handler !== undefined && this.emitter.listenerCount('message') > 0) throw handlerConflict();
    this.batchHandler = handler;
    this.updateRouting();
    return this;
  }

  on<K extends keyof TransportEvents>(event: K, listener: (...args: TransportEvents[K]) => void): this {
    if (event === 'message' && this.batchHandler !== undefined) throw handlerConflict();
    this.emitter.on(event, listener as (...args: unknown[]) => void);
    if (event === 'message') {
      this.updateRouting();
      process.nextTick(() => this.deliverUnread());
    }
    return this;
  }

  off<K extends keyof TransportEvents>(event: K, listener: (...args: TransportEvents[K]) => void): this {
    this.emitter.off(event, listener as (...args: unknown[]) => void);
    this.updateRouting();
    return this;
  }

  async listen(url: string): Promise<Listener> {
    const parsed = parseTransportUrl(url);
    this.checkOpen();
    const address = await resolveAddress(parsed, url);
    this.checkOpen();
    const opened = this.reactor.native.listen(address.host, address.port, listenBacklog());
    if (opened.error !== 0) throw listenFailed(url, opened.error);
    const listener = new NativeListener(this.reactor.native, opened, (closed) =>
      this.listeners.delete(closed),
    );
    this.listeners.add(listener);
    return listener;
  }

  async connect(url: string, options: { signal?: AbortSignal } = {}): Promise<Session> {
    const parsed = parseTransportUrl(url);
    const { signal } = options;
    this.checkOpen();
    if (signal?.aborted) throw aborted('connect', signal);
    const address = await resolveAddress(parsed, url);
    this.checkOpen();
    if (signal?.aborted) throw aborted('connect', signal);
    const { native } = this.reactor;
    const opened = native.connect(address.host, address.port);
    if (opened.error !== 0 && opened.id === 0) throw connectFailed(url, opened.error);
    return new Promise<Session>((resolve, reject) => {
      const onAbort = () => {
        native.cancelConnect(opened.id);
        this.takeConnect(opened.id)?.reject(aborted('connect', signal!));
      };
      signal?.addEventListener('abort', onAbort, { once: true });
      this.connects.set(opened.id, {
        url,
        resolve,
        reject,
        forget: () => signal?.removeEventListener('abort', onAbort),
      });
    });
  }

  reply(ticket: ReplyTicket, payload: Uint8Array, options?: SendOptions): boolean {
    this.checkOpen();
    const generation = sessionGeneration(ticket.sessionId);
    const slotWord = (ticket.sessionId % 0x1_0000_0000) | 0;
    if (!this.reactor.table.isOpen(slotWord, generation)) {
      throw new TransportError(
        'ERR_MSGTRANS_STALE_SESSION',
        `session ${sessionIdOf(slotWord, generation)} is gone; nobody waits for this answer any more`,
      );
    }
    const session = this.sessions.ensure(slotWord, generation);
    return session.answer(
      ticket.packetType === 'request',
      ticket.messageId,
      ticket.bizType,
      payload,
      options,
    );
  }

  /** Counts since creation: messages, bytes, system calls, copies, pool use, sessions. After `close`: the last ones. */
  counters(): TransportCounters {
    return (
      this.finalCounters ?? {
        ...this.reactor.native.counters(),
        messagesDropped: this.reactor.messagesDropped,
        responsesUnmatched: this.dispatcher.responsesUnmatched,
        abnormalCloses: this.sessions.abnormalCloses,
        retainedCollected: retainedCollectedUnreleased(),
      }
    );
  }

  close(options: { drainTimeoutMs?: number } = {}): Promise<void> {
    this.closing ??= this.shutDown(options.drainTimeoutMs ?? DRAIN_TIMEOUT_MS);
    return this.closing;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  private async shutDown(drainTimeoutMs: number): Promise<void> {
    const { native } = this.reactor;
    for (const listener of [...this.listeners]) await listener.close();
    for (const id of [...this.connects.keys()]) {
      native.cancelConnect(id);
      this.takeConnect(id)?.reject(transportClosed());
    }
    native.closeAll(CLOSE_ORDERLY, true);
    if (this.openSessions() > 0) {
      const timer = setTimeout(() => native.closeAll(CLOSE_TRANSPORT_CLOSED, false), drainTimeoutMs);
      await new Promise<void>((resolve) => {
        this.onIdle = resolve;
        // The last close event may be in delivery right now, with its slot still to be freed.
        this.resolveWhenIdle();
      });
      clearTimeout(timer);
    }
    this.finalCounters = this.counters();
    native.destroy();
  }

  private resolveWhenIdle(): void {
    // After this delivery: the engine frees a slot once its close event has returned.
    setImmediate(() => {
      if (this.finalCounters === undefined && this.openSessions() === 0) this.onIdle?.();
    });
  }

  private openSessions(): number {
    return this.reactor.native.counters().sessionsOpen;
  }

  private deliveryTarget(): DeliveryTarget {
    const { emitter } = this;
    const transport = this;
    return {
      get batchHandler() {
        return transport.batchHandler;
      },
      wants: (event) => emitter.listenerCount(event) > 0,
      emitSession: (session) => emitter.emit('session', session),
      emitMessage: (session, packet) => emitter.emit('message', session, packet),
      emitClose: (session, reason) => emitter.emit('close', session, reason),
      emitDrain: (session) => emitter.emit('drain', session),
      // Such an error is the machine's state, not the program's mistake: without a listener it is a warning, not the
      // end of the process.
      emitError: (error) => {
        if (emitter.listenerCount('error') > 0) emitter.emit('error', error);
        else process.emitWarning(error.message, { type: 'TransportWarning', code: error.code });
      },
      connected: (id, session) => this.takeConnect(id)?.resolve(session),
      connectFailed: (id, errno) => {
        const pending = this.takeConnect(id);
        pending?.reject(connectFailed(pending.url, errno));
      },
      sessionEnded: () => {
        if (this.onIdle !== undefined) this.resolveWhenIdle();
      },
    };
  }

  private takeConnect(id: number): PendingConnect | undefined {
    const pending = this.connects.get(id);
    this.connects.delete(id);
    pending?.forget();
    return pending;
  }

  private updateRouting(): void {
    const handled = this.batchHandler !== undefined || this.emitter.listenerCount('message') > 0;
    if (this.finalCounters === undefined) this.reactor.words[CONTROL_ROUTE_ALL] = handled ? 0 : 1;
  }

  /** Packets that came before there was a handler go to it first. */
  private deliverUnread(): void {
    for (const session of this.sessions) {
      while (this.emitter.listenerCount('message') > 0) {
        const packet: Packet | undefined = session.takeUnread();
        if (packet === undefined) break;
        try {
          this.emitter.emit('message', session, packet);
        } catch (error) {
          // As in a delivery: a listener that throws at one packet still gets the next.
          nativeAddon().fatalException(error);
        }
      }
    }
  }

  private checkOpen(): void {
    if (this.closing !== undefined) throw transportClosed();
  }
}

/** The kernel's own bound; asking for more is the same as asking for it. */
function listenBacklog(): number {
  try {
    return Number(readFileSync('/proc/sys/net/core/somaxconn', 'utf8')) || 511;
  } catch {
    return 511;
  }
}

function transportClosed(): TransportError {
  return new TransportError('ERR_MSGTRANS_CLOSED', 'this transport is closed; create another one');
}

function handlerConflict(): TransportError {
  return new TransportError(
    'ERR_MSGTRANS_HANDLER_CONFLICT',
    "a transport takes messages through onBatch or through on('message'), not both: remove the other handler first",
  );
}

function listenFailed(url: string, errno: number): TransportError {
  const name = systemErrorName(errno);
  if (name === 'EADDRINUSE') {
    return new TransportError(
      'ERR_MSGTRANS_ADDRESS_IN_USE',
      `${url} is in use by another listener; choose another address, or port 0 for any free port`,
    );
  }
  return new TransportError('ERR_MSGTRANS_LISTEN_FAILED', `listening on ${url} failed: ${name}`);
}

function connectFailed(url: string, errno: number): TransportError {
  const name = systemErrorName(errno);
  const next = name === 'ECONNREFUSED' || name === 'ENOENT' ? '; is the server listening there?' : '';
  return new TransportError('ERR_MSGTRANS_CONNECT_FAILED', `connecting to ${url} failed: ${name}${next}`);
}
