import { LatencyHistogram } from './latency-histogram.js';
import type { Durations, LoadDriver } from './load-driver.js';
import type { LoadEnds } from './load-ends.js';
import type { Load } from './load-plan.js';
import type { MessageSender } from './message-sender.js';
import { isSampled, type PayloadReader, SAMPLED_SHARE } from './message-words.js';
import { ReplyChecker } from './reply-checker.js';
import { Schedule } from './schedule.js';
import type { LedgerCounts } from './sequence-ledger.js';
import type { SessionTurns } from './session-turns.js';
import { monotonicNs } from './thread-clock.js';

/** An open loop lets so many requests of a session be out; later ones wait, and keep the time they were meant to leave. */
const OPEN_IN_FLIGHT_MAX = 256;
/** Requests sent before replies are looked at again. */
const SENDS_PER_TURN = 256;
/** A look at the clock serves so many sends. */
const SENDS_PER_CLOCK = 8;

type ReplyShape = Extract<Load, { mode: 'closed' | 'open' }>;

/** Requests and replies: `closed` keeps a number of them in flight, `open` follows a schedule. */
export class ReplyLoad implements LoadDriver {
  readonly #load: ReplyShape;
  readonly #sessions: number;
  readonly #sender: MessageSender;
  readonly #turns: SessionTurns;
  readonly #checker: ReplyChecker;
  readonly #answered: Uint32Array;
  readonly #service = new LatencyHistogram();
  readonly #response = new LatencyHistogram();
  /** When the timed requests left, and when they were meant to, by session and sample. */
  readonly #leftNs: Float64Array;
  readonly #meantNs: Float64Array;
  readonly #stamps: number;
  #filled = 0;
  #isSending = false;
  #isMeasuring = false;
  #schedule: Schedule | null = null;

  constructor(
    load: ReplyShape,
    ends: LoadEnds,
    sessions: number,
    sender: MessageSender,
    turns: SessionTurns,
  ) {
    ends.prepare(load.payloadBytes);
    this.#load = load;
    this.#sessions = sessions;
    this.#sender = sender;
    this.#turns = turns;
    this.#checker = new ReplyChecker(load.reply, load.payloadBytes, (index) => sender.keyOf(index));
    this.#answered = new Uint32Array(sessions);
    const inFlight = load.mode === 'closed' ? load.depth : OPEN_IN_FLIGHT_MAX;
    this.#stamps = 2 ** Math.ceil(Math.log2(Math.floor(inFlight / SAMPLED_SHARE) + 2));
    this.#leftNs = new Float64Array(sessions * this.#stamps);
    this.#meantNs = new Float64Array(sessions * this.#stamps);
  }

  get isUp(): boolean {
    return this.#load.mode === 'open' || this.#filled === this.#sessions * this.#load.depth;
  }

  get isScheduled(): boolean {
    return this.#schedule !== null;
  }

  get isBehind(): boolean {
    return this.#schedule !== null && this.#schedule.nextNs < this.#schedule.endNs;
  }

  begin(nowNs: number, discardNs: number, measureNs: number): void {
    this.#isSending = true;
    this.#filled = 0;
    if (this.#load.mode === 'open') {
      this.#schedule = new Schedule(
        nowNs,
        this.#load.ratePerSecond,
        nowNs + discardNs,
        discardNs + measureNs,
      );
    }
  }

  pump(nowNs: number): void {
    if (this.#schedule !== null) this.#sendDue(this.#schedule, nowNs);
    else if (this.#isSending && !this.isUp) this.#fill();
  }

  measure(): void {
    this.#isMeasuring = true;
  }

  rest(): void {
    this.#isSending = false;
    this.#isMeasuring = false;
  }

  completed(): number {
    return this.#checker.ledger.delivered;
  }

  outstanding(): number {
    return this.#sender.total - this.completed();
  }

  progress(): number {
    return this.completed();
  }

  takeDurations(): Durations {
    const durations = {
      serviceTimeNs: this.#service.counts(),
      responseTimeNs: this.#schedule === null ? null : this.#response.counts(),
    };
    this.#service.reset();
    this.#response.reset();
    this.#schedule = null;
    return durations;
  }

  counts(): LedgerCounts {
    return this.#checker.ledger.counts();
  }

  /** A reply came; in closed loop the session's next request leaves at once. */
  onMessage(index: number, reader: PayloadReader): void {
    const sequence = this.#checker.take(index, reader);
    this.#answered[index] += 1;
    if (sequence >= 0 && isSampled(this.#sender.keyOf(index), sequence)) this.#recordReply(index, sequence);
    if (this.#isSending && this.#schedule === null && this.isUp) this.#send(index, 0);
  }

  #recordReply(index: number, sequence: number): void {
    const at = this.#stampOf(index, sequence);
    const nowNs = monotonicNs();
    const schedule = this.#schedule;
    if (schedule === null) {
      if (this.#isMeasuring) this.#service.record(nowNs - this.#leftNs[at]);
    } else if (schedule.isMeasured(this.#meantNs[at])) {
      this.#service.record(nowNs - this.#leftNs[at]);
      this.#response.record(nowNs - this.#meantNs[at]);
    }
  }

  #fill(): void {
    const depth = (this.#load as Extract<Load, { mode: 'closed' }>).depth;
    for (let sends = 0; sends < SENDS_PER_TURN && !this.isUp; sends += depth) {
      const index = this.#turns.take();
      for (let each = 0; each < depth; each += 1) this.#send(index, 0);
      this.#filled += depth;
    }
  }

  #sendDue(schedule: Schedule, nowNs: number): void {
    let clockNs = nowNs;
    for (let sends = 0; sends < SENDS_PER_TURN && schedule.nextNs < schedule.endNs; sends += 1) {
      if (schedule.nextNs > clockNs) return;
      const index = this.#turns.current;
      if (this.#sender.sent[index] - this.#answered[index] >= OPEN_IN_FLIGHT_MAX) return;
      this.#turns.take();
      this.#send(index, schedule.nextNs);
      schedule.advance();
      if (sends % SENDS_PER_CLOCK === SENDS_PER_CLOCK - 1) clockNs = monotonicNs();
    }
  }

  #send(index: number, meantNs: number): void {
    const sequence = this.#sender.sent[index];
    if (isSampled(this.#sender.keyOf(index), sequence)) {
      const at = this.#stampOf(index, sequence);
      this.#leftNs[at] = monotonicNs();
      this.#meantNs[at] = meantNs;
    }
    this.#sender.send(index, meantNs);
  }

  #stampOf(index: number, sequence: number): number {
    const sample = Math.floor(sequence / SAMPLED_SHARE);
    return index * this.#stamps + (sample & (this.#stamps - 1));
  }
}
