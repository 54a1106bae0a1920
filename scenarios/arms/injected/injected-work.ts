/**
 * Work that makes a server slower on purpose, so that what is to notice slowdowns can be tried: it runs in the server's
 * process, between receiving and answering, and is counted. No transport and no other arm knows of it.
 */
import { AllocationWork } from './allocation-work.js';
import { LateWork } from './late-work.js';
import { LockWork } from './lock-work.js';
import { SpinWork } from './spin-work.js';

/** Does whole units of work, and says under which further names it counts. */
export interface Work {
  run(units: number): void;
  counters(): Record<string, number>;
}

interface WorkKind {
  create(): Work;
  /** What the amount is for: each message, or each time the server wakes up to a batch of them. */
  per: 'message' | 'wake-up';
}

const KINDS = {
  /** Arithmetic. */
  spin: { per: 'message', create: () => new SpinWork() },
  /** Objects that live for a while. */
  alloc: { per: 'message', create: () => new AllocationWork() },
  /** A lock that another thread of the process takes once for so many messages. */
  lock: { per: 'message', create: () => new LockWork() },
  /**
   * A late wake-up: nothing of a batch is looked at for a while. An amount below 1 makes so many of them late, since even the
   * shortest sleep is long against the latency. Under full load a batch holds many messages, and it is hardly seen.
   */
  wake: { per: 'wake-up', create: () => new LateWork() },
} as const satisfies Record<string, WorkKind>;

export type InjectedKind = keyof typeof KINDS;
export const INJECTED_KINDS = Object.keys(KINDS) as InjectedKind[];

/** Beyond this a message would take a second, whatever the kind. */
export const AMOUNT_MAX = 1e7;

/** Work of one kind, in an amount that need not be whole: what is left over is owed to the next batch. */
export class InjectedWork {
  readonly #work: Work;
  readonly #perMessage: boolean;
  readonly #amount: number;
  #owed = 0;
  #units = 0;

  /** @param amount units of work per message, or per wake-up */
  constructor(kind: InjectedKind, amount: number) {
    this.#work = KINDS[kind].create();
    this.#perMessage = KINDS[kind].per === 'message';
    this.#amount = amount;
  }

  /** To be called before the messages of a batch are handled. */
  beforeBatch(messages: number): void {
    this.#owed += this.#perMessage ? this.#amount * messages : this.#amount;
    const units = Math.floor(this.#owed);
    if (units === 0) return;
    this.#owed -= units;
    this.#units += units;
    this.#work.run(units);
  }

  /** Counts since the start, for the command `counters`. */
  counters(): Record<string, number> {
    return { injected_units: this.#units, ...this.#work.counters() };
  }
}

/**
 * Reads kind and amount as an arm is given them on its command line.
 * @throws Error saying what would be right
 */
export function parseInjectedWork(kind: string | undefined, amount: string | undefined): InjectedWork {
  const known = INJECTED_KINDS.find((name) => name === kind);
  if (known === undefined) {
    throw new Error(`unknown kind of work ${JSON.stringify(kind)}; known are ${INJECTED_KINDS.join(', ')}`);
  }
  const units = amount === undefined || amount === '' ? Number.NaN : Number(amount);
  if (!(units >= 0 && units <= AMOUNT_MAX)) {
    throw new Error(`the amount of work is a number from 0 to ${AMOUNT_MAX}; got ${JSON.stringify(amount)}`);
  }
  return new InjectedWork(known, units);
}
