import type { Deadlines } from './deadlines.js';
import { TransportError } from './errors.js';
import { CLOSE_ORDERLY, SLOT_BROKEN, SLOT_FLAGS } from './layout.generated.js';
import { PendingRequests, requestTimeout } from './pending-requests.js';
import { PACKET_ONE_WAY, PACKET_REQUEST, PACKET_RESPONSE } from './protocol/wire-layout.generated.js';
import type { Reactor } from './reactor.js';
import { checkBytes, sendFlags } from './send-flags.js';
import { sessionIdOf } from './session-id.js';
import { type InboxOwner, SessionInbox } from './session-inbox.js';
import type { CloseReason, Packet, RequestOptions, SendOptions, Session, SessionId } from './transport.js';
import { byteSwap32, wireWord0 } from './wire-words.js';

interface Waiter {
  resolve(): void;
  reject(error: Error): void;
}

/** A session of the native engine. Made when somebody asks for it: a session nobody looks at has no object. */
export class NativeSession implements Session, InboxOwner {
  readonly id: SessionId;
  readonly slotWord: number;
  readonly generation: number;
  private readonly reactor: Reactor;
  private readonly deadlines: Deadlines;
  private inbox: SessionInbox | undefined;
  private paused = false;
  private address: string | undefined;
  private reason: CloseReason | undefined;
  // Made on first use: sessions are many, and most never ask for any of it.
  private pending: PendingRequests | undefined;
  private drainWaiters: Waiter[] | undefined;
  private closeWaiters: (() => void)[] | undefined;

  /** @internal */
  constructor(reactor: Reactor, deadlines: Deadlines, slotWord: number, generation: number) {
    this.reactor = reactor;
    this.deadlines = deadlines;
    this.slotWord = slotWord;
    this.generation = generation;
    this.id = sessionIdOf(slotWord, generation);
  }

  get remoteAddress(): string {
    this.address ??= this.reactor.native.peerUrl(this.slotWord, this.generation);
    return this.address;
  }

  get bufferedBytes(): number {
    return this.reason === undefined ? this.reactor.queuedBytes(this.slotWord) : 0;
  }

  /** @internal Requests that wait for a response. */
  get requests(): PendingRequests {
    this.pending ??= new PendingRequests(this.reactor.requestStatistics);
    return this.pending;
  }

  get closed(): boolean {
    return this.reason !== undefined || !this.reactor.table.isOpen(this.slotWord, this.generation);
  }

  send(payload: Uint8Array, options?: SendOptions): boolean {
    if (options === undefined) {
      const { burst, scatter } = this.reactor;
      if (burst.next(this, payload) || scatter.next(this.slotWord, this.generation, payload)) return true;
    }
    return this.sendFirst(payload, options);
  }

  /** @internal Whether its packets leave through that reactor. */
  isOf(reactor: Reactor): boolean {
    return this.reactor === reactor;
  }

  /** @internal Sends on the payload of the message whose descriptor begins at word `from`. */
  sendReceived(from: number, bizType: number, options: SendOptions | undefined): boolean {
    const flags = sendFlags(options);
    this.checkOpen();
    const word0 = wireWord0(PACKET_ONE_WAY, bizType);
    const id = byteSwap32(this.reactor.table.nextMessageId(this.slotWord));
    const { slotWord, generation } = this;
    return this.reactor.received.send(slotWord, generation, word0, id, flags, options?.extHeader, from);
  }

  reply(packet: Packet, payload: Uint8Array, options?: SendOptions): boolean {
    return this.answer(packet.packetType === 'request', packet.messageId, packet.bizType, payload, options);
  }

  /** @internal Answers what a packet or a ticket names. */
  answer(
    isRequest: boolean,
    messageId: number,
    bizType: number,
    payload: Uint8Array,
    options: SendOptions | undefined,
  ): boolean {
    checkBytes(payload, 'payload');
    const flags = sendFlags(options);
    this.checkOpen();
    const id = isRequest ? messageId : this.reactor.table.nextMessageId(this.slotWord);
    const type = isRequest ? PACKET_RESPONSE : PACKET_ONE_WAY;
    return this.write(wireWord0(type, options?.bizType ?? bizType), byteSwap32(id), flags, options, payload);
  }

  request(payload: Uint8Array, options?: RequestOptions): Promise<Packet> {
    return new Promise<Packet>((resolve, reject) => {
      checkBytes(payload, 'payload');
      const flags = sendFlags(options);
      const timeoutMs = options?.timeoutMs ?? this.reactor.options.requestTimeoutMs;
      const signal = options?.signal;
      if (!(Number.isFinite(timeoutMs) && timeoutMs > 0)) {
        throw new TransportError(
          'ERR_MSGTRANS_INVALID_ARGUMENT',
          `timeoutMs ${String(timeoutMs)} is not a time above 0`,
        );
      }
      const { requestStatistics } = this.reactor;
      const beganMs = requestStatistics.begin();
      let messageId: number;
      try {
        messageId = this.sendRequest(payload, flags, options);
      } catch (error) {
        requestStatistics.end(signal?.aborted ? 'aborted' : 'failed', beganMs);
        throw error;
      }
      const deadline = this.deadlines.add(timeoutMs, () =>
        this.requests.fail(messageId, 'timed-out', requestTimeout(timeoutMs)),
      );
      const onAbort = () => this.requests.fail(messageId, 'aborted', aborted('request', signal!));
      signal?.addEventListener('abort', onAbort, { once: true });
      const forget = () => {
        this.deadlines.remove(deadline);
        signal?.removeEventListener('abort', onAbort);
      };
      this.requests.add({ messageId, beganMs, resolve, reject, forget });
      // The response comes through the same socket: an inbox that is full must not keep it out.
      this.inboxChanged(this.inbox?.unreadBytes ?? 0);
    });
  }

  async drained(): Promise<void> {
    if (this.reason !== undefined) throw this.closedError();
    this.reactor.native.flush();
    const isBroken = (this.reactor.table.word(this.slotWord, SLOT_FLAGS) & SLOT_BROKEN) !== 0;
    if (this.bufferedBytes === 0 && !isBroken) return;
    this.reactor.wantDrain(this.slotWord, this.generation);
    await new Promise<void>((resolve, reject) => {
      this.drainWaiters ??= [];
      this.drainWaiters.push({ resolve, reject });
    });
  }

  async close(): Promise<void> {
    if (this.reason !== undefined) return;
    this.reactor.native.closeSession(this.slotWord, this.generation, CLOSE_ORDERLY, true);
    await new Promise<void>((resolve) => {
      this.closeWaiters ??= [];
      this.closeWaiters.push(resolve);
    });
  }

  [Symbol.asyncIterator](): AsyncIterator<Packet> {
    return this.ensureInbox().iterate();
  }

  /** @internal A message that no handler of the transport takes. */
  receive(packet: Packet): void {
    this.ensureInbox().push(packet);
  }

  /** @internal Bytes in the inbox. */
  get unreadBytes(): number {
    return this.inbox?.unreadBytes ?? 0;
  }

  /** @internal A packet that waits because there was no handler yet. */
  takeUnread(): Packet | undefined {
    return this.inbox?.shift();
  }

  /** @internal The engine wrote everything that was queued. */
  onDrained(): void {
    const waiters = this.drainWaiters;
    this.drainWaiters = undefined;
    for (const waiter of waiters ?? []) waiter.resolve();
  }

  /** @internal The close event, the last of the session's life. */
  onClosed(reason: CloseReason): void {
    this.reason = reason;
    this.address ??= '';
    const waiters = this.drainWaiters;
    this.drainWaiters = undefined;
    for (const waiter of waiters ?? []) waiter.reject(this.closedError());
    this.pending?.failAll(() => this.closedError());
    this.inbox?.close(reason);
    for (const resolve of this.closeWaiters ?? []) resolve();
    this.closeWaiters = undefined;
  }

  inboxChanged(unreadBytes: number): void {
    const { inboundHighWatermarkBytes, inboundBytesMax } = this.reactor.options;
    const limit =
      this.pending !== undefined && this.pending.size > 0
        ? Math.max(inboundBytesMax, inboundHighWatermarkBytes)
        : inboundHighWatermarkBytes;
    // Half the mark before reading goes on, so that a steady reader does not switch with every packet.
    const pause = unreadBytes > (this.paused ? limit / 2 : limit);
    if (pause === this.paused || this.reason !== undefined) return;
    this.paused = pause;
    this.reactor.native.setPaused(this.slotWord, this.generation, pause);
  }

  setPulled(pulled: boolean): void {
    if (this.reason !== undefined) return;
    this.reactor.native.setPulled(this.slotWord, this.generation, pulled);
  }

  private sendFirst(payload: Uint8Array, options: SendOptions | undefined): boolean {
    checkBytes(payload, 'payload');
    const flags = sendFlags(options);
    this.checkOpen();
    const id = byteSwap32(this.reactor.table.nextMessageId(this.slotWord));
    const isBelow = this.write(wireWord0(PACKET_ONE_WAY, options?.bizType ?? 0), id, flags, options, payload);
    if (isBelow && options === undefined) {
      this.reactor.burst.noteSent(this, this.slotWord, this.generation, payload);
      this.reactor.scatter.noteSent(payload);
    }
    return isBelow;
  }

  /** @returns the request's message id */
  private sendRequest(payload: Uint8Array, flags: number, options: RequestOptions | undefined): number {
    const { pendingRequestsMax } = this.reactor.options;
    if (options?.signal?.aborted) throw aborted('request', options.signal);
    if (this.requests.size >= pendingRequestsMax) {
      throw new TransportError(
        'ERR_MSGTRANS_TOO_MANY_REQUESTS',
        `${this.requests.size} requests of session ${this.id} wait for a response; the limit is ` +
          `${pendingRequestsMax} (pendingRequestsMax): wait for some of them`,
      );
    }
    this.checkOpen();
    let messageId: number;
    do {
      messageId = this.reactor.table.nextMessageId(this.slotWord);
    } while (this.requests.has(messageId));
    const { messagesDropped } = this.reactor;
    const word0 = wireWord0(PACKET_REQUEST, options?.bizType ?? 0);
    this.write(word0, byteSwap32(messageId), flags, options, payload);
    if (this.reactor.messagesDropped > messagesDropped) {
      throw new TransportError(
        'ERR_MSGTRANS_WRITE_QUEUE_FULL',
        `the request was dropped: session ${this.id} holds ${this.bufferedBytes} unsent bytes (slowConsumerPolicy ` +
          'drop-newest); wait for drained() before asking again',
      );
    }
    return messageId;
  }

  private write(
    word0: number,
    idWire: number,
    flags: number,
    options: SendOptions | undefined,
    payload: Uint8Array,
  ): boolean {
    const { reactor, slotWord, generation } = this;
    if (options?.handOver === true) {
      return reactor.buffers.handOver(payload, () =>
        reactor.send(slotWord, generation, word0, idWire, flags, options.extHeader, payload),
      );
    }
    return reactor.send(slotWord, generation, word0, idWire, flags, options?.extHeader, payload);
  }

  private ensureInbox(): SessionInbox {
    if (this.inbox === undefined) {
      this.inbox = new SessionInbox(this);
      if (this.reason !== undefined) this.inbox.close(this.reason);
    }
    return this.inbox;
  }

  private checkOpen(): void {
    if (this.reason !== undefined) throw this.closedError();
  }

  private closedError(): TransportError {
    const { code, message } = this.reason!;
    return new TransportError(code ?? 'ERR_MSGTRANS_CLOSED', `session ${this.id} is closed: ${message}`);
  }
}

/** @internal */
export function aborted(what: string, signal: AbortSignal): TransportError {
  return new TransportError('ERR_MSGTRANS_ABORTED', `the ${what} was aborted by its signal`, {
    cause: signal.reason,
  });
}
