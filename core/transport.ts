/**
 * The transport as its users see it: interfaces only, shared by the native engine's implementation
 * (`HighPerformanceTransport`) and by the Map/Mutex baseline (`core/baseline`), so that both can be driven
 * by the same program and the same contract tests.
 */

/** What a packet is to its session. `response` answers the `request` with the same message id. */
export type PacketType = 'one-way' | 'request' | 'response';

/**
 * Identifies one session for the life of the process: generation (21 bits) | reactor (8) | slot (24), a safe
 * integer. A stale id is detected, never mistaken for a newer session. 0 means none.
 */
export type SessionId = number;

/** An owned packet: its memory belongs to the receiver and may be kept for as long as wished. */
export interface Packet {
  readonly packetType: PacketType;
  /** The application's message class, 0–255. */
  readonly bizType: number;
  /** The sender's counter, 1–4294967295; 0 is "unset". */
  readonly messageId: number;
  readonly payload: Uint8Array;
  readonly extHeader: Uint8Array;
  readonly highPriority: boolean;
}

/** Options of one send. */
export interface SendOptions {
  /** The application's message class, 0–255; 0 unless told. */
  bizType?: number;
  /** Bytes carried before the payload, at most 65 535. */
  extHeader?: Uint8Array;
  /** Sets the HIGH_PRIORITY bit on the wire. It never changes the order within a session. */
  highPriority?: boolean;
  /**
   * Gives the payload's buffer away, which `allocate` of this transport has made: its views are empty when the call
   * returns, also when the message was dropped, and its memory goes back to the engine when it was sent. When the call
   * throws, the buffer is the caller's still. From 16 KB on, another thread (a session over `mem://`, one on another
   * reactor's socket) gets the memory itself, without a copy; unless something that was sent from it before still waits.
   */
  handOver?: boolean;
}

/** Options of one request. */
export interface RequestOptions extends SendOptions {
  /** Milliseconds until the request fails with `ERR_MSGTRANS_REQUEST_TIMEOUT`; the transport's default unless told. */
  timeoutMs?: number;
  /** Aborting fails the request with `ERR_MSGTRANS_ABORTED`; a later answer is counted and dropped. */
  signal?: AbortSignal;
}

/** Where a packet to be answered came from; holds no memory and may be kept. */
export interface ReplyTicket {
  readonly sessionId: SessionId;
  readonly messageId: number;
  readonly bizType: number;
  readonly packetType: PacketType;
}

/** Why a session ended. `code` is undefined for an orderly close by either side. */
export interface CloseReason {
  readonly code: import('./errors.js').TransportErrorCode | undefined;
  readonly message: string;
  /** True when this side began the close. */
  readonly local: boolean;
}

/**
 * One connection. Iterating it pulls owned packets and pauses the socket while the loop is behind. A peer that ends in
 * order meanwhile ends the session after everything it sent was taken; a reset ends it at once (with the baseline on
 * `node:net`: when reading goes on), and the loop gets what was received before it.
 */
export interface Session extends AsyncIterable<Packet> {
  readonly id: SessionId;
  /** `tcp://127.0.0.1:4711`, `unix:///path` or, with the id of its other end, `mem://session-<id>`; empty for an unnamed unix peer. */
  readonly remoteAddress: string;
  /** Bytes accepted by {@link send} and not yet taken by the kernel. */
  readonly bufferedBytes: number;
  readonly closed: boolean;
  /**
   * Queues one message; never waits. The payload may be used again when this returns, but for memory that is sent from
   * where it lies: buffers of `allocate`, and ArrayBuffers of one fixed size from 64 KB on. These must stay as they are
   * until {@link drained}: what was written to them before is sent, or not, and one that was transferred, resized or
   * detached closes the session with `ERR_MSGTRANS_SEND_BUFFER_LOST`.
   * @returns true: accepted; false: accepted, but the session holds more than the high watermark: wait for `drain`
   *   (or {@link drained}) before sending more; with the policy `drop-newest` also false when it was dropped and counted.
   * @throws TransportError `ERR_MSGTRANS_WRITE_QUEUE_FULL` with the policy `throw`; `ERR_MSGTRANS_PAYLOAD_TOO_LARGE`,
   *   `ERR_MSGTRANS_EXT_HEADER_TOO_LARGE`, `ERR_MSGTRANS_INVALID_ARGUMENT`, `ERR_MSGTRANS_CLOSED`. Nothing was taken
   *   then.
   */
  send(payload: Uint8Array, options?: SendOptions): boolean;
  /**
   * Sends a request and resolves with its response.
   * @throws (rejects) TransportError `ERR_MSGTRANS_REQUEST_TIMEOUT`, `ERR_MSGTRANS_ABORTED`, or the session's close reason.
   */
  request(payload: Uint8Array, options?: RequestOptions): Promise<Packet>;
  /** Answers a packet: a response to a request, a one-way message with the same biz type to a one-way message. */
  reply(packet: Packet, payload: Uint8Array, options?: SendOptions): boolean;
  /** Resolves when everything accepted so far was taken by the kernel; rejects with the close reason otherwise. */
  drained(): Promise<void>;
  /** Flushes what is queued, closes, and resolves when the close is complete. Closing twice is harmless. */
  close(): Promise<void>;
}

/** Options of one listener. */
export interface ListenOptions {
  /**
   * Others of this process may listen on the same address, if they say the same: each connection goes to one of them,
   * the less busy of two. So Workers serve one port. One that computes keeps waiting whom it was given before, and gets
   * no more than its share meanwhile. Default false: an address has one listener.
   */
  share?: boolean;
}

/** A listening address. */
export interface Listener {
  /** The address bound, with the real port where 0 was asked for. */
  readonly url: string;
  /** TCP port; 0 for a unix socket. */
  readonly port: number;
  /** Stops accepting; sessions already accepted live on. */
  close(): Promise<void>;
}

/** Events of a transport and their arguments. Within a session: `session`, then its messages, then `close`. */
export interface TransportEvents {
  session: [session: Session];
  message: [session: Session, packet: Packet];
  close: [session: Session, reason: CloseReason];
  drain: [session: Session];
  /** Something failed that no call can report, such as an accept without descriptors left. */
  error: [error: import('./errors.js').TransportError];
}

/** What every implementation offers. */
export interface Transport extends AsyncDisposable {
  /**
   * Binds and listens on `tcp://host:port` (port 0: any free one), `unix:///path`, or, for threads of this process,
   * `mem://name` (without a name: an unused one).
   * @throws (rejects) `ERR_MSGTRANS_INVALID_URL`, `ERR_MSGTRANS_ADDRESS_IN_USE`, `ERR_MSGTRANS_LISTEN_FAILED`
   */
  listen(url: string): Promise<Listener>;
  /** Connects. @throws (rejects) `ERR_MSGTRANS_INVALID_URL`, `ERR_MSGTRANS_CONNECT_FAILED`, `ERR_MSGTRANS_ABORTED` */
  connect(url: string, options?: { signal?: AbortSignal }): Promise<Session>;
  on<K extends keyof TransportEvents>(event: K, listener: (...args: TransportEvents[K]) => void): this;
  off<K extends keyof TransportEvents>(event: K, listener: (...args: TransportEvents[K]) => void): this;
  /** Answers later what a ticket names. @throws `ERR_MSGTRANS_STALE_SESSION` when that session is gone */
  reply(ticket: ReplyTicket, payload: Uint8Array, options?: SendOptions): boolean;
  /** Stops listening, flushes and closes every session; what is not flushed after `drainTimeoutMs` is cut. */
  close(options?: { drainTimeoutMs?: number }): Promise<void>;
}
