import { hrtime } from 'node:process';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Children } from '../harness/arm-process.js';
import { type PressureReading, pressureBetween } from '../harness/pressure.js';
import type { ProgressSink } from '../harness/progress.js';
import { ArmPair } from './arm-pair.js';
import type { CheckpointEntry, PhaseMark } from './checkpoint-entry.js';
import { CheckpointError, type CheckpointLog, type NewEntry } from './checkpoint-log.js';
import { FaultSchedule, type PlacedPhase } from './fault-schedule.js';
import type { SoakPlan } from './soak-plan.js';
import type { SoakState } from './soak-state.js';

/** What is needed to run one life of a soak: from the start of its processes to their end. */
export interface SoakInputs {
  plan: SoakPlan;
  state: SoakState;
  log: CheckpointLog;
  children: Children;
  rootDir: string;
  signal: AbortSignal;
  progress: ProgressSink;
  readPressure: () => PressureReading;
  /** A checkpoint is on the disk and in the state. */
  onCheckpoint: () => void;
}

export interface SoakOutcome {
  reason: 'complete' | 'interrupted' | 'failed';
  failure: Error | null;
}

const TICK_MS = 200;
/** Long enough for a checkpoint on the way out, and short for who waits for the prompt. */
const LAST_WORDS_MS = 5_000;

/** Never throws for what happens meanwhile: the checkpoints until then are what counts. */
export async function runSoak(inputs: SoakInputs): Promise<SoakOutcome> {
  const { children, signal, log, state } = inputs;
  const life = new SoakLife(inputs);
  let outcome: SoakOutcome = { reason: 'complete', failure: null };
  const work = life.run();
  try {
    await Promise.race([work, whenAborted(signal)]);
  } catch (error) {
    // Whatever fails while everything is being stopped fails because of that.
    if (signal.aborted) outcome = { reason: 'interrupted', failure: null };
    else outcome = { reason: 'failed', failure: error instanceof Error ? error : new Error(String(error)) };
  }
  if (outcome.reason === 'interrupted') await life.lastWords();
  life.close();
  await children.stopAll();
  // Its commands have failed by now; what it failed with is known.
  await work.catch(() => undefined);
  if (!(outcome.failure instanceof CheckpointError)) {
    try {
      const message = outcome.failure?.message ?? null;
      state.apply(log.append({ kind: 'end', atSeconds: life.atSeconds, reason: outcome.reason, message }));
    } catch (error) {
      outcome = { reason: 'failed', failure: error as Error };
    }
  }
  log.close();
  return outcome;
}

function whenAborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    const abort = (): void => reject(signal.reason);
    if (signal.aborted) abort();
    else signal.addEventListener('abort', abort, { once: true });
  });
}

/** One life: fresh processes, the run's clock, and what is due by it. */
class SoakLife {
  readonly #inputs: SoakInputs;
  readonly #schedule: FaultSchedule;
  readonly #measuredBefore: number;
  #startSeconds = 0;
  #startNs = 0n;
  #pairs: ArmPair[] = [];
  #placed: PlacedPhase | null = null;
  #phaseFrom = 0;
  #marks: PhaseMark[] = [];
  #sampledAt = 0;
  #checkpointAt = 0;
  #pressure: PressureReading;
  #isUp = false;
  #isOver = false;
  #toldAt = 0;

  constructor(inputs: SoakInputs) {
    this.#inputs = inputs;
    this.#schedule = new FaultSchedule(inputs.plan.phases, inputs.plan.durationSeconds);
    this.#measuredBefore = inputs.state.measuredSeconds;
    this.#pressure = inputs.readPressure();
  }

  /** Seconds of this life, on a clock that does not jump. */
  get #elapsed(): number {
    return this.#startNs === 0n ? 0 : Number(hrtime.bigint() - this.#startNs) / 1e9;
  }

  /** Seconds of the run, gaps included. */
  get atSeconds(): number {
    return Math.max(this.#inputs.state.atSeconds, this.#startSeconds + this.#elapsed);
  }

  async run(): Promise<void> {
    const { plan, signal } = this.#inputs;
    await this.#start();
    const left = plan.durationSeconds - this.#measuredBefore;
    for (;;) {
      signal.throwIfAborted();
      const elapsed = this.#elapsed;
      if (elapsed >= left) break;
      await this.#enterPhase(elapsed);
      if (elapsed - this.#sampledAt >= plan.sampleSeconds) {
        this.#sampledAt = elapsed;
        await this.#sample();
      }
      if (elapsed - this.#checkpointAt >= plan.checkpointSeconds) await this.#checkpoint();
      this.#tell(elapsed, left);
      await sleep(TICK_MS, undefined, { signal });
    }
    this.#inputs.progress.phase('waiting for the last answers');
    await this.#sample();
    await Promise.all(this.#pairs.map((pair) => pair.drain()));
    await this.#checkpoint();
  }

  /** A last checkpoint of what has happened since the one before, if the processes still answer. */
  async lastWords(): Promise<void> {
    if (!this.#isUp) return;
    const checkpoint = this.#checkpoint().catch(() => undefined);
    await Promise.race([checkpoint, sleep(LAST_WORDS_MS)]);
  }

  /** Nothing is written after this. */
  close(): void {
    this.#isOver = true;
  }

  async #start(): Promise<void> {
    const { plan, state, children, rootDir, progress } = this.#inputs;
    progress.phase('starting the processes');
    this.#pairs = plan.arms.map(({ arm, rates }) => new ArmPair(arm, rates, children, rootDir));
    await Promise.all(this.#pairs.map((pair) => pair.start(plan.seed, plan.broadcastsPerSecond)));
    if (plan.plant !== null) {
      await this.#pairs.find(({ arm }) => arm === 'native')?.plant(plan.plant, plan.plantBytesPerSecond);
    }
    this.#startNs = hrtime.bigint();
    this.#startSeconds = state.atSeconds + gapSeconds(state.writtenAt, new Date());
    this.#pressure = this.#inputs.readPressure();
    this.#phaseFrom = this.#startSeconds;
    this.#apply({
      kind: 'life',
      life: state.lives.length,
      atSeconds: this.#startSeconds,
      startedAt: new Date().toISOString(),
    });
    this.#isUp = true;
  }

  async #enterPhase(elapsed: number): Promise<void> {
    const placed = this.#schedule.at(this.#measuredBefore + elapsed);
    if (this.#placed?.startSeconds === placed.startSeconds) return;
    this.#markPhase();
    this.#placed = placed;
    this.#inputs.progress.phase(placed.phase.kind);
    await Promise.all(this.#pairs.map((pair) => pair.enter(placed.phase)));
  }

  /** Notes the stretch of the current phase that no checkpoint holds yet. */
  #markPhase(): void {
    const now = this.#startSeconds + this.#elapsed;
    const kind = this.#placed?.phase.kind;
    if (kind !== undefined && kind !== 'steady') {
      this.#marks.push({ kind, fromSeconds: this.#phaseFrom, toSeconds: now });
    }
    this.#phaseFrom = now;
  }

  async #sample(): Promise<void> {
    const at = this.#startSeconds + this.#elapsed;
    await Promise.all(this.#pairs.map((pair) => pair.sample(at)));
  }

  async #checkpoint(): Promise<void> {
    const { state, readPressure, onCheckpoint } = this.#inputs;
    const arms: CheckpointEntry['arms'] = {};
    await Promise.all(
      this.#pairs.map(async (pair) => {
        arms[pair.arm] = await pair.take();
      }),
    );
    this.#markPhase();
    const elapsed = this.#elapsed;
    const pressure = readPressure();
    const { stealPercent, psiCpuSome } = pressureBetween(this.#pressure, pressure);
    this.#apply({
      kind: 'checkpoint',
      life: state.lives.length - 1,
      atSeconds: this.#startSeconds + elapsed,
      seconds: elapsed - this.#checkpointAt,
      writtenAt: new Date().toISOString(),
      phases: this.#marks,
      stealPercent,
      psiCpuSome,
      arms,
    });
    this.#marks = [];
    this.#pressure = pressure;
    this.#checkpointAt = elapsed;
    this.#show(stealPercent);
    onCheckpoint();
  }

  /** What the checkpoint says, to whoever watches. */
  #show(stealPercent: number): void {
    const { progress, state } = this.#inputs;
    let errors = 0;
    for (const [arm, { flow, tracks, errors: own }] of state.arms) {
      const { throughput_ops_per_s: rate, ...latencies } = flow.points[flow.points.length - 1]?.last ?? {};
      const points = tracks[tracks.length - 1]?.track.points ?? [];
      const rssBytes = points[points.length - 1]?.last.rssBytes ?? undefined;
      if (rate !== null && rate !== undefined) progress.rate(arm, rate);
      progress.observe(arm, {
        latencyNsP50: latencies.latency_ns_p50,
        latencyNsP99: latencies.latency_ns_p99,
        rssBytes,
      });
      errors += own;
    }
    progress.condition({ stealPercent, errors });
  }

  /** Only what is on the disk counts. */
  #apply(entry: NewEntry): void {
    if (this.#isOver) throw new Error('the run is over');
    this.#inputs.state.apply(this.#inputs.log.append(entry));
  }

  #tell(elapsed: number, left: number): void {
    const { plan, progress } = this.#inputs;
    const next = Math.max(0, plan.checkpointSeconds - (elapsed - this.#checkpointAt));
    const due = Math.min(next, left - elapsed);
    progress.advance(elapsed - this.#toldAt);
    this.#toldAt = elapsed;
    progress.condition({ nextCheckpointSeconds: due });
  }
}

/** How long the run stood still. The only thing that the wall clock decides, since nobody else was there. */
function gapSeconds(writtenAt: string | null, now: Date): number {
  if (writtenAt === null) return 0;
  return Math.max(0, (now.getTime() - Date.parse(writtenAt)) / 1000);
}
