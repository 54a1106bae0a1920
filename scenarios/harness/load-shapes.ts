import type { CaseParameters, ParameterKey } from './case-parameters.js';

/**
 * The shapes of load that a case can ask for, one row each: which parameters it uses, what the server is told to do
 * with what arrives, and what the load generator is told to send. What the words mean to the processes is in CONTROL.md.
 */

export const LOAD_NAMES = ['closed', 'open', 'stream'] as const;
export type LoadName = (typeof LOAD_NAMES)[number];

/** Fields of the command `listen` besides the URL. */
export interface ListenerOptions {
  handler: string;
  [option: string]: unknown;
}

export interface LoadShape {
  readonly uses: ReadonlySet<ParameterKey>;
  listener(parameters: CaseParameters): ListenerOptions;
  /** The field `load` of the command `run`. */
  load(parameters: CaseParameters): Record<string, unknown>;
  /** Messages under way once the load is up; 0 where that depends on the server. */
  inFlight(parameters: CaseParameters): number;
  /** What is wrong with the parameters taken together. */
  problems?(parameters: CaseParameters): string[];
}

const EVERYWHERE = ['transport', 'sessions', 'payloadBytes', 'load'] as const;

/** A server acknowledges one-way messages by the number, so that acknowledging costs little beside receiving. */
const ACKNOWLEDGED_BYTES = 65_536;

export const LOAD_SHAPES: Readonly<Record<LoadName, LoadShape>> = {
  closed: {
    uses: new Set([...EVERYWHERE, 'depth', 'reply']),
    listener: ({ reply }) => ({ handler: reply }),
    load: ({ depth, payloadBytes, reply }) => ({ mode: 'closed', depth, payloadBytes, reply }),
    inFlight: ({ sessions, depth }) => sessions * depth,
  },
  open: {
    uses: new Set([...EVERYWHERE, 'rate', 'reply']),
    listener: ({ reply }) => ({ handler: reply }),
    load: ({ rate, payloadBytes, reply }) => ({ mode: 'open', ratePerSecond: rate, payloadBytes, reply }),
    inFlight: () => 0,
    problems: ({ rate }) =>
      rate > 0
        ? []
        : ['load=open needs a rate: requests per second over all sessions, for instance rate=20000'],
  },
  stream: {
    uses: new Set([...EVERYWHERE, 'depth']),
    listener: ({ payloadBytes, depth }) => ({
      handler: 'sink',
      // Half of what may be under way at most, so that the sender never runs dry waiting for it.
      ackEvery: Math.max(1, Math.min(Math.floor(ACKNOWLEDGED_BYTES / payloadBytes), Math.floor(depth / 2))),
    }),
    load: ({ depth, payloadBytes }) => ({ mode: 'stream', depth, payloadBytes }),
    inFlight: ({ sessions, depth }) => sessions * depth,
    problems: ({ payloadBytes }) =>
      payloadBytes >= STREAM_BYTES_MIN
        ? []
        : [`load=stream needs payloadBytes of ${STREAM_BYTES_MIN} or more: a token and a sequence number`],
  },
};

const STREAM_BYTES_MIN = 12;

/** Names a listener among those of a server: cases that ask for the same share it. */
export function listenerKey(parameters: CaseParameters): string {
  return JSON.stringify(LOAD_SHAPES[parameters.load].listener(parameters));
}
