import type { CaseParameters, ParameterKey } from './case-parameters.js';
import { THREAD_WORK_NAMES, THREAD_WORKS } from './scaling/thread-works.js';

/**
 * The shapes of load that a case can ask for, one row each: which parameters it uses, what the server is told to do
 * with what arrives, and what the load generator is told to send. What the words mean to the processes is in CONTROL.md.
 */

export const LOAD_NAMES = ['closed', 'open', 'stream', 'paced', 'storm', 'tick', 'threads'] as const;
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
    uses: new Set([...EVERYWHERE, 'rate', 'reply', 'killPercentPerMinute']),
    listener: ({ reply }) => ({ handler: reply }),
    load: ({ rate, payloadBytes, reply, killPercentPerMinute }) => ({
      ...{ mode: 'open', ratePerSecond: rate, payloadBytes, reply },
      ...(killPercentPerMinute > 0 ? { killPercentPerMinute } : {}),
    }),
    inFlight: () => 0,
    problems: ({ transport, rate, killPercentPerMinute }) => {
      const problems: string[] = [];
      if (rate === 0) {
        problems.push(
          'load=open needs a rate: requests per second over all sessions, for instance rate=20000',
        );
      }
      if (transport === 'mem' && killPercentPerMinute > 0) {
        problems.push(
          'killPercentPerMinute belongs to transport tcp: within a process there is nothing to cut',
        );
      }
      return problems;
    },
  },
  stream: {
    uses: new Set([...EVERYWHERE, 'depth', 'touch']),
    listener: ({ payloadBytes, depth, touch }) => ({
      handler: 'sink',
      ...touched(touch),
      // Half of what may be under way at most, so that the sender never runs dry waiting for it.
      ackEvery: Math.max(1, Math.min(Math.floor(ACKNOWLEDGED_BYTES / payloadBytes), Math.floor(depth / 2))),
    }),
    load: ({ depth, payloadBytes, touch }) => ({ mode: 'stream', depth, payloadBytes, ...touched(touch) }),
    // In process the arm bounds what is under way over all sessions, to a few milliseconds' worth.
    inFlight: ({ transport, sessions, depth }) => (transport === 'mem' ? 0 : sessions * depth),
    problems: ({ transport, payloadBytes, touch }) => {
      const problems: string[] = [];
      if (payloadBytes < STREAM_BYTES_MIN) {
        problems.push(
          `load=stream needs payloadBytes of ${STREAM_BYTES_MIN} or more: a token and a sequence number`,
        );
      }
      if (touch === 'all' && transport !== 'mem') {
        problems.push('touch=all belongs to transport mem: over sockets the kernel touches every byte');
      }
      return problems;
    },
  },
  paced: {
    uses: new Set([...EVERYWHERE, 'rate', 'percentOfMax', 'touch']),
    listener: ({ touch }) => ({ handler: 'sink', ...touched(touch) }),
    load: ({ rate, percentOfMax, payloadBytes, touch }) => ({
      mode: 'paced',
      ...(rate > 0 ? { ratePerSecond: rate } : { percentOfMax }),
      payloadBytes,
      ...touched(touch),
    }),
    inFlight: () => 0,
    problems: ({ transport, rate, percentOfMax }) => {
      const problems: string[] = [];
      if (transport !== 'mem')
        problems.push('load=paced belongs to transport mem; use load=open over sockets');
      if (rate > 0 === percentOfMax > 0) {
        problems.push('load=paced needs either a rate in messages per second or percentOfMax, from 1 to 100');
      }
      return problems;
    },
  },
  storm: {
    uses: new Set([...EVERYWHERE, 'rate', 'stormPercent']),
    listener: () => ({ handler: 'sink' }),
    load: ({ rate, stormPercent, payloadBytes }) => ({
      mode: 'paced',
      ratePerSecond: rate,
      payloadBytes,
      stormPercent,
    }),
    inFlight: () => 0,
    problems: ({ transport, rate, stormPercent }) => {
      const problems: string[] = [];
      if (transport !== 'mem') problems.push('load=storm belongs to transport mem');
      if (rate === 0 || stormPercent === 0) {
        problems.push('load=storm needs a rate in messages per second, and stormPercent, from 1 to 100');
      }
      return problems;
    },
  },
  tick: {
    uses: new Set([...EVERYWHERE, 'tickHz', 'groupSize', 'inputsHz']),
    listener: ({ tickHz, groupSize, payloadBytes }) => ({
      handler: 'broadcast',
      tickHz,
      groupSize,
      payloadBytes,
    }),
    load: ({ tickHz, groupSize, inputsHz, payloadBytes }) => ({
      mode: 'tick',
      tickHz,
      groupSize,
      inputsHz,
      payloadBytes,
    }),
    inFlight: () => 0,
    problems: ({ tickHz, groupSize, inputsHz, payloadBytes }) => {
      const problems: string[] = [];
      if (payloadBytes < FRAME_BYTES_MIN) {
        problems.push(`load=tick needs payloadBytes of ${FRAME_BYTES_MIN} or more: time, tick and group`);
      }
      if (tickHz === 0 || groupSize === 0 || inputsHz === 0) {
        problems.push('load=tick needs tickHz, groupSize and inputsHz, each above 0');
      }
      return problems;
    },
  },
  /** Nothing is asked of a server: `scaling/` measures it, in a process that makes its own work. */
  threads: {
    uses: new Set(['transport', 'load', 'work', 'threads']),
    listener: () => ({ handler: 'none' }),
    load: () => ({ mode: 'threads' }),
    inFlight: () => 0,
    problems: ({ work, transport }) => {
      if (work === 'none') return [`load=threads needs a work: ${THREAD_WORK_NAMES.join(', ')}`];
      const named = THREAD_WORKS[work].transport;
      return transport === named ? [] : [`work=${work} is named by the transport ${named}, not ${transport}`];
    },
  },
};

function touched(touch: CaseParameters['touch']): { touch?: 'all' } {
  return touch === 'all' ? { touch } : {};
}

const STREAM_BYTES_MIN = 12;
const FRAME_BYTES_MIN = 16;
/** In process a message begins with key, token, sequence and time. */
const WORDS_BYTES_MIN = 20;

/** What a transport asks of all loads. */
export function transportProblems({ transport, payloadBytes }: CaseParameters): string[] {
  if (transport !== 'mem' || (payloadBytes >= WORDS_BYTES_MIN && payloadBytes % 4 === 0)) return [];
  return [`transport mem needs payloadBytes of ${WORDS_BYTES_MIN} or more, in whole words of 4`];
}

/** Names a listener among those of a server: cases that ask for the same share it. */
export function listenerKey(parameters: CaseParameters): string {
  return JSON.stringify(LOAD_SHAPES[parameters.load].listener(parameters));
}
