import type { AdminEndpoint } from './admin/admin-endpoint.js';
import type { AdminOptions } from './admin/admin-options.js';
import { TransportMonitor } from './admin/transport-monitor.js';
import { type BroadcastOptions, type BroadcastResult, broadcast } from './broadcast.js';
import { Deadlines } from './deadlines.js';
import { type BatchHandler, DeliveryDispatcher } from './delivery-dispatcher.js';
import { deliveryTarget } from './delivery-target.js';
import type { DiagnosticSubscription, SubscribeOptions } from './diagnostics.js';
import { TransportError } from './errors.js';
import { CLOSE_ORDERLY, CLOSE_TRANSPORT_CLOSED, SLOT_MASK } from './layout.generated.js';
import { listenBacklog, NativeListener } from './listener.js';
import type { Message } from './message.js';
import { nativeAddon } from './native-addon.js';
import { aborted } from './native-session.js';
import { resolveOptions, type TransportOptions } from './options.js';
import { type Connected, PendingConnects } from './pending-connects.js';
import { Reactor } from './reactor.js';
import { retainedCollectedUnreleased } from './retained-message.js';
import { checkBytes, sendFlags } from './send-flags.js';
import { sessionGeneration, sessionIdOf, sessionSlotWord } from './session-id.js';
import { SessionRegistry } from './session-registry.js';
import { type ReportedValues, reportedTogether } from './statistics/counter-catalog.js';
import type { PerformanceSnapshot } from './statistics/performance-snapshot.js';
import type {
  Listener,
  ListenOptions,
  ReplyTicket,
  SendOptions,
  Session,
  SessionId,
  Transport,
  TransportEvents,
} from './transport.js';
import { countOutside, listenFailed, notInProcess, transportClosed } from './transport-errors.js';
import { TransportHandlers } from './transport-handlers.js';
import { parseTransportUrl, resolveAddress } from './transport-url.js';

const DRAIN_TIMEOUT_MS = 5_000;

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
  private readonly reactor: Reactor;
  private readonly deadlines: Deadlines;
  private readonly sessions: SessionRegistry;
  private readonly dispatcher: DeliveryDispatcher;
  private readonly monitor: TransportMonitor;
  private readonly connects: PendingConnects;
  private readonly handlers: TransportHandlers;
  private readonly listeners = new Set<NativeListener>();
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
        { cause },
      );
    }
    this.deadlines = new Deadlines(this.reactor.native);
    this.sessions = new SessionRegistry(this.reactor, this.deadlines);
    this.connects = new PendingConnects(this.reactor, this.sessions);
    this.handlers = new TransportHandlers(this.reactor, this.sessions);
    const target = deliveryTarget(this.handlers, this.connects, () => {
      if (this.onIdle !== undefined) this.resolveWhenIdle();
    });
    this.dispatcher = new DeliveryDispatcher(this.reactor, this.sessions, target);
    this.monitor = new TransportMonitor(
      { reactors: () => this.reactor.own.reports(), shared: () => this.sharedCounts() },
      options.metricsSamplingIntervalMs,
      this.reactor.requestStatistics,
    );
  }

  /**
   * Registers the one handler for messages in place: called once per turn of the loop with everything that arrived. It
   * must not return a promise. `undefined` removes it.
   * @throws TransportError `ERR_MSGTRANS_HANDLER_CONFLICT` when `on('message')` is registered
   */
  onBatch(handler: BatchHandler | undefined): this {
    this.handlers.onBatch(handler);
    return this;
  }

  on<K extends keyof TransportEvents>(event: K, listener: (...args: TransportEvents[K]) => void): this {
    this.handlers.on(event, listener);
    return this;
  }

  off<K extends keyof TransportEvents>(event: K, listener: (...args: TransportEvents[K]) => void): this {
    this.handlers.off(event, listener);
    return this;
  }

  async listen(url: string, options: ListenOptions = {}): Promise<Listener> {
    const parsed = parseTransportUrl(url);
    this.checkOpen();
    const address = await resolveAddress(parsed, url);
    this.checkOpen();
    const { native } = this.reactor;
    const opened =
      address.scheme === 'mem'
        ? native.listenInProcess(address.host)
        : native.listen(address.host, address.port, listenBacklog(), options.share === true);
    if (opened.error !== 0) throw listenFailed(url, opened.error);
    const listener = new NativeListener(native, opened, (closed) => this.listeners.delete(closed));
    this.listeners.add(listener);
    return listener;
  }

  async connect(url: string, options: { signal?: AbortSignal } = {}): Promise<Session> {
    return (await this.open(url, 1, options.signal)).session!;
  }

  /**
   * Opens many sessions in this process at once. Nothing is made for a session until it is asked for with
   * {@link session}, so that a hundred thousand idle ones cost no more than their slots.
   * @param url `mem://name` of a listener of any thread
   * @param count 1 to 16 777 215
   * @returns their ids
   * @throws (rejects) TransportError as {@link connect}; sessions that were opened meanwhile are closed
   */
  async connectMany(
    url: string,
    count: number,
    options: { signal?: AbortSignal } = {},
  ): Promise<SessionId[]> {
    if (!Number.isSafeInteger(count) || count < 1 || count > SLOT_MASK) throw countOutside(count);
    if (parseTransportUrl(url).scheme !== 'mem') throw notInProcess(url);
    return (await this.open(url, count, options.signal)).ids;
  }

  /**
   * Touches the buffers that `zeroCopyBuffers` asks for, so that no first message waits for the kernel to find their pages.
   * Takes milliseconds per 64 MB: call it before traffic.
   * @returns bytes touched; fewer than the buffers have when the kernel has no more memory
   */
  warmUp(): number {
    this.checkOpen();
    return this.reactor.native.warmUp();
  }

  /**
   * A buffer of zeroes to fill and send, in memory of the engine: above 4 KB a session with a socket on this thread, and
   * `broadcast`, send it from where it lies, and what the socket does not take at once stays there. Up to 1 MB it comes
   * from the pool (`zeroCopyBuffers`), larger ones count towards `bufferBytesMax`. Its bytes must not change before
   * `drained()`; then it may be used again. Its memory goes back when it was collected, released or handed over
   * (`handOver` of `send`) and nothing sent from it waits any more. It cannot be transferred to another thread.
   * @param bytes 1 to `payloadBytesMax`
   * @throws TransportError `ERR_MSGTRANS_BUFFER_BUDGET`, `ERR_MSGTRANS_INVALID_ARGUMENT`, `ERR_MSGTRANS_CLOSED`
   */
  allocate(bytes: number): Uint8Array {
    this.checkOpen();
    return this.reactor.buffers.allocate(bytes);
  }

  /**
   * Gives a buffer of {@link allocate} back without waiting for its collection; all its views are empty then. What was sent
   * from it still is. Releasing twice is harmless.
   * @throws TransportError `ERR_MSGTRANS_INVALID_ARGUMENT` for any other buffer
   */
  release(buffer: Uint8Array): void {
    checkBytes(buffer, 'the buffer to release');
    this.reactor.buffers.release(buffer);
  }

  /**
   * Sends one one-way message to any open session of this process by its id, also to one that another thread's transport
   * holds. That one's thread takes it when it turns; there is no drain event for it here. Costs less than the session's own
   * `send` where sessions are many: no object is looked at.
   * @returns as `Session.send`; for another transport's session false while more than half of
   *   `writeQueueTotalBytesMax` is queued or under way
   * @throws TransportError as `Session.send`; `ERR_MSGTRANS_STALE_SESSION` when the session is gone;
   *   `ERR_MSGTRANS_WRITE_QUEUE_FULL` at `writeQueueTotalBytesMax`, whatever the policy, for another transport's session
   */
  send(id: SessionId, payload: Uint8Array, options?: SendOptions): boolean {
    if (options !== undefined) return this.sendWith(id, payload, options);
    if (this.closing !== undefined) this.checkOpen();
    const { reactor } = this;
    const slotWord = sessionSlotWord(id);
    const generation = sessionGeneration(id);
    if (reactor.scatter.next(slotWord, generation, payload)) return true;
    checkBytes(payload, 'payload');
    const isBelow = reactor.sendById(slotWord, generation, 0, 0, undefined, payload);
    reactor.scatter.noteSent(payload);
    return isBelow;
  }

  /**
   * Tells that the next sends go to the sessions `ids[begin]` to before `ids[end]`, so that what they look at is fetched
   * together. Where sessions are more than a processor's cache holds (some 10 000) and their turns come in no order, each
   * send waits for memory; told of 8 to 32 at a time, the waits overlap. A hint: it changes nothing but the time, and ids
   * of sessions that are gone do no harm.
   */
  lookAhead(ids: readonly SessionId[], begin = 0, end = ids.length): void {
    this.reactor.table.touch(ids, begin, end);
  }

  private sendWith(id: SessionId, payload: Uint8Array, options: SendOptions): boolean {
    checkBytes(payload, 'payload');
    const flags = sendFlags(options);
    if (this.closing !== undefined) this.checkOpen();
    const { bizType = 0, extHeader, handOver } = options;
    const send = () =>
      this.reactor.sendById(sessionSlotWord(id), sessionGeneration(id), bizType, flags, extHeader, payload);
    return handOver === true ? this.reactor.buffers.handOver(payload, send) : send();
  }

  /** The object of an open session, made when first asked for. Undefined when the session is closed or another's. */
  session(id: SessionId): Session | undefined {
    const slotWord = (id % 0x1_0000_0000) | 0;
    const generation = sessionGeneration(id);
    if (!this.reactor.own.holds(slotWord) || !this.reactor.table.isOpen(slotWord, generation))
      return undefined;
    return this.sessions.ensure(slotWord, generation);
  }

  /**
   * A small integer for a session of this transport, unique among the open ones and used again after they close: an
   * array indexed by it holds what an application keeps per session, without a hash. Reset the entry when the session
   * opens. `message.sessionSlot` is the same.
   */
  sessionSlot(id: SessionId): number {
    return this.reactor.own.sessionSlot(id % 0x1_0000_0000);
  }

  private async open(url: string, count: number, signal: AbortSignal | undefined): Promise<Connected> {
    const parsed = parseTransportUrl(url);
    this.checkOpen();
    if (signal?.aborted) throw aborted('connect', signal);
    const address = await resolveAddress(parsed, url);
    this.checkOpen();
    return this.connects.open(url, address, count, signal);
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
      this.finalCounters ??
      reportedTogether([
        ...this.reactor.own.reports().map(({ values }) => values),
        this.sharedCounts(),
        this.reactor.requestStatistics.values(),
      ])
    );
  }

  /**
   * Sends one message to many sessions, without an id: to all that are open, or to those named. Sockets of this reactor
   * are written from one piece of memory: the received slice of a message in hand (as {@link Message.forward}), a buffer of
   * {@link allocate}, or one copy of other bytes. A session that is full is skipped after the slow-consumer policy has
   * acted on it: closed, or the message dropped and counted.
   * @throws TransportError `ERR_MSGTRANS_BUFFER_BUDGET`, `ERR_MSGTRANS_PAYLOAD_TOO_LARGE`,
   *   `ERR_MSGTRANS_EXT_HEADER_TOO_LARGE`, `ERR_MSGTRANS_INVALID_ARGUMENT`, `ERR_MSGTRANS_STALE_MESSAGE`,
   *   `ERR_MSGTRANS_CLOSED`
   */
  broadcast(body: Uint8Array | Message, options?: BroadcastOptions): BroadcastResult {
    this.checkOpen();
    return broadcast(this.reactor, body, options);
  }

  /**
   * How the transport does: rates and percentiles of the last full sampling interval (`metricsSamplingIntervalMs`) with
   * the totals, gauges and memory of this moment, for all reactors together and for each. After `close`: the last ones.
   */
  performanceSnapshot(): PerformanceSnapshot {
    return this.monitor.performanceSnapshot();
  }

  /**
   * Serves `/metrics` (Prometheus text), `/snapshot` (JSON) and `/healthz` over HTTP, to this machine alone and without
   * authentication, until the endpoint or the transport is closed. It keeps no process alive.
   * @throws (rejects) TransportError `ERR_MSGTRANS_INVALID_OPTION`, `ERR_MSGTRANS_ADDRESS_IN_USE`,
   *   `ERR_MSGTRANS_LISTEN_FAILED`, `ERR_MSGTRANS_CLOSED`
   */
  admin(options?: AdminOptions): Promise<AdminEndpoint> {
    return this.monitor.admin(options);
  }

  /**
   * Diagnostic events from now on: sessions that open and close, drains, slow consumers, unmatched responses, refused
   * connections. Of a subscriber that is too slow the oldest are dropped and counted; traffic never waits for it.
   * @throws TransportError `ERR_MSGTRANS_INVALID_ARGUMENT`, `ERR_MSGTRANS_CLOSED`
   */
  subscribe(options?: SubscribeOptions): DiagnosticSubscription {
    this.checkOpen();
    return this.reactor.diagnostics.subscribe(options);
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
    this.monitor.beginClosing();
    for (const listener of [...this.listeners]) await listener.close();
    this.connects.giveUpAll(transportClosed);
    native.closeAll(CLOSE_ORDERLY, true);
    if (this.reactor.native.sessionsOpen() > 0) {
      const timer = setTimeout(() => native.closeAll(CLOSE_TRANSPORT_CLOSED, false), drainTimeoutMs);
      await new Promise<void>((resolve) => {
        this.onIdle = resolve;
        // The last close event may be in delivery right now, with its slot still to be freed.
        this.resolveWhenIdle();
      });
      clearTimeout(timer);
    }
    this.finalCounters = this.counters();
    this.handlers.end();
    const ended = this.monitor.end();
    this.reactor.diagnostics.end();
    native.destroy();
    await ended;
  }

  private sharedCounts(): ReportedValues {
    return {
      messagesDropped: this.reactor.messagesDropped,
      forwardCopies: this.reactor.received.copies,
      responsesUnmatched: this.dispatcher.responsesUnmatched,
      abnormalCloses: this.sessions.abnormalCloses,
      retainedCollected: retainedCollectedUnreleased(),
      ...this.reactor.diagnostics.values(),
    };
  }

  private resolveWhenIdle(): void {
    // After this delivery: the engine frees a slot once its close event has returned, and reactors on threads of their
    // own once they have heard that it did.
    setImmediate(() => {
      if (this.finalCounters !== undefined) return;
      if (this.reactor.native.sessionsOpen() === 0) this.onIdle?.();
      else if (this.reactor.native.threadNumbers.length > 0) setTimeout(() => this.resolveWhenIdle(), 1);
    });
  }

  private checkOpen(): void {
    if (this.closing !== undefined) throw transportClosed();
  }
}
