/**
 * Every error this package raises, by stable code.
 *
 * Operating errors (a peer that misbehaves, a limit that is reached, a port that is taken) carry one of
 * these codes and say what failed, which value, which limit and what to do next. Match on `code`; the
 * text may change between versions, the code does not.
 */
export type TransportErrorCode =
  | 'ERR_MSGTRANS_INVALID_OPTION'
  | 'ERR_MSGTRANS_INVALID_ARGUMENT'
  | 'ERR_MSGTRANS_UNSUPPORTED_PLATFORM'
  | 'ERR_MSGTRANS_ADDON_MISSING'
  | 'ERR_MSGTRANS_INVALID_URL'
  | 'ERR_MSGTRANS_ADDRESS_IN_USE'
  | 'ERR_MSGTRANS_LISTEN_FAILED'
  | 'ERR_MSGTRANS_CONNECT_FAILED'
  | 'ERR_MSGTRANS_ABORTED'
  | 'ERR_MSGTRANS_CLOSED'
  | 'ERR_MSGTRANS_STALE_SESSION'
  | 'ERR_MSGTRANS_STALE_MESSAGE'
  | 'ERR_MSGTRANS_ASYNC_BATCH_HANDLER'
  | 'ERR_MSGTRANS_HANDLER_CONFLICT'
  | 'ERR_MSGTRANS_PAYLOAD_TOO_LARGE'
  | 'ERR_MSGTRANS_EXT_HEADER_TOO_LARGE'
  | 'ERR_MSGTRANS_WRITE_QUEUE_FULL'
  | 'ERR_MSGTRANS_SLOW_CONSUMER'
  | 'ERR_MSGTRANS_STALLED'
  | 'ERR_MSGTRANS_REQUEST_TIMEOUT'
  | 'ERR_MSGTRANS_TOO_MANY_REQUESTS'
  | 'ERR_MSGTRANS_PROTOCOL_VERSION'
  | 'ERR_MSGTRANS_PROTOCOL_COMPRESSION'
  | 'ERR_MSGTRANS_PROTOCOL_PACKET_TYPE'
  | 'ERR_MSGTRANS_PROTOCOL_FRAGMENTED'
  | 'ERR_MSGTRANS_PROTOCOL_TRUNCATED'
  | 'ERR_MSGTRANS_CONNECTION_RESET'
  | 'ERR_MSGTRANS_CONNECTION_LOST'
  | 'ERR_MSGTRANS_WORKER_EXITED'
  | 'ERR_MSGTRANS_BUFFER_BUDGET'
  | 'ERR_MSGTRANS_SEND_BUFFER_LOST'
  | 'ERR_MSGTRANS_SEND_BUFFER_CHANGED'
  | 'ERR_MSGTRANS_DESCRIPTORS_EXHAUSTED'
  | 'ERR_MSGTRANS_OUT_OF_MEMORY';

/** An operating or usage error of the transport, identified by {@link TransportError.code}. */
export class TransportError extends Error {
  override readonly name = 'TransportError';
  /** Stable identifier, safe to match on. */
  readonly code: TransportErrorCode;

  /**
   * @param code stable identifier
   * @param message what failed, the value, the limit, the next step
   * @param options `cause`: the error underneath, for instance one of the operating system
   */
  constructor(code: TransportErrorCode, message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.code = code;
  }
}
