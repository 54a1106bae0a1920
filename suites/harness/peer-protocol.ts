/** What a suite tells the thread at the other end of a transport, and what that answers. */

export const REST: PeerTask = { mode: 'rest', count: 0, spinning: false };

export interface PeerTask {
  /** What it does with payloads: send each back, or count them and say when all are there. */
  mode: 'echo' | 'count' | 'rest';
  /** Payloads to come. */
  count: number;
  /** Whether its loop goes round without sleeping meanwhile. */
  spinning: boolean;
}

export type PeerAnswer =
  | { kind: 'ready'; url: string }
  /** `copies`: payloads that the engine has copied there so far, where the suite wants to know. */
  | { kind: 'taken'; copies?: number }
  /** All payloads of a `count` have come; `faults` of them were not what was sent. */
  | { kind: 'counted'; faults: number };

/** Keeps an event loop from sleeping while it spins. */
export class Spinner {
  #spinning = false;

  set(spinning: boolean): void {
    const starts = spinning && !this.#spinning;
    this.#spinning = spinning;
    if (starts) setImmediate(this.#turn);
  }

  #turn = (): void => {
    if (this.#spinning) setImmediate(this.#turn);
  };
}
