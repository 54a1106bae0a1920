/** Options of the baseline transport: what they mean, their defaults, and one validation of all of them. */
import { TransportError } from '../errors.js';
import { EXT_HEADER_BYTES_MAX, PAYLOAD_BYTES_MAX_DEFAULT } from '../protocol/wire-layout.generated.js';

export interface BaselineOptions {
  /** Largest payload sent or accepted, in bytes. Default 16 MiB. */
  payloadBytesMax?: number;
  /** Largest ext header sent or accepted, in bytes. Default and maximum 65 535. */
  extHeaderBytesMax?: number;
  /** Milliseconds until a request without an answer fails. Default 10 000. */
  requestTimeoutMs?: number;
  /** `send` returns false once a session has this many bytes queued. Default 256 KiB. */
  writeQueueHighWatermarkBytes?: number;
  /** A session with this many bytes queued is closed as a slow consumer by the next send. Default 16 MiB. */
  writeQueueBytesMax?: number;
  /** Bytes of messages nobody has taken yet, per session, at which reading stops even while requests are pending. Default 16 MiB. */
  inboundBytesMax?: number;
  /** Requests of one session that may wait for a response at once. Default 65 536. */
  pendingRequestsMax?: number;
  /**
   * Uncork a socket when the packets of a `data` event were handled, rather than in `process.nextTick`, so that their
   * replies leave in one system call. Default false: see DESIGN.md.
   */
  corkUntilHandled?: boolean;
}

const UINT32_MAX = 0xffff_ffff;
/** The longest delay `setTimeout` keeps. */
export const TIMEOUT_MS_MAX = 0x7fff_ffff;

/** name → [default, least, most] */
const RANGES: Readonly<
  Record<Exclude<keyof BaselineOptions, 'corkUntilHandled'>, readonly [number, number, number]>
> = {
  payloadBytesMax: [PAYLOAD_BYTES_MAX_DEFAULT, 0, UINT32_MAX],
  extHeaderBytesMax: [EXT_HEADER_BYTES_MAX, 0, EXT_HEADER_BYTES_MAX],
  requestTimeoutMs: [10_000, 1, TIMEOUT_MS_MAX],
  writeQueueHighWatermarkBytes: [256 * 1024, 1, UINT32_MAX],
  writeQueueBytesMax: [16 * 1024 * 1024, 1, UINT32_MAX],
  inboundBytesMax: [16 * 1024 * 1024, 1, UINT32_MAX],
  pendingRequestsMax: [65_536, 1, 1 << 24],
};

/**
 * Fills in defaults.
 * @throws TransportError `ERR_MSGTRANS_INVALID_OPTION` naming every problem at once
 */
export function resolveOptions(options: BaselineOptions): Required<BaselineOptions> {
  const given = options as Record<string, unknown>;
  const problems: string[] = [];
  for (const name of Object.keys(given)) {
    if (!Object.hasOwn(RANGES, name) && name !== 'corkUntilHandled') {
      problems.push(
        `${name} is not an option; known are ${Object.keys(RANGES).join(', ')}, corkUntilHandled`,
      );
    }
  }
  const corkUntilHandled = given.corkUntilHandled ?? false;
  if (typeof corkUntilHandled !== 'boolean') {
    problems.push(`corkUntilHandled must be true or false, not ${String(corkUntilHandled)}`);
  }
  const resolved: Record<string, unknown> = { corkUntilHandled };
  for (const [name, [byDefault, least, most]] of Object.entries(RANGES)) {
    const value = given[name] ?? byDefault;
    if (!Number.isInteger(value) || (value as number) < least || (value as number) > most) {
      problems.push(`${name} must be an integer from ${least} to ${most}, not ${String(value)}`);
    }
    resolved[name] = value;
  }
  if (problems.length > 0) throw new TransportError('ERR_MSGTRANS_INVALID_OPTION', problems.join('; '));
  return resolved as unknown as Required<BaselineOptions>;
}
