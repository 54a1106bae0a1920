/**
 * What threads can be given to do under `load: threads`, one row each. Nothing comes from outside: the process that is
 * measured makes its own work, and the question is what more threads of it get done.
 */

export const THREAD_WORK_NAMES = ['lookup', 'map', 'mem-echo', 'sockets'] as const;
export type ThreadWorkName = (typeof THREAD_WORK_NAMES)[number];

export interface ThreadWorkRow {
  /** What the case is named by: `none` where no message is sent. */
  readonly transport: 'none' | 'mem' | 'tcp';
  readonly arms: readonly string[];
  /** The loop in C++ that does it, under the name of each arm, and what it is made with; null: pairs of JavaScript threads. */
  readonly loop: { readonly name: string; readonly parameters: Readonly<Record<string, number>> } | null;
  coresNeeded(threads: number): number;
  /** Why so many cores, for a reader. */
  readonly coresWhy: string;
  /** Whether its threads must each have a processor of their own for the figure to mean anything. */
  readonly pinned: boolean;
}

export const THREAD_WORKS: Readonly<Record<ThreadWorkName, ThreadWorkRow>> = {
  /** Whether the session of a random id, one of 100 000, is open. */
  lookup: {
    transport: 'none',
    arms: ['native', 'baseline'],
    loop: { name: 'session-directory/read', parameters: { sessions: 100_000, threads: 1 } },
    coresNeeded: (threads) => threads,
    coresWhy: 'one for each thread',
    pinned: false,
  },
  /** A map of 100 000 keys of 64 bits, 5 % of the operations writes. */
  map: {
    transport: 'none',
    arms: ['native', 'baseline'],
    loop: { name: 'lock-free-map/mix', parameters: { keys: 100_000, writes: 5, threads: 1 } },
    coresNeeded: (threads) => threads,
    coresWhy: 'one for each thread',
    pinned: false,
  },
  /**
   * Pairs of JavaScript threads that echo over `mem://`, both ends of a pair on one processor: with two to itself a
   * single pair would already use what the second one is to bring.
   */
  'mem-echo': {
    transport: 'mem',
    arms: ['native'],
    loop: null,
    coresNeeded: (threads) => threads,
    coresWhy: 'one for the two ends of each pair',
    pinned: true,
  },
  /** As many JavaScript threads that echo over TCP, each with a client thread of its own on another processor. */
  sockets: {
    transport: 'tcp',
    arms: ['native'],
    loop: null,
    coresNeeded: (threads) => 2 * threads + 1,
    coresWhy: 'one for each reactor, one for each client, one for the harness',
    pinned: true,
  },
};

/** What the processors alone are worth; measured in the same blocks as every work. */
export const ALU_ARM = 'alu';
export const ALU_LOOP = 'alu/steps/limit';
