import * as hdr from 'hdr-histogram-js';
import type { LedgerRecord, SoakGapRecord, SoakPhaseRecord } from '../harness/record.js';
import { BoundedTrack } from './bounded-track.js';
import type { ArmCheckpoint, CheckpointEntry, EndEntry, Entry, LifeEntry } from './checkpoint-entry.js';
import type { GaugeLife } from './leak-rule.js';

/** Fault phases that are kept for the timeline; of a run that has more, the oldest are forgotten. */
const PHASES_MAX = 1440;

const GAP_REASONS = {
  killed: 'the run was killed',
  interrupted: 'the run was interrupted',
  failed: 'the run failed',
  complete: 'the run was over, and then made longer',
} as const;

/** What a soak knows of one arm: sums and bounded tracks, the same for a minute and for a month. */
export class ArmState {
  /** Of the lives that are over. */
  readonly #past = emptyLedger();
  #current: ArmCheckpoint | null = null;
  readonly tracks: { startSeconds: number; track: BoundedTrack }[] = [];
  /** Throughput and latency by checkpoint. */
  readonly flow = new BoundedTrack();
  readonly histogram = hdr.build({
    bitBucketSize: 64,
    autoResize: false,
    lowestDiscernibleValue: 1,
    highestTrackableValue: 60e9,
    numberOfSignificantValueDigits: 3,
  });
  operations = 0;
  bytes = 0;
  seconds = 0;
  /** Of lives that are over: sessions that the scenario cut, with those that a kill of the run did. */
  #pastCut = 0;
  #pastErrors = 0;
  firstErrors: string[] = [];
  #pastHeldBack = 0;

  beginLife(startSeconds: number): void {
    this.#endLife();
    this.tracks.push({ startSeconds, track: new BoundedTrack() });
  }

  add(arm: ArmCheckpoint, atSeconds: number, seconds: number): void {
    this.#current = arm;
    this.operations += arm.operations;
    this.bytes += arm.bytes;
    this.seconds += seconds;
    const { track } = this.tracks[this.tracks.length - 1];
    for (const sample of arm.samples) track.add(sample);
    const interval = arm.latency === null ? null : hdr.decodeFromCompressedBase64(arm.latency, 64);
    if (interval !== null) this.histogram.add(interval);
    this.flow.add({
      atSeconds,
      operations: this.operations,
      gauges: {
        throughput_ops_per_s: seconds > 0 ? arm.operations / seconds : null,
        latency_ns_p50: interval?.getValueAtPercentile(50) ?? null,
        latency_ns_p99: interval?.getValueAtPercentile(99) ?? null,
      },
    });
    for (const text of arm.firstErrors) {
      if (this.firstErrors.length < 8 && !this.firstErrors.includes(text)) this.firstErrors.push(text);
    }
  }

  /** Every message of every life; what is in flight now counts as sent only when the life is over. */
  get ledger(): LedgerRecord {
    const ledger = { ...this.#past };
    if (this.#current !== null) addLedger(ledger, this.#current, false);
    return ledger;
  }

  get inFlight(): number {
    return this.#current?.inFlight ?? 0;
  }

  get cut(): number {
    return this.#pastCut + (this.#current?.cut ?? 0);
  }

  get errors(): number {
    return this.#pastErrors + (this.#current?.errors ?? 0);
  }

  get heldBack(): number {
    return this.#pastHeldBack + (this.#current?.heldBack ?? 0);
  }

  /** For the leak rule. */
  get lives(): GaugeLife[] {
    return this.tracks.map(({ startSeconds, track: { points } }) => {
      const names = new Set(points.flatMap(({ low }) => Object.keys(low)));
      return {
        startSeconds,
        atSeconds: points.map(({ atSeconds }) => atSeconds),
        operations: points.map(({ operations }) => operations),
        gauges: Object.fromEntries(
          [...names].map((name) => [name, points.map(({ low }) => low[name] ?? null)]),
        ),
      };
    });
  }

  /** The sessions of a life that was killed are cut, all of them, with what they had in flight. */
  #endLife(): void {
    if (this.#current === null) return;
    addLedger(this.#past, this.#current, true);
    this.#pastCut += this.#current.cut + (this.#current.inFlight > 0 ? this.#current.sessionsOpen : 0);
    this.#pastErrors += this.#current.errors;
    this.#pastHeldBack += this.#current.heldBack;
    this.#current = null;
  }
}

function emptyLedger(): LedgerRecord {
  return {
    sent: 0,
    delivered: 0,
    droppedCounted: 0,
    unacknowledgedAtClose: 0,
    lost: 0,
    duplicated: 0,
    reordered: 0,
    corrupted: 0,
  };
}

function addLedger(ledger: LedgerRecord, arm: ArmCheckpoint, isOver: boolean): void {
  const { counts, intake, dropped, inFlight } = arm;
  // Of a life that goes on, what is in flight is neither lost nor delivered yet.
  ledger.sent += counts.sent - (isOver ? 0 : inFlight);
  ledger.delivered += counts.delivered;
  ledger.droppedCounted += dropped;
  ledger.unacknowledgedAtClose += counts.unacknowledgedAtClose + (isOver ? inFlight : 0);
  ledger.duplicated += counts.duplicated + intake.duplicated;
  ledger.reordered += counts.reordered + intake.reordered;
  ledger.corrupted += counts.corrupted + intake.corrupted;
  ledger.lost = ledger.sent - ledger.delivered - ledger.droppedCounted - ledger.unacknowledgedAtClose;
}

/** Everything that a run's checkpoints say, in bounded memory: made from them live, and again when a run is resumed. */
export class SoakState {
  readonly arms = new Map<string, ArmState>();
  readonly lives: { startSeconds: number; endSeconds: number }[] = [];
  readonly gaps: SoakGapRecord[] = [];
  readonly phases: SoakPhaseRecord[] = [];
  readonly pressure = new BoundedTrack();
  checkpoints = 0;
  /** Seconds of the run, gaps included. */
  atSeconds = 0;
  /** Seconds during which the processes worked. */
  measuredSeconds = 0;
  /** When the last entry was written, by the wall clock. */
  writtenAt: string | null = null;
  end: EndEntry | null = null;

  /** @param armNames in the order in which they are shown */
  constructor(armNames: readonly string[]) {
    for (const name of armNames) this.arms.set(name, new ArmState());
  }

  apply(entry: Entry): void {
    if (entry.kind === 'life') this.#beginLife(entry);
    else if (entry.kind === 'checkpoint') this.#add(entry);
    else if (entry.kind === 'end') this.end = entry;
  }

  /** The arm's state. @throws Error for an arm that the run does not have */
  arm(name: string): ArmState {
    const state = this.arms.get(name);
    if (state === undefined)
      throw new Error(`the checkpoints hold an arm ${name} that this scenario has not`);
    return state;
  }

  #beginLife({ atSeconds, startedAt }: LifeEntry): void {
    if (this.lives.length > 0 && atSeconds > this.atSeconds) {
      const reason = GAP_REASONS[this.end?.reason ?? 'killed'];
      this.gaps.push({ fromSeconds: this.atSeconds, toSeconds: atSeconds, reason });
    }
    this.end = null;
    this.atSeconds = atSeconds;
    this.writtenAt = startedAt;
    this.lives.push({ startSeconds: atSeconds, endSeconds: atSeconds });
    for (const arm of this.arms.values()) arm.beginLife(atSeconds);
  }

  #add(entry: CheckpointEntry): void {
    const { atSeconds, seconds, phases, stealPercent, psiCpuSome } = entry;
    this.checkpoints += 1;
    this.atSeconds = atSeconds;
    this.measuredSeconds += seconds;
    this.writtenAt = entry.writtenAt;
    this.lives[this.lives.length - 1].endSeconds = atSeconds;
    this.pressure.add({ atSeconds, operations: 0, gauges: { stealPercent, psiCpuSome } });
    for (const phase of phases) this.#mark(phase);
    for (const [name, arm] of Object.entries(entry.arms)) this.arm(name).add(arm, atSeconds, seconds);
  }

  /** A phase that goes on over a checkpoint is one phase. */
  #mark(phase: SoakPhaseRecord): void {
    const last = this.phases[this.phases.length - 1];
    if (last?.kind === phase.kind && last.toSeconds === phase.fromSeconds) last.toSeconds = phase.toSeconds;
    else this.phases.push({ kind: phase.kind, fromSeconds: phase.fromSeconds, toSeconds: phase.toSeconds });
    if (this.phases.length > PHASES_MAX) this.phases.shift();
  }
}
