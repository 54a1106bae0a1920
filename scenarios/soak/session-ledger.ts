import {
  ACKNOWLEDGEMENT_BYTES,
  BIZ_BROADCAST,
  BIZ_LARGE,
  isIntact,
  MESSAGE_BYTES_MIN,
  readWord,
  sequenceOf,
  sessionOf,
} from './soak-message.js';

/** Messages that a session may have out: as many are open at most when it is cut. */
export const OUTSTANDING_MAX = 64;

/** What a load generator counts over all its sessions; numbers alone, so that a day of it takes no more than a minute. */
export interface LoadCounts {
  sent: number;
  delivered: number;
  unacknowledgedAtClose: number;
  lost: number;
  duplicated: number;
  reordered: number;
  corrupted: number;
}

export function noLoadCounts(): LoadCounts {
  return {
    sent: 0,
    delivered: 0,
    unacknowledgedAtClose: 0,
    lost: 0,
    duplicated: 0,
    reordered: 0,
    corrupted: 0,
  };
}

/** A request that waits for its answer. */
interface Pending {
  readonly sequence: number;
  readonly isLarge: boolean;
  readonly bytes: number;
  readonly sentNs: bigint;
}

/** What an answer was to. */
export interface Answered {
  isLarge: boolean;
  sentNs: bigint;
}

/**
 * The client's side of one session's ledger. The server takes and answers in order, so the answer to a request also says
 * that every message before it has arrived; the acknowledgement says how many did, and which broadcast was sent last.
 */
export class SessionLedger {
  readonly session: number;
  readonly #totals: LoadCounts;
  readonly #pending: Pending[] = [];
  #nextSequence = 0;
  #acknowledged = 0;
  /** Messages that the server said it never got. */
  #missing = 0;
  /** The broadcast expected next; unknown before the first sign of one. */
  #nextBroadcast: number | undefined;
  #largePending = 0;

  constructor(session: number, totals: LoadCounts) {
    this.session = session;
    this.#totals = totals;
  }

  /** Messages sent that no answer covers yet. */
  get outstanding(): number {
    return this.#nextSequence - this.#acknowledged;
  }

  get largePending(): number {
    return this.#largePending;
  }

  /** Whether the last message that was sent is a request: its answer will account for all. */
  get endsInRequest(): boolean {
    return this.#pending.at(-1)?.sequence === this.#nextSequence - 1;
  }

  /** Takes the next sequence for a message that is sent now. */
  send(kind: 'request' | 'large' | 'one-way', bytes: number, nowNs: bigint): number {
    const sequence = this.#nextSequence++;
    this.#totals.sent += 1;
    if (kind === 'one-way') return sequence;
    const isLarge = kind === 'large';
    if (isLarge) this.#largePending += 1;
    this.#pending.push({ sequence, isLarge, bytes, sentNs: nowNs });
    return sequence;
  }

  /** Takes an answer; undefined when it is none that was due, which is counted. */
  answer(payload: Uint8Array, bizType: number): Answered | undefined {
    const due = this.#pending[0];
    if (!isIntact(payload) || sessionOf(payload) !== this.session || due === undefined) {
      this.#totals.corrupted += 1;
      return undefined;
    }
    const sequence = sequenceOf(payload);
    if (sequence !== due.sequence) {
      this.#totals[sequence < due.sequence ? 'duplicated' : 'reordered'] += 1;
      return undefined;
    }
    const bytes = due.isLarge ? due.bytes : ACKNOWLEDGEMENT_BYTES;
    if (payload.length !== bytes || (bizType === BIZ_LARGE) !== due.isLarge) {
      this.#totals.corrupted += 1;
      return undefined;
    }
    this.#pending.shift();
    if (due.isLarge) this.#largePending -= 1;
    this.#cover(sequence, due.isLarge ? undefined : payload);
    return { isLarge: due.isLarge, sentNs: due.sentNs };
  }

  /** Takes a broadcast; false when it is not the one that was due, which is counted. */
  broadcast(payload: Uint8Array, bizType: number): boolean {
    if (bizType !== BIZ_BROADCAST || payload.length < MESSAGE_BYTES_MIN || !isIntact(payload)) {
      this.#totals.corrupted += 1;
      return false;
    }
    const number = sequenceOf(payload);
    const due = this.#nextBroadcast ?? number;
    if (number < due) {
      this.#totals[number === due - 1 ? 'duplicated' : 'reordered'] += 1;
      return false;
    }
    this.#countBroadcasts(due, number);
    this.#totals.delivered += 1;
    return true;
  }

  /** The session ends: by the scenario's own cut, or otherwise, when nothing may be open. */
  close(isCut: boolean): void {
    this.#totals[isCut ? 'unacknowledgedAtClose' : 'lost'] += this.outstanding;
    this.#acknowledged = this.#nextSequence;
    this.#pending.length = 0;
    this.#largePending = 0;
  }

  /** Every message up to `sequence` has come to the server, but for those that it says it misses. */
  #cover(sequence: number, acknowledgement: Uint8Array | undefined): void {
    const covered = sequence + 1 - this.#acknowledged;
    this.#acknowledged = sequence + 1;
    let lost = 0;
    if (acknowledgement !== undefined) {
      // Both counts are taken modulo 2³².
      const missing = (sequence + 1 - readWord(acknowledgement, 12)) >>> 0;
      lost = Math.max(0, missing - this.#missing);
      this.#missing = Math.max(this.#missing, missing);
      this.#expectBroadcastsUpTo(readWord(acknowledgement, 16));
    }
    this.#totals.delivered += covered - lost;
    this.#totals.lost += lost;
  }

  /** All broadcasts up to this one were sent before the answer, so they must be here. */
  #expectBroadcastsUpTo(number: number): void {
    const due = this.#nextBroadcast ?? number + 1;
    this.#nextBroadcast = due;
    if (number < due) return;
    this.#countBroadcasts(due, number);
    this.#totals.lost += 1;
  }

  /** `number` was sent, and so were those before it from `due` on, which did not come. */
  #countBroadcasts(due: number, number: number): void {
    this.#totals.sent += number - due + 1;
    this.#totals.lost += number - due;
    this.#nextBroadcast = number + 1;
  }
}
