import { isIntact, MESSAGE_BYTES_MIN, sequenceOf, sessionOf } from './soak-message.js';

/** Messages that did not come as they were sent, over all sessions of a server. */
export interface IntakeCounts {
  received: number;
  lost: number;
  duplicated: number;
  reordered: number;
  corrupted: number;
}

export function noIntake(): IntakeCounts {
  return { received: 0, lost: 0, duplicated: 0, reordered: 0, corrupted: 0 };
}

/** The server's side of one session's ledger: every message once, in order, unchanged, and of this session alone. */
export class MessageIntake {
  /** The number that the session's first message bore; 0 before it. */
  session = 0;
  received = 0;
  faults = 0;
  readonly #totals: IntakeCounts;
  #expected = 0;

  constructor(totals: IntakeCounts) {
    this.#totals = totals;
  }

  /** Takes a message and returns its sequence. */
  take(payload: Uint8Array): number {
    this.#totals.received += 1;
    if (!isIntact(payload)) return this.#fault('corrupted', payload);
    const session = sessionOf(payload);
    if (this.session === 0) this.session = session;
    if (session !== this.session) return this.#fault('corrupted', payload);
    const sequence = sequenceOf(payload);
    this.received += 1;
    if (sequence > this.#expected) {
      // Those between are missing now; one that comes late is a fault as well.
      this.#totals.lost += sequence - this.#expected;
      this.faults += 1;
    }
    if (sequence < this.#expected) {
      return this.#fault(sequence === this.#expected - 1 ? 'duplicated' : 'reordered', payload);
    }
    this.#expected = sequence + 1;
    return sequence;
  }

  #fault(kind: 'corrupted' | 'reordered' | 'duplicated', payload: Uint8Array): number {
    this.#totals[kind] += 1;
    this.faults += 1;
    return payload.length < MESSAGE_BYTES_MIN ? 0 : sequenceOf(payload);
  }
}
