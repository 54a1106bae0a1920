/** One connection of the baseline: a `node:net` socket, the decoder of its stream, and its requests. */
import type { Socket } from 'node:net';
import { TransportError, type TransportErrorCode } from '../errors.js';
import { encodePacket, NO_BYTES } from '../protocol/packet-codec.js';
import { PacketDecoder } from '../protocol/packet-decoder.js';
import type {
  CloseReason,
  Packet,
  PacketType,
  ReplyTicket,
  RequestOptions,
  SendOptions,
  Session,
} from '../transport.js';
import type { BaselineOptions } from './baseline-options.js';
import { PacketInbox } from './packet-inbox.js';
import { PendingRequests } from './pending-requests.js';
import { checkPayload, checkReply, checkSendOptions, checkTimeout } from './send-arguments.js';

/** What a session needs of the transport it belongs to. */
export interface SessionOwner {
  readonly options: Required<BaselineOptions>;
  readonly counters: { messagesReceived: number; messagesSent: number; responsesUnmatched: number };
  /** Enters the session into the table and announces it. */
  register(session: BaselineSession): Promise<void>;
  /** Finds the session of a received packet in the table. */
  lookup(id: number): Promise<BaselineSession | undefined>;
  /** Takes the session out of the table and announces its end. */
  remove(session: BaselineSession, reason: CloseReason): Promise<void>;
  /** Hands a packet to the application; false when nobody listens for messages. */
  deliver(session: BaselineSession, packet: Packet): boolean;
  announceDrain(session: BaselineSession): void;
}

/** Untaken bytes at which a session without pending requests stops reading. */
const INBOUND_PAUSE_BYTES = 1024 * 1024;
/** How long a close waits for the peer to take what is queued, in milliseconds. */
const FLUSH_TIMEOUT_MS = 30_000;
/** How long a close waits for the peer's end of stream after our own, in milliseconds. */
const LINGER_TIMEOUT_MS = 1000;
const MESSAGE_ID_MAX = 0xffff_ffff;

export class BaselineSession implements Session {
  readonly id: number;
  readonly remoteAddress: string;
  readonly #owner: SessionOwner;
  readonly #socket: Socket;
  readonly #decoder: PacketDecoder;
  readonly #pending = new PendingRequests();
  readonly #inbox = new PacketInbox();
  /** Tail of everything that has to happen in the order in which the socket reported it. */
  #work: Promise<void>;
  #reason: CloseReason | undefined;
  /** True once what is received no longer matters, because this side closed. */
  #discarding = false;
  #flushed = false;
  #iterating = false;
  #paused = false;
  /** True after `send` returned false, until `drain` was announced. */
  #owesDrain = false;
  #lastMessageId = 0;
  #closeTimer: NodeJS.Timeout | undefined;
  readonly #whenClosed: Promise<void>;
  #markClosed: () => void = () => undefined;

  constructor(owner: SessionOwner, socket: Socket, id: number, remoteAddress: string) {
    this.#owner = owner;
    this.#socket = socket;
    this.id = id;
    this.remoteAddress = remoteAddress;
    this.#decoder = new PacketDecoder(owner.options);
    this.#whenClosed = new Promise((resolve) => {
      this.#markClosed = resolve;
    });
    this.#work = owner.register(this);
    socket.on('data', (chunk: Buffer) => this.#onData(chunk));
    socket.on('end', () => this.#enqueue(() => this.#onPeerEnd()));
    socket.on('drain', () => {
      if (!this.#owesDrain || this.#reason !== undefined) return;
      this.#owesDrain = false;
      this.#owner.announceDrain(this);
    });
    socket.on('finish', () => this.#onFlushed());
    socket.on('error', (error: NodeJS.ErrnoException) => this.#enqueue(() => this.#onSocketError(error)));
    socket.on('close', () => this.#enqueue(() => this.#onSocketClosed()));
  }

  get bufferedBytes(): number {
    return this.#socket.writableLength;
  }

  get closed(): boolean {
    return this.#reason !== undefined;
  }

  /** Resolves once the session is in the transport's table. */
  ready(): Promise<void> {
    return this.#work;
  }

  send(payload: Uint8Array, options: SendOptions = {}): boolean {
    this.#requireOpen();
    checkPayload(payload);
    checkSendOptions(options);
    return this.#write('one-way', this.#takeMessageId(), options.bizType ?? 0, payload, options);
  }

  async request(payload: Uint8Array, options: RequestOptions = {}): Promise<Packet> {
    this.#requireOpen();
    checkPayload(payload);
    checkSendOptions(options);
    const timeoutMs = checkTimeout(options.timeoutMs ?? this.#owner.options.requestTimeoutMs);
    if (options.signal?.aborted) {
      throw new TransportError('ERR_MSGTRANS_ABORTED', 'the signal was aborted before the request was sent', {
        cause: options.signal.reason,
      });
    }
    const { pendingRequestsMax } = this.#owner.options;
    if (this.#pending.size >= pendingRequestsMax) {
      throw new TransportError(
        'ERR_MSGTRANS_TOO_MANY_REQUESTS',
        `session ${this.id} has ${this.#pending.size} requests pending, the limit is ${pendingRequestsMax}; await some first`,
      );
    }
    const messageId = this.#takeMessageId();
    this.#write('request', messageId, options.bizType ?? 0, payload, options);
    // The write itself may have closed the session as a slow consumer.
    this.#requireOpen();
    const answer = this.#pending.wait(messageId, timeoutMs, options.signal);
    this.#judgeReading();
    return answer;
  }

  reply(packet: Packet | ReplyTicket, payload: Uint8Array, options: SendOptions = {}): boolean {
    this.#requireOpen();
    checkPayload(payload);
    checkSendOptions(options);
    checkReply(packet, options);
    const isRequest = packet.packetType === 'request';
    const messageId = isRequest ? packet.messageId : this.#takeMessageId();
    return this.#write(isRequest ? 'response' : 'one-way', messageId, packet.bizType, payload, options);
  }

  async drained(): Promise<void> {
    if (this.#reason === undefined) {
      if (this.#socket.writableLength === 0) return;
      // An empty write is called back after everything before it, and adds nothing to the stream.
      const taken = await new Promise<boolean>((resolve) => {
        this.#socket.write(NO_BYTES, (error) => resolve(!error));
      });
      if (taken) return;
    }
    await this.#whenClosed;
    if (!this.#flushed) throw this.#closedError();
  }

  close(): Promise<void> {
    this.#discarding = true;
    this.#begin({ code: undefined, message: 'closed by this side', local: true });
    return this.#whenClosed;
  }

  /** Ends a close that is taking too long; what is still queued is lost. */
  cut(code: TransportErrorCode, message: string): void {
    this.#discarding = true;
    if (!this.#flushed) this.#reason = { code, message, local: true };
    this.#socket.destroy();
  }

  /** Hands packets that came before anybody listened to the listeners of now. */
  flushInbox(): void {
    while (!this.#iterating && !this.#inbox.isEmpty) {
      const packet = this.#inbox.shift();
      if (packet !== undefined) this.#owner.deliver(this, packet);
    }
    this.#judgeReading();
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Packet, void, undefined> {
    if (this.#iterating) {
      throw new TransportError(
        'ERR_MSGTRANS_HANDLER_CONFLICT',
        `session ${this.id} is being iterated already; one loop at a time can take its packets`,
      );
    }
    this.#iterating = true;
    let open = true;
    void this.#whenClosed.then(() => {
      open = false;
      this.#inbox.wake();
    });
    try {
      for (;;) {
        const packet = this.#inbox.shift();
        if (packet !== undefined) {
          this.#judgeReading();
          yield packet;
        } else if (open) {
          await this.#inbox.changed();
        } else if (this.#reason?.code !== undefined) {
          throw this.#closedError();
        } else {
          return;
        }
      }
    } finally {
      this.#iterating = false;
    }
  }

  /** Takes one packet of this session's stream. */
  receive(packet: Packet): void {
    if (this.#discarding) return;
    this.#owner.counters.messagesReceived += 1;
    if (packet.packetType === 'response') {
      if (!this.#pending.settle(packet)) this.#owner.counters.responsesUnmatched += 1;
      return;
    }
    if (this.#iterating || !this.#inbox.isEmpty || !this.#owner.deliver(this, packet)) {
      this.#inbox.push(packet);
      this.#judgeReading();
    }
  }

  #write(
    packetType: PacketType,
    messageId: number,
    bizType: number,
    payload: Uint8Array,
    options: SendOptions,
  ): boolean {
    const extHeader = options.extHeader ?? NO_BYTES;
    const highPriority = options.highPriority ?? false;
    const encoded = encodePacket(
      { packetType, messageId, bizType, payload, extHeader, highPriority },
      this.#owner.options,
    );
    const queuedBytes = this.#socket.writableLength;
    const { writeQueueBytesMax } = this.#owner.options;
    if (queuedBytes >= writeQueueBytesMax) {
      const message =
        `session ${this.id} has ${queuedBytes} bytes queued, the limit is ${writeQueueBytesMax}; ` +
        'the peer reads too slowly: wait for drain when send returns false';
      this.#begin({ code: 'ERR_MSGTRANS_SLOW_CONSUMER', message, local: true });
      this.#socket.destroy();
      return false;
    }
    this.#owner.counters.messagesSent += 1;
    this.#socket.write(Buffer.from(encoded));
    // What the kernel took at once is not held, although the stream calls itself full for a moment.
    if (this.#socket.writableLength <= this.#owner.options.writeQueueHighWatermarkBytes) return true;
    this.#owesDrain = true;
    return false;
  }

  #onData(chunk: Buffer): void {
    if (this.#discarding) return;
    const packets: Packet[] = [];
    let failure: unknown;
    try {
      for (const packet of this.#decoder.push(chunk)) packets.push(packet);
    } catch (error) {
      failure = error;
    }
    this.#socket.cork();
    // As the documentation of `cork` advises. The handlers run behind the mutex, in promise jobs: with `corkUntilHandled` the
    // socket stays corked until they have run.
    if (!this.#owner.options.corkUntilHandled) process.nextTick(() => this.#socket.uncork());
    this.#enqueue(async () => {
      for (const packet of packets) {
        const session = await this.#owner.lookup(this.id);
        session?.receive(packet);
      }
      if (this.#owner.options.corkUntilHandled) this.#socket.uncork();
      if (failure !== undefined) this.#failProtocol(failure);
    });
  }

  /** Stops reading while the consumer is behind. A session that waits for responses may run further ahead. */
  #judgeReading(): void {
    if (this.#discarding) return;
    const limit = this.#pending.size > 0 ? this.#owner.options.inboundBytesMax : INBOUND_PAUSE_BYTES;
    const boundBytes = Math.min(limit, this.#owner.options.inboundBytesMax);
    if (!this.#paused && this.#inbox.bytes >= boundBytes) {
      this.#paused = true;
      this.#socket.pause();
    } else if (this.#paused && this.#inbox.bytes <= boundBytes / 2) {
      this.#paused = false;
      this.#socket.resume();
    }
  }

  #onPeerEnd(): void {
    try {
      this.#decoder.end();
      this.#begin({ code: undefined, message: 'closed by the peer', local: false });
    } catch (error) {
      this.#failProtocol(error, false);
    }
  }

  #failProtocol(error: unknown, local = true): void {
    this.#discarding = true;
    if (!(error instanceof TransportError)) throw error;
    this.#begin({ code: error.code, message: error.message, local });
  }

  #onSocketError(error: NodeJS.ErrnoException): void {
    const isReset = error.code === 'ECONNRESET' || error.code === 'EPIPE';
    this.#settleReason({
      code: isReset ? 'ERR_MSGTRANS_CONNECTION_RESET' : 'ERR_MSGTRANS_CONNECTION_LOST',
      message: `the connection failed: ${error.message}`,
      local: false,
    });
  }

  /** Flush, end of stream, then wait for the peer's, so that it can read what was sent. */
  #begin(reason: CloseReason): void {
    if (!this.#settleReason(reason)) return;
    this.#closeTimer = setTimeout(() => {
      this.cut('ERR_MSGTRANS_STALLED', `the peer did not take what was queued within ${FLUSH_TIMEOUT_MS} ms`);
    }, FLUSH_TIMEOUT_MS);
    this.#socket.end();
    this.#socket.resume();
  }

  #onFlushed(): void {
    this.#flushed = true;
    clearTimeout(this.#closeTimer);
    this.#closeTimer = setTimeout(() => this.#socket.destroy(), LINGER_TIMEOUT_MS);
  }

  async #onSocketClosed(): Promise<void> {
    clearTimeout(this.#closeTimer);
    const lost: CloseReason = {
      code: 'ERR_MSGTRANS_CONNECTION_LOST',
      message: 'the connection ended',
      local: false,
    };
    this.#settleReason(lost);
    await this.#owner.remove(this, this.#reason ?? lost);
    this.#markClosed();
  }

  /** The first reason stands; true when this was it. */
  #settleReason(reason: CloseReason): boolean {
    if (this.#reason !== undefined) return false;
    this.#reason = reason;
    this.#pending.rejectAll(this.#closedError());
    return true;
  }

  #enqueue(work: () => void | Promise<void>): void {
    this.#work = this.#work.then(work);
  }

  #requireOpen(): void {
    if (this.#reason !== undefined) throw this.#closedError();
  }

  #closedError(): TransportError {
    const { code, message } = this.#reason ?? { code: undefined, message: '' };
    return new TransportError(
      code ?? 'ERR_MSGTRANS_CLOSED',
      `session ${this.id} is closed: ${message}; connect again to go on`,
    );
  }

  #takeMessageId(): number {
    do {
      this.#lastMessageId = this.#lastMessageId === MESSAGE_ID_MAX ? 1 : this.#lastMessageId + 1;
    } while (this.#pending.has(this.#lastMessageId));
    return this.#lastMessageId;
  }
}
