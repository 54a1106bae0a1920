import type { Durations, LoadDriver } from './load-driver.js';
import type { LoadEnds } from './load-ends.js';
import type { Load } from './load-plan.js';
import type { MessageSender } from './message-sender.js';
import { ReconnectStorm } from './reconnect-storm.js';
import { Schedule } from './schedule.js';
import type { LedgerCounts } from './sequence-ledger.js';
import { SessionTurns } from './session-turns.js';
import type { Sink } from './sink-memory.js';
import { monotonicNs } from './thread-clock.js';

/**
 * What may be under way over all sessions: enough that neither thread waits for the other, and no more than the memory
 * that they share holds without copying. With a schedule, what is late may wait in the sessions' queues as well.
 */
const UNDER_WAY_BYTES = 2 * 1024 * 1024;
const UNDER_WAY_MAX = 16_384;
const UNDER_WAY_MIN = 4;
const LATE_FACTOR = 4;
/** What a message takes beside its payload. */
const MESSAGE_OVERHEAD_BYTES = 32;
/** Messages sent before the loop turns. */
const SENDS_PER_TURN = 1_024;
/** A look at the clock serves so many sends. */
const SENDS_PER_CLOCK = 16;
/** Sessions whose turn is announced together. */
const AHEAD = 16;
const CALIBRATION_WARMUP_NS = 200e6;
const CALIBRATION_NS = 300e6;

type OneWayShape = Extract<Load, { mode: 'stream' | 'paced' }>;

/** Messages without replies, counted where they arrive: `stream` as many as there is room for, `paced` by a schedule. */
export class OneWayLoad implements LoadDriver {
  readonly #load: OneWayShape;
  readonly #ends: LoadEnds;
  readonly #sessions: number;
  readonly #sender: MessageSender;
  readonly #turns: SessionTurns;
  readonly #sink: Sink;
  readonly #before: LedgerCounts;
  readonly #underWayMax: number;
  #ratePerSecond: number | null = null;
  #arrivedLast: number;
  #completed = 0;
  #isSending = false;
  #schedule: Schedule | null = null;
  #storm: ReconnectStorm | null = null;

  constructor(
    load: OneWayShape,
    ends: LoadEnds,
    sessions: number,
    sender: MessageSender,
    turns: SessionTurns,
    sink: Sink,
  ) {
    ends.prepare(load.payloadBytes);
    this.#load = load;
    this.#ends = ends;
    this.#sessions = sessions;
    this.#sender = sender;
    this.#turns = turns;
    this.#sink = sink;
    this.#before = sink.ledger.counts();
    this.#arrivedLast = sink.ledger.arrived();
    sender.writesAll = load.touchesAll;
    const fitting = Math.floor(UNDER_WAY_BYTES / (load.payloadBytes + MESSAGE_OVERHEAD_BYTES));
    const underWay = Math.max(UNDER_WAY_MIN, Math.min(UNDER_WAY_MAX, fitting));
    if (load.mode === 'stream') this.#underWayMax = Math.min(underWay, sessions * load.depth);
    else {
      if (load.stormPercent > 0) {
        const reconnecting = Math.max(1, Math.floor((sessions * load.stormPercent) / 100));
        this.#storm = new ReconnectStorm(ends, sender, new SessionTurns(sessions), reconnecting);
      }
      this.#underWayMax = underWay * LATE_FACTOR;
      this.#ratePerSecond = load.ratePerSecond;
    }
  }

  get isUp(): boolean {
    return true;
  }

  get isScheduled(): boolean {
    return this.#schedule !== null;
  }

  get isBehind(): boolean {
    if (this.#storm?.isOn) return true;
    return this.#schedule !== null && this.#schedule.nextNs < this.#schedule.endNs;
  }

  /** Where the rate is a share of what the arm can take: finds out what that is, once per group. */
  async prepare(turn: () => Promise<void>): Promise<void> {
    if (this.#load.mode !== 'paced' || this.#ratePerSecond !== null) return;
    const streamFor = async (lengthNs: number): Promise<number> => {
      const startNs = monotonicNs();
      const before = this.completed();
      let nowNs = startNs;
      for (; nowNs - startNs < lengthNs; nowNs = monotonicNs()) {
        this.#sendRoom(this.#underWayMax / LATE_FACTOR);
        await turn();
      }
      return ((this.completed() - before) / (nowNs - startNs)) * 1e9;
    };
    await streamFor(CALIBRATION_WARMUP_NS);
    const ratePerSecondMax = await streamFor(CALIBRATION_NS);
    this.#ratePerSecond = Math.max(1, (ratePerSecondMax * this.#load.percentOfMax) / 100);
    while (this.outstanding() > 0) await turn();
  }

  begin(nowNs: number, discardNs: number, measureNs: number): void {
    this.#isSending = true;
    const { bounds } = this.#sink;
    bounds.fill(Number.POSITIVE_INFINITY);
    if (this.#ratePerSecond === null) return;
    this.#schedule = new Schedule(nowNs, this.#ratePerSecond, nowNs + discardNs, discardNs + measureNs);
    bounds[0] = nowNs + discardNs;
    bounds[1] = nowNs + discardNs + measureNs;
  }

  pump(nowNs: number): void {
    this.#storm?.check();
    if (this.#schedule !== null) this.#sendDue(this.#schedule, nowNs);
    else if (this.#isSending) this.#sendRoom(this.#underWayMax);
  }

  measure(nowNs: number): void {
    if (this.#schedule === null) this.#sink.bounds[0] = nowNs;
    this.#storm?.begin();
  }

  rest(nowNs: number): void {
    this.#isSending = false;
    if (this.#schedule === null) this.#sink.bounds[1] = nowNs;
  }

  completed(): number {
    const arrived = this.#sink.ledger.arrived();
    // Wraps at 2³²; the difference does not.
    this.#completed += (arrived - this.#arrivedLast) | 0;
    this.#arrivedLast = arrived;
    return this.#completed;
  }

  outstanding(): number {
    const arrivals = this.completed();
    // One that came twice stands for no other: without this a window would end while a message is still under way.
    const duplicates = this.#sink.ledger.duplicated - this.#before.duplicated;
    return this.#sender.total - (arrivals - duplicates);
  }

  progress(): number {
    return this.completed();
  }

  takeDurations(): Durations {
    const counts = this.#sink.latency.counts();
    this.#sink.latency.reset();
    const isPaced = this.#schedule !== null;
    this.#schedule = null;
    return isPaced
      ? { serviceTimeNs: [], responseTimeNs: counts }
      : { serviceTimeNs: counts, responseTimeNs: null };
  }

  counts(): LedgerCounts {
    const now = this.#sink.ledger.counts();
    const before = this.#before;
    return {
      delivered: now.delivered - before.delivered,
      duplicated: now.duplicated - before.duplicated,
      reordered: now.reordered - before.reordered,
      corrupted: now.corrupted - before.corrupted,
    };
  }

  /** Whose turn it is among those that are open. */
  #nextSession(): number {
    let index = this.#turns.take();
    if (index % AHEAD === 0) this.#ends.lookAhead?.(index, Math.min(index + AHEAD, this.#sessions));
    while (this.#storm?.isOpening(index)) index = this.#turns.take();
    return index;
  }

  #sendRoom(underWayMax: number): void {
    const room = Math.min(SENDS_PER_TURN, underWayMax - this.outstanding());
    for (let sends = 0; sends < room; sends += 1) this.#sender.send(this.#nextSession(), 0);
  }

  #sendDue(schedule: Schedule, nowNs: number): void {
    const room = Math.min(SENDS_PER_TURN, this.#underWayMax - this.outstanding());
    let clockNs = nowNs;
    for (let sends = 0; sends < room && schedule.nextNs < schedule.endNs; sends += 1) {
      if (schedule.nextNs > clockNs) return;
      this.#sender.send(this.#nextSession(), schedule.nextNs);
      schedule.advance();
      if (sends % SENDS_PER_CLOCK === SENDS_PER_CLOCK - 1) clockNs = monotonicNs();
    }
  }
}
