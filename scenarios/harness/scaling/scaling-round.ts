import type { ArmProcess, Children, ProcessCommand } from '../arm-process.js';
import type { ArmRound, CaseSamples, MeasuredWindow } from '../case-samples.js';
import { throwIfInterrupted } from '../interruption.js';
import type { PlannedCase, RunPlan } from '../planner.js';
import { type Pressure, type PressureReading, pressureBetween } from '../pressure.js';
import type { ProgressSink } from '../progress.js';
import { recordCaseError } from '../run-context.js';
import type { Random } from '../statistics/random.js';
import { SparseHistogram } from '../statistics/sparse-histogram.js';
import { DISCARD_NS, WINDOW_NS } from '../window-schedule.js';
import { type BlockFigures, figuresOfBlock, figuresOfRound, type PlacedWindow } from './block-figures.js';
import { blocksPerRound, casesWithBlocks, groupsByWork, threadSeconds, usedCores } from './thread-plan.js';
import type { WorkWindow } from './thread-work.js';
import { ALU_ARM, type ThreadWorkName } from './thread-works.js';

/** What a round of cases over threads needs. */
export interface ThreadRunContext {
  plan: RunPlan;
  samples: ReadonlyMap<string, CaseSamples>;
  children: Children;
  command: ProcessCommand;
  random: Random;
  signal: AbortSignal;
  progress: ProgressSink;
  readPressure: () => PressureReading;
}

/** Replacements for dropped blocks, as a share of the planned ones. */
const REPLACED_SHARE_MAX = 0.5;
/** Making a hundred thousand of everything, on a busy machine. */
const PREPARE_TIMEOUT_MS = 60_000;

/** One round: for each work a fresh process, in random order, one after the other, since each wants all processors. */
export async function measureThreadRound(context: ThreadRunContext, round: number): Promise<void> {
  const random = context.random.fork(`threads of round ${round}`);
  const planned = [...context.samples.values()].map(({ planned }) => planned);
  for (const [work, group] of random.shuffled([...groupsByWork(planned)])) {
    throwIfInterrupted(context.signal);
    context.progress.phase(`round ${round + 1}/${context.plan.rounds}: ${work}`);
    const measurement = new WorkMeasurement(context, group, round, random.fork(work));
    try {
      await measurement.measure(work);
    } catch (error) {
      throwIfInterrupted(context.signal);
      measurement.blame(error);
    } finally {
      await context.children.stopAll();
    }
  }
}

/** One work in one round. */
class WorkMeasurement {
  readonly #context: ThreadRunContext;
  readonly #group: readonly PlannedCase[];
  readonly #round: number;
  readonly #random: Random;
  /** By case and arm. */
  readonly #collected = new Map<string, ArmRound>();
  readonly #figures = new Map<string, BlockFigures[]>();
  #block = 0;

  constructor(context: ThreadRunContext, group: readonly PlannedCase[], round: number, random: Random) {
    this.#context = context;
    this.#group = group;
    this.#round = round;
    this.#random = random;
  }

  async measure(work: ThreadWorkName): Promise<void> {
    const { children, command, plan, progress } = this.#context;
    const process = children.start(`threads of ${work}`, command);
    await process.hello();
    const arms = [...new Set(this.#group.flatMap((each) => each.arms))];
    const threadsMax = Math.max(...this.#group.map((each) => each.parameters.threads));
    const request = { work, arms, threadsMax, processors: usedCores(plan) };
    const { absentArms } = (await process.command('prepare', request, PREPARE_TIMEOUT_MS)) as {
      absentArms?: Record<string, string>;
    };
    for (const [arm, reason] of Object.entries(absentArms ?? {})) throw new Error(`${arm}: ${reason}`);
    const ofBlocks = casesWithBlocks(this.#group);
    for (const each of ofBlocks) await this.#run(process, placesOf(each));
    const blocks = blocksPerRound(plan.slotNs);
    let replacementsLeft = Math.ceil(blocks * ofBlocks.length * REPLACED_SHARE_MAX);
    for (let block = 0; block < blocks; block++) {
      for (const each of this.#random.shuffled(ofBlocks)) {
        let kept = await this.#measureBlock(process, each);
        while (!kept && replacementsLeft-- > 0) kept = await this.#measureBlock(process, each);
      }
      progress.advance(threadSeconds(this.#group, plan.slotNs) / blocks);
    }
    await process.close();
    this.#finish();
  }

  blame(error: unknown): void {
    for (const { name, arms } of this.#group) {
      for (const arm of arms) recordCaseError(this.#samplesOf(name), this.#round, arm, error);
    }
  }

  /** Says whether the block was kept. */
  async #measureBlock(process: ArmProcess, planned: PlannedCase): Promise<boolean> {
    throwIfInterrupted(this.#context.signal);
    const order = this.#random.shuffled(placesOf(planned));
    const before = this.#context.readPressure();
    const windows = await this.#run(process, [...order, ...order.toReversed()]);
    const pressure = pressureBetween(before, this.#context.readPressure());
    this.#context.progress.condition({ stealPercent: pressure.stealPercent });
    const dropped = pressure.outsideCause !== null;
    const block = this.#block++;
    const single = this.#group.find((each) => each.parameters.threads === 1 && each !== planned);
    for (const each of single === undefined ? [planned] : [single, planned]) {
      this.#take(each, windows, block, pressure);
    }
    if (!dropped && planned.parameters.threads > 1) {
      for (const arm of planned.arms) {
        const key = `${planned.name} ${arm}`;
        const figures = this.#figures.get(key) ?? [];
        this.#figures.set(key, [...figures, figuresOfBlock(windows, arm, planned.parameters.threads)]);
      }
    }
    return !dropped;
  }

  async #run(process: ArmProcess, places: readonly Place[]): Promise<PlacedWindow[]> {
    const windows = places.map((place) => ({ ...place, discardNs: DISCARD_NS, measureNs: WINDOW_NS }));
    const answer = (await process.command('run', { windows })) as { windows: WorkWindow[] };
    const placed = answer.windows.map((window, index) => ({ ...window, ...places[index] }));
    for (const window of placed) this.#account(window);
    return placed;
  }

  /** Every window's ledger counts, measured or not: in the case of its number of threads, else in the one it is compared for. */
  #account({ arm, threads, ledger }: PlacedWindow): void {
    const taking = this.#group.filter((each) => each.arms.includes(arm));
    const owner = taking.find((each) => each.parameters.threads === threads) ?? taking[0];
    if (owner !== undefined) this.#samplesOf(owner.name).arm(arm).addLedger(ledger);
  }

  #take(planned: PlannedCase, windows: readonly PlacedWindow[], block: number, pressure: Pressure): void {
    const { name, parameters, arms } = planned;
    const samples = this.#samplesOf(name);
    const dropped = pressure.outsideCause !== null;
    samples.blocks.push({
      ...{ case: name, round: this.#round, block, dropped, reason: pressure.outsideCause },
      ...{ stealPercent: pressure.stealPercent, psiCpuSome: pressure.psiCpuSome },
    });
    for (const window of windows) {
      if (window.threads !== parameters.threads || !arms.includes(window.arm)) continue;
      const { arm, startNs, endNs, operations } = window;
      samples.windows.push({ case: name, arm, round: this.#round, block, startNs, endNs });
      this.#collectedOf(name, arm).windows.push(measured(window, dropped));
      this.#context.progress.rate(`${arm} × ${parameters.threads}`, (operations / (endNs - startNs)) * 1e9);
    }
  }

  #finish(): void {
    for (const { name, arms } of this.#group) {
      for (const arm of arms) {
        const collected = this.#collectedOf(name, arm);
        collected.figures = figuresOfRound(this.#figures.get(`${name} ${arm}`) ?? []);
        this.#samplesOf(name).arm(arm).addRound(collected);
      }
    }
  }

  #collectedOf(name: string, arm: string): ArmRound {
    const key = `${name} ${arm}`;
    const known = this.#collected.get(key);
    if (known !== undefined) return known;
    const fresh: ArmRound = {
      ...{ round: this.#round, order: 0, windows: [], counters: {} },
      ...{ serviceTime: new SparseHistogram(), responseTime: new SparseHistogram() },
      ...{ rssPeakBytes: Number.NaN, memoryBytesPerSession: Number.NaN },
    };
    this.#collected.set(key, fresh);
    return fresh;
  }

  #samplesOf(name: string): CaseSamples {
    return this.#context.samples.get(name) as CaseSamples;
  }
}

interface Place {
  arm: string;
  threads: number;
}

/** Every arm and the ALU loop, on one thread and on those of the case. */
function placesOf({ arms, parameters }: PlannedCase): Place[] {
  const counts = [...new Set([1, parameters.threads])];
  return counts.flatMap((threads) => [...arms, ALU_ARM].map((arm) => ({ arm, threads })));
}

function measured({ startNs, endNs, operations, cpuNs }: PlacedWindow, dropped: boolean): MeasuredWindow {
  return {
    ...{ startNs, endNs, operations, dropped, serverCpuNs: cpuNs },
    // Nothing was sent by a generator, and nothing answered.
    ...{ bytes: Number.NaN, generatorCpuNs: Number.NaN, latencyNsP50: null, latencyNsP99: null },
    ...{ framesDue: 0, framesOnTime: 0, intended: 0, answeredInTime: 0 },
  };
}
