/** What the suite tells the thread at the other end of a transport, and what that answers. */

export const PAYLOAD_BYTES = 64;

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
  | { kind: 'taken' }
  /** All payloads of a `count` have come; `faults` of them had the wrong number or length. */
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
