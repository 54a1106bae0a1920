import * as hdr from 'hdr-histogram-js';
import type { FaultPhase } from '../harness/soak-schema.js';
import { createRandom } from '../harness/statistics/random.js';
import { LoadSession, type LoadSessionOwner, type MessageKind } from './load-session.js';
import { type LoadCounts, noLoadCounts } from './session-ledger.js';
import { Filler, MESSAGE_BYTES_MIN, PAYLOAD_BYTES_MAX } from './soak-message.js';

/** How much of what, per second over all sessions. */
export interface LoadRates {
  sessions: number;
  requestsPerSecond: number;
  oneWayPerSecond: number;
  largePerSecond: number;
  /** Sessions that are closed in order and opened anew. */
  churnPerSecond: number;
}

/** What happened since the last time it was taken, and where the load stands. */
export interface LoadInterval {
  /** Messages delivered either way, answers included. */
  operations: number;
  bytes: number;
  /** Of small requests, HDR V2, compressed, base64; null without one. */
  latency: string | null;
  latencySamples: number;
  /** Since the start: totals, not differences. */
  counts: LoadCounts;
  inFlight: number;
  sessionsOpen: number;
  /** Messages that were due when no session could take them. */
  heldBack: number;
  churned: number;
  cut: number;
  errors: number;
  firstErrors: string[];
}

const TICK_MS = 10;
/** After a stall of the process the schedule goes on, and does not catch up with all of it at once. */
const CATCH_UP_MS_MAX = 1000;
const SMALL_BYTES_MAX = 512;
const LARGE_BYTES_MIN = 16 * 1024;
/** One in so many large frames has the largest size. */
const LARGEST_ONE_IN = 8;
const ERRORS_KEPT_MAX = 8;
/** A slow reader reads for a moment in each of these, so that no stall timeout ends it. */
const SLOW_PERIOD_MS = 8_000;
const SLOW_READING_MS = 500;
const REOPEN_MS = 100;
const STOP_TIMEOUT_MS = 45_000;

/** Everything that a production load does, at fixed rates, over as many sessions as wanted; memory does not grow. */
export class MixedLoad implements LoadSessionOwner {
  readonly counts = noLoadCounts();
  readonly filler: Filler;
  readonly #rates: LoadRates;
  readonly #address: { host: string; port: number };
  readonly #random;
  /** By place: a session that ends is replaced where it was. */
  readonly #sessions: LoadSession[] = [];
  /** Closing in order; each has its successor already. */
  readonly #leaving = new Set<LoadSession>();
  readonly #latency = hdr.build({
    bitBucketSize: 64,
    autoResize: false,
    lowestDiscernibleValue: 1,
    highestTrackableValue: 60e9,
    numberOfSignificantValueDigits: 3,
  });
  readonly #schedule: { work: () => void; perSecond: () => number; owed: number }[];
  #phase: FaultPhase = { kind: 'steady', seconds: 0 };
  #slow: LoadSession[] = [];
  #slowTimers: NodeJS.Timeout[] = [];
  #timer: NodeJS.Timeout | undefined;
  #lastTickMs = 0;
  #numbers = 0;
  #place = 0;
  #bytes = 0;
  #deliveredBefore = 0;
  #heldBack = 0;
  #churned = 0;
  #cut = 0;
  #errors = 0;
  #firstErrors: string[] = [];
  #stopped: (() => void) | undefined;

  constructor(host: string, port: number, seed: number, rates: LoadRates) {
    this.#address = { host, port };
    this.#rates = rates;
    this.filler = new Filler(seed);
    this.#random = createRandom(seed).fork('load');
    const every = (perSecond: () => number, work: () => void) => ({ work, perSecond, owed: 0 });
    this.#schedule = [
      every(
        () => rates.requestsPerSecond,
        () => this.#send('request'),
      ),
      every(
        () => rates.oneWayPerSecond,
        () => this.#send('one-way'),
      ),
      every(
        () => rates.largePerSecond,
        () => this.#send('large'),
      ),
      every(
        () => rates.churnPerSecond,
        () => this.#churn(),
      ),
      every(
        () => (this.#phase.kind === 'resets' ? this.#phase.perSecond : 0),
        () => this.#reset(),
      ),
    ];
  }

  start(): void {
    for (let place = 0; place < this.#rates.sessions; place++) this.#sessions.push(this.#open());
    this.#lastTickMs = performance.now();
    this.#timer = setInterval(() => this.#tick(), TICK_MS);
  }

  /** Ends the phase before and begins this one. */
  enter(phase: FaultPhase): void {
    for (const timer of this.#slowTimers.splice(0)) clearTimeout(timer);
    for (const session of this.#slow.splice(0)) session.resume();
    this.#phase = phase;
    if (phase.kind === 'slow-readers') this.#slowDown(this.#share(phase.share));
    if (phase.kind === 'storm') for (const session of this.#share(phase.share)) this.#cutOff(session);
  }

  take(): LoadInterval {
    const { counts } = this;
    const samples = this.#latency.totalCount;
    const interval: LoadInterval = {
      operations: counts.delivered - this.#deliveredBefore,
      bytes: this.#bytes,
      latency: samples === 0 ? null : hdr.encodeIntoCompressedBase64(this.#latency),
      latencySamples: samples,
      counts: { ...counts },
      inFlight: [...this.#sessions, ...this.#leaving].reduce(
        (sum, { ledger }) => sum + ledger.outstanding,
        0,
      ),
      sessionsOpen: this.#sessions.filter(({ isOpen }) => isOpen).length,
      heldBack: this.#heldBack,
      churned: this.#churned,
      cut: this.#cut,
      errors: this.#errors,
      firstErrors: [...this.#firstErrors],
    };
    this.#deliveredBefore = counts.delivered;
    this.#bytes = 0;
    this.#latency.reset();
    return interval;
  }

  /** Sends nothing more, waits for every answer, closes every session. */
  async stop(): Promise<void> {
    clearInterval(this.#timer);
    this.enter({ kind: 'steady', seconds: 0 });
    const ended = new Promise<void>((resolve) => {
      this.#stopped = resolve;
    });
    for (const session of this.#sessions.splice(0)) {
      if (session.isOver) continue;
      this.#leaving.add(session);
      session.drain();
    }
    if (this.#leaving.size === 0) return;
    const timeout = setTimeout(() => this.#stopped?.(), STOP_TIMEOUT_MS);
    await ended;
    clearTimeout(timeout);
  }

  answered(elapsedNs: bigint): void {
    this.#latency.recordValue(Math.min(60e9, Math.max(1, Number(elapsedNs))));
  }

  moved(bytes: number): void {
    this.#bytes += bytes;
  }

  ended(session: LoadSession, error: Error | null): void {
    if (error !== null) {
      this.#errors += 1;
      const text = `session ${session.ledger.session}: ${error.message}`;
      if (this.#firstErrors.length < ERRORS_KEPT_MAX) this.#firstErrors.push(text);
    }
    if (this.#leaving.delete(session)) {
      if (this.#leaving.size === 0) this.#stopped?.();
      return;
    }
    if (error === null) this.#replace(session);
    // A server that refuses connections must not be asked in a tight loop.
    else setTimeout(() => this.#replace(session), REOPEN_MS);
  }

  #replace(session: LoadSession): void {
    const place = this.#sessions.indexOf(session);
    if (place >= 0 && this.#stopped === undefined) this.#sessions[place] = this.#open();
  }

  #open(): LoadSession {
    const { host, port } = this.#address;
    return new LoadSession(++this.#numbers, host, port, this);
  }

  #tick(): void {
    const nowMs = performance.now();
    const seconds = Math.min(CATCH_UP_MS_MAX, nowMs - this.#lastTickMs) / 1000;
    this.#lastTickMs = nowMs;
    for (const each of this.#schedule) {
      each.owed += each.perSecond() * seconds;
      for (; each.owed >= 1; each.owed -= 1) each.work();
    }
  }

  #send(kind: MessageKind): void {
    // What is large goes to slow readers first: it is what makes the server keep something for them.
    const slow = kind === 'large' ? this.#slow.find((session) => session.takes('large')) : undefined;
    const session = slow ?? this.#nextOf((each) => each.takes(kind));
    if (session === undefined) this.#heldBack += 1;
    else session.send(kind, this.#bytesOf(kind));
  }

  #bytesOf(kind: MessageKind): number {
    if (kind !== 'large') return MESSAGE_BYTES_MIN + this.#random.below(SMALL_BYTES_MAX - MESSAGE_BYTES_MIN);
    if (this.#random.below(LARGEST_ONE_IN) === 0) return PAYLOAD_BYTES_MAX;
    // Each doubling as likely as the next.
    const doublings = Math.log2(PAYLOAD_BYTES_MAX / LARGE_BYTES_MIN);
    return Math.floor(LARGE_BYTES_MIN * 2 ** ((this.#random.below(1000) / 1000) * doublings));
  }

  #churn(): void {
    const session = this.#nextOf((each) => each.isOpen && !each.paused);
    if (session === undefined) return;
    this.#churned += 1;
    this.#sessions[this.#sessions.indexOf(session)] = this.#open();
    this.#leaving.add(session);
    session.drain();
  }

  #reset(): void {
    const session = this.#nextOf((each) => each.isOpen);
    if (session !== undefined) this.#cutOff(session);
  }

  #cutOff(session: LoadSession): void {
    this.#cut += 1;
    session.cut();
  }

  /** The next session in turn that is as wanted; a few are tried. */
  #nextOf(wanted: (session: LoadSession) => boolean): LoadSession | undefined {
    for (let tried = 0; tried < Math.min(16, this.#sessions.length); tried++) {
      this.#place = (this.#place + 1) % this.#sessions.length;
      const session = this.#sessions[this.#place];
      if (wanted(session)) return session;
    }
    return undefined;
  }

  #share(share: number): LoadSession[] {
    const open = this.#sessions.filter(({ isOpen }) => isOpen);
    return this.#random.shuffled(open).slice(0, Math.ceil(share * open.length));
  }

  #slowDown(sessions: LoadSession[]): void {
    this.#slow = sessions;
    const stop = (): void => {
      for (const session of this.#slow) session.pause();
      this.#slowTimers = [setTimeout(read, SLOW_PERIOD_MS - SLOW_READING_MS)];
    };
    const read = (): void => {
      for (const session of this.#slow) session.resume();
      this.#slowTimers = [setTimeout(stop, SLOW_READING_MS)];
    };
    stop();
  }
}
