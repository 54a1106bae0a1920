import { TransportError } from './errors.js';
import { EXT_HEADER_BYTES_MAX, PAYLOAD_BYTES_MAX_DEFAULT } from './protocol/wire-layout.generated.js';

/** What happens when a session's write queue is full. */
export type SlowConsumerPolicy = 'close' | 'drop-newest' | 'throw';

/** How many buffers a transport keeps, by the payload they hold: up to 1 KB, 8 KB, 64 KB and 1 MB. */
export interface BufferCounts {
  /** Default 512. */
  smallBuffers?: number;
  /** Default 128. */
  mediumBuffers?: number;
  /** What sockets are read into. Default 64. */
  largeBuffers?: number;
  /** Default 4. */
  hugeBuffers?: number;
}

/** Options of {@link HighPerformanceTransport.create}; all optional. */
export interface TransportOptions {
  /**
   * Reactors on threads of their own, for each NUMA node: sockets are read and written there, and JavaScript gets whole
   * deliveries. 0 (default): sockets live on the thread that made the transport, which has the lowest latency.
   */
  workersPerNumaNode?: number;
  /** Pins those threads to cores of their nodes, and so their memory. Default true. */
  enableNumaOptimization?: boolean;
  /** Buffers in service from the start, shared out over the reactors of this transport; they grow fourfold at most. */
  zeroCopyBuffers?: BufferCounts;
  /**
   * How long a thread looks for news before it sleeps, microseconds, while its sleeps are shorter than that. Costs a core
   * and saves a wake-up. Default 0: never.
   */
  spinTimeUs?: number;
  /** Sessions whose slots are made ahead of use. Default 1 024. */
  initialSessionCapacity?: number;
  /** Largest payload sent or received, bytes. Default 16 MiB. */
  payloadBytesMax?: number;
  /** Largest ext header sent or received, bytes. Default and most: 65 535. */
  extHeaderBytesMax?: number;
  /** Queued bytes of a session above which `send` returns false. Default 256 KiB, or `writeQueueBytesMax`. */
  writeQueueHighWatermarkBytes?: number;
  /** Queued bytes of a session at which the slow-consumer policy acts. Default 16 MiB. */
  writeQueueBytesMax?: number;
  /** Queued bytes of all sessions of this transport at which the policy acts too. Default 1 GiB. */
  writeQueueTotalBytesMax?: number;
  /** `close` (default) closes the session, `drop-newest` drops and counts, `throw` takes nothing and throws. */
  slowConsumerPolicy?: SlowConsumerPolicy;
  /** A session whose queue makes no progress for so long is closed. Default 30 000 ms. */
  stallTimeoutMs?: number;
  /** How long a close waits for the peer's end after everything was sent. Default 1 000 ms. */
  lingerTimeoutMs?: number;
  /**
   * Unread bytes of a session that is pulled from (`for await`), above which its socket is paused. Default 64 KiB, or
   * `inboundBytesMax`.
   */
  inboundHighWatermarkBytes?: number;
  /** The same while the session waits for responses, which arrive through the same socket. Default 16 MiB. */
  inboundBytesMax?: number;
  /** Milliseconds until a request fails unless it says otherwise. Default 10 000. */
  requestTimeoutMs?: number;
  /** Requests of one session that may wait for a response at once. Default 65 536. */
  pendingRequestsMax?: number;
  /** How often rates and percentiles are taken for `performanceSnapshot()`, 10 ms to an hour. Default 1 000 ms. */
  metricsSamplingIntervalMs?: number;
  /** Diagnostic events that a subscriber may leave unread before the oldest are dropped. Default 1 024. */
  eventQueueCapacity?: number;
  /** Bytes of received packets that no pooled buffer holds (in assembly or retained). Default 1 GiB. */
  bufferBytesMax?: number;
  /**
   * Finds mistakes with memory that the engine lends or borrows, at a cost: buffers given back are filled with 0xDB, and
   * looked through before they are used again (`poisonViolations` in the counters); bytes that wait to be written from
   * where they lie are summed when they are sent and again before they are written: a session of which they have changed
   * is closed with `ERR_MSGTRANS_SEND_BUFFER_CHANGED`, and none of the changed ones is sent. Default false.
   */
  debugBuffers?: boolean;
}

export type ResolvedOptions = Required<Omit<TransportOptions, 'zeroCopyBuffers'>> & {
  zeroCopyBuffers: Required<BufferCounts>;
};

interface Rule {
  value: number;
  min: number;
  max: number;
}

const MIB = 1024 * 1024;
const HOUR_MS = 3_600_000;
type BooleanOption = 'enableNumaOptimization' | 'debugBuffers';
type NumberOption = Exclude<keyof TransportOptions, 'slowConsumerPolicy' | BooleanOption | 'zeroCopyBuffers'>;
const RULES: Record<NumberOption, Rule> = {
  workersPerNumaNode: { value: 0, min: 0, max: 255 },
  spinTimeUs: { value: 0, min: 0, max: 1_000 },
  initialSessionCapacity: { value: 1024, min: 1, max: 1 << 24 },
  payloadBytesMax: { value: PAYLOAD_BYTES_MAX_DEFAULT, min: 1, max: 1024 * MIB },
  extHeaderBytesMax: { value: EXT_HEADER_BYTES_MAX, min: 0, max: EXT_HEADER_BYTES_MAX },
  writeQueueHighWatermarkBytes: { value: MIB / 4, min: 1, max: 1024 * MIB },
  writeQueueBytesMax: { value: 16 * MIB, min: 1, max: 1024 * MIB },
  writeQueueTotalBytesMax: { value: 1024 * MIB, min: 1, max: 1024 * 1024 * MIB },
  stallTimeoutMs: { value: 30_000, min: 1, max: 24 * HOUR_MS },
  lingerTimeoutMs: { value: 1_000, min: 1, max: HOUR_MS },
  inboundHighWatermarkBytes: { value: 64 * 1024, min: 1, max: 1024 * MIB },
  inboundBytesMax: { value: 16 * MIB, min: 1, max: 2048 * MIB },
  requestTimeoutMs: { value: 10_000, min: 1, max: 24 * HOUR_MS },
  pendingRequestsMax: { value: 65_536, min: 1, max: 1 << 24 },
  metricsSamplingIntervalMs: { value: 1_000, min: 10, max: HOUR_MS },
  eventQueueCapacity: { value: 1024, min: 1, max: 1 << 20 },
  bufferBytesMax: { value: 1024 * MIB, min: MIB, max: 1024 * 1024 * MIB },
};
/** At most as many as fit into the address space that the buffers of a reactor may take, each kind by itself. */
const BUFFER_RULES: Record<keyof BufferCounts, Rule> = {
  smallBuffers: { value: 512, min: 0, max: 262_144 },
  mediumBuffers: { value: 128, min: 0, max: 65_536 },
  largeBuffers: { value: 64, min: 0, max: 8_192 },
  hugeBuffers: { value: 4, min: 0, max: 512 },
};
const POLICIES: readonly SlowConsumerPolicy[] = ['close', 'drop-newest', 'throw'];

/** A mark and the bound it must not lie above, where it would never be reached first. */
const MARKS = [
  ['writeQueueHighWatermarkBytes', 'writeQueueBytesMax'],
  ['inboundHighWatermarkBytes', 'inboundBytesMax'],
] as const;

/**
 * Checks every option and fills in the defaults. A watermark that was not given is lowered to its bound.
 * @throws TransportError `ERR_MSGTRANS_INVALID_OPTION` naming every problem at once
 */
export function resolveOptions(options: TransportOptions = {}): ResolvedOptions {
  if (typeof options !== 'object' || options === null || Array.isArray(options)) {
    throw invalid([`${JSON.stringify(options)} is no object of options`]);
  }
  const problems: string[] = [];
  const given = options as Record<string, unknown>;
  const resolved: Record<string, unknown> = {
    ...resolveNumbers(RULES, given, '', problems),
    slowConsumerPolicy: given.slowConsumerPolicy ?? 'close',
    enableNumaOptimization: given.enableNumaOptimization ?? true,
    debugBuffers: given.debugBuffers ?? false,
    zeroCopyBuffers: resolveBuffers(given.zeroCopyBuffers, problems),
  };
  for (const [mark, bound] of MARKS) {
    if (!((resolved[mark] as number) > (resolved[bound] as number))) continue;
    if (given[mark] === undefined) resolved[mark] = resolved[bound];
    else problems.push(`${mark}: ${String(given[mark])} is above ${bound} (${String(resolved[bound])})`);
  }
  if (!POLICIES.includes(resolved.slowConsumerPolicy as SlowConsumerPolicy)) {
    problems.push(
      `slowConsumerPolicy: ${String(resolved.slowConsumerPolicy)} is none of ${POLICIES.join(', ')}`,
    );
  }
  for (const name of ['enableNumaOptimization', 'debugBuffers'] satisfies BooleanOption[]) {
    if (typeof resolved[name] === 'boolean') continue;
    problems.push(`${name}: ${String(resolved[name])} is neither true nor false`);
  }
  refuseUnknown(Object.keys(resolved), given, '', problems);
  if (problems.length > 0) throw invalid(problems);
  return resolved as unknown as ResolvedOptions;
}

function resolveNumbers(
  rules: Record<string, Rule>,
  given: Record<string, unknown>,
  prefix: string,
  problems: string[],
): Record<string, unknown> {
  const resolved: Record<string, unknown> = {};
  for (const [name, rule] of Object.entries(rules)) {
    const value = given[name] === undefined ? rule.value : given[name];
    if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < rule.min || value > rule.max) {
      problems.push(
        `${prefix}${name}: ${String(value)} is not a whole number from ${rule.min} to ${rule.max}`,
      );
    }
    resolved[name] = value;
  }
  return resolved;
}

function resolveBuffers(given: unknown, problems: string[]): unknown {
  if (given !== undefined && (typeof given !== 'object' || given === null || Array.isArray(given))) {
    problems.push(`zeroCopyBuffers: ${String(given)} is no object of counts`);
    return given;
  }
  const counts = (given ?? {}) as Record<string, unknown>;
  refuseUnknown(Object.keys(BUFFER_RULES), counts, 'zeroCopyBuffers.', problems);
  return resolveNumbers(BUFFER_RULES, counts, 'zeroCopyBuffers.', problems);
}

function refuseUnknown(
  known: string[],
  given: Record<string, unknown>,
  prefix: string,
  problems: string[],
): void {
  for (const name of Object.keys(given)) {
    if (known.includes(name)) continue;
    problems.push(`${prefix}${name}: there is no such option; there are ${known.join(', ')}`);
  }
}

function invalid(problems: readonly string[]): TransportError {
  return new TransportError(
    'ERR_MSGTRANS_INVALID_OPTION',
    `invalid transport options: ${problems.join('; ')}`,
  );
}
