import type { ArmRound, CaseSamples, MeasuredWindow } from './case-samples.js';
import { ControlError } from './control-client.js';
import { throwIfInterrupted } from './interruption.js';
import type { GeneratorWindow, LoadGenerator } from './load-generator.js';
import { listenerKey } from './load-shapes.js';
import { pressureBetween } from './pressure.js';
import { roundsDone, roundsOf } from './round-plan.js';
import { type ArmServer, hasLostGenerator, type RunContext, recordCaseError } from './run-context.js';
import { caseSeconds } from './run-estimate.js';
import { ScrapeTally } from './scrape-tally.js';
import {
  areRunning,
  peakBytesOf,
  readCounters,
  resetPeaks,
  residentBytesOf,
  targetsOf,
} from './server-parts.js';
import type { Random } from './statistics/random.js';
import { SparseHistogram } from './statistics/sparse-histogram.js';
import {
  blockMembers,
  blockWindows,
  DISCARD_NS,
  EXTRA_FACTOR_MAX,
  type PlannedWindow,
  paceOf,
  warmUpOf,
} from './window-schedule.js';

/** Replacements for dropped blocks, as a share of the planned ones. */
const REPLACED_SHARE_MAX = 0.5;

/** One case in one round, from opening its sessions to its ledger. */
export async function measureCase(
  context: RunContext,
  samples: CaseSamples,
  servers: readonly ArmServer[],
  round: number,
  random: Random,
): Promise<void> {
  const measurement = new CaseMeasurement(context, samples, round, random);
  try {
    await measurement.connect(servers);
    await measurement.warmUp();
    await measurement.measure();
  } catch (error) {
    throwIfInterrupted(context.signal);
    if (servers.some(hasLostGenerator)) throw error;
    await measurement.blame(error);
  } finally {
    if (!context.signal.aborted) await measurement.finish();
  }
}

interface Taking {
  server: ArmServer;
  group: string;
  collected: ArmRound;
  countersBefore: Record<string, number>;
}

class CaseMeasurement {
  readonly #context: RunContext;
  readonly #samples: CaseSamples;
  readonly #round: number;
  readonly #random: Random;
  readonly #taking = new Map<string, Taking>();
  #block = 0;
  #complete = false;

  constructor(context: RunContext, samples: CaseSamples, round: number, random: Random) {
    this.#context = context;
    this.#samples = samples;
    this.#round = round;
    this.#random = random;
  }

  async connect(servers: readonly ArmServer[]): Promise<void> {
    const { name, parameters } = this.#samples.planned;
    for (const server of this.#random.shuffled(servers)) {
      const group = `${server.arm}@${name}`;
      const seed = this.#random.below(2 ** 32);
      try {
        const targets = targetsOf(server.parts, listenerKey(parameters), parameters.sessions);
        await server.generator.connect(group, targets, parameters.sessions, seed);
      } catch (error) {
        if (hasLostGenerator(server)) throw error;
        recordCaseError(this.#samples, this.#round, server.arm, error);
        continue;
      }
      const collected: ArmRound = {
        round: this.#round,
        order: server.order,
        windows: [],
        serviceTime: new SparseHistogram(),
        responseTime: new SparseHistogram(),
        counters: {},
        rssPeakBytes: Number.NaN,
        memoryBytesPerSession: Number.NaN,
      };
      if (this.#context.plan.idle?.caseName === name) {
        collected.memoryBytesPerSession = server.memoryBytesPerSession;
      }
      this.#taking.set(server.arm, { server, group, collected, countersBefore: {} });
    }
  }

  /** The first pass is the cold one; the last decides the pace of arms that have none yet. */
  async warmUp(): Promise<void> {
    const { planned, paces } = this.#samples;
    const { slotNs, windowNsMin } = this.#context.plan;
    const { warmupNs, pacingNs } = warmUpOf(planned.parameters, this.#context.plan);
    let rates = new Map<string, number>();
    for (const [pass, measureNs] of warmupNs.entries()) {
      rates = await this.#warmUpPass([...this.#taking.keys()], measureNs);
      if (pass > 0) continue;
      for (const [arm, rate] of rates) this.#samples.arm(arm).coldRates.push(rate);
    }
    const unpaced = [...this.#taking.keys()].filter((arm) => !paces.has(arm));
    for (const measureNs of pacingNs) {
      for (const [arm, rate] of await this.#warmUpPass(unpaced, measureNs)) rates.set(arm, rate);
    }
    for (const arm of unpaced) {
      paces.set(arm, paceOf(arm, rates.get(arm) ?? 0, planned.parameters, slotNs, windowNsMin));
    }
  }

  async #warmUpPass(arms: readonly string[], measureNs: number): Promise<Map<string, number>> {
    throwIfInterrupted(this.#context.signal);
    const order = this.#random.shuffled(arms);
    if (order.length === 0) return new Map();
    const windows = await this.#run(order.map((arm) => ({ arm, discardNs: DISCARD_NS, measureNs })));
    return new Map(windows.map((window, index) => [order[index], rateOf(window)]));
  }

  async measure(): Promise<void> {
    for (const taking of this.#taking.values()) {
      const { scrapes } = await taking.server.generator.histograms(taking.group);
      this.#takeFaults(taking, scrapes);
      taking.countersBefore = await readCounters(taking.server.parts);
      resetPeaks(taking.server.parts);
    }
    const paces = [...this.#samples.paces.values()].filter((pace) => this.#taking.has(pace.arm));
    if (paces.length === 0) return;
    const planned = blockMembers(paces);
    const seconds = caseSeconds(this.#samples.planned, this.#context.plan);
    let replacementsLeft = Math.ceil(planned.length * REPLACED_SHARE_MAX);
    for (const members of planned) {
      let kept = await this.#measureBlock(members);
      while (!kept && replacementsLeft-- > 0) kept = await this.#measureBlock(members);
      this.#context.progress.advance(seconds / planned.length);
    }
    await this.#reachMessages(planned.length * EXTRA_FACTOR_MAX);
    for (const { server, collected, countersBefore } of this.#taking.values()) {
      const after = await readCounters(server.parts);
      for (const [counter, value] of Object.entries(after)) {
        collected.counters[counter] = value - (countersBefore[counter] ?? 0);
      }
      collected.rssPeakBytes = peakBytesOf(server.parts);
    }
    this.#complete = true;
  }

  /** Finds whom a failed command was about and records the error there; nobody in particular: everywhere. */
  async blame(error: unknown): Promise<void> {
    const named = error instanceof ControlError ? error.group : null;
    const open: Taking[] = [];
    for (const taking of this.#running()) {
      const { ledger } = await taking.server.generator.ledger(taking.group);
      if (ledger.unacknowledgedAtClose > 0 || ledger.lost !== 0) open.push(taking);
    }
    // Asked after the ledgers: the end of a process is noticed a moment later than its broken connections.
    const stopped = [...this.#taking.values()].filter((taking) => !areRunning(taking.server.parts));
    const byGroup = [...this.#taking.values()].filter((taking) => taking.group === named);
    const guilty = [byGroup, stopped, open, [...this.#taking.values()]].find((some) => some.length > 0);
    for (const { server } of guilty ?? []) recordCaseError(this.#samples, this.#round, server.arm, error);
    if (guilty === undefined) {
      for (const arm of this.#samples.planned.arms) recordCaseError(this.#samples, this.#round, arm, error);
    }
  }

  /** Closes the sessions and takes the ledgers: every message is accounted for whether the case succeeded or not. */
  async finish(): Promise<void> {
    for (const { server, group, collected } of this.#running()) {
      const samples = this.#samples.arm(server.arm);
      await server.generator.disconnect(group);
      const taken = await server.generator.ledger(group);
      samples.addLedger(taken.ledger);
      samples.messagesPerSessionMin += taken.sentPerSessionMin;
      samples.killedSessions += taken.killedSessions;
      samples.unacknowledgedOnKilled += taken.unacknowledgedOnKilled;
      if (this.#complete) samples.addRound(collected);
    }
  }

  /** Those that can still be asked: an in-process arm that ended has taken its ledger along. */
  #running(): Taking[] {
    return [...this.#taking.values()].filter((taking) => taking.server.generator.running);
  }

  /** An arm below its share of the least messages per session gets blocks of its own. */
  async #reachMessages(blocksMax: number): Promise<void> {
    const { planned } = this.#samples;
    const { rounds } = this.#context.plan;
    const due =
      (planned.messagesPerSessionMin * roundsDone(planned, this.#round, rounds)) / roundsOf(planned, rounds);
    for (let extra = 0; extra < blocksMax; extra++) {
      const behind: string[] = [];
      for (const [arm, { server, group }] of this.#taking) {
        const { sentPerSessionMin } = await server.generator.ledger(group);
        if (this.#samples.arm(arm).messagesPerSessionMin + sentPerSessionMin < due) behind.push(arm);
      }
      if (behind.length === 0) return;
      await this.#measureBlock(behind);
    }
  }

  /** Says whether the block was kept. */
  async #measureBlock(members: readonly string[]): Promise<boolean> {
    throwIfInterrupted(this.#context.signal);
    const { planned, paces, windows: windowRecords, blocks } = this.#samples;
    const block = this.#block++;
    const order = blockWindows(members, [...paces.values()], this.#random);
    const before = this.#context.readPressure();
    const windows = await this.#run(order);
    const pressure = pressureBetween(before, this.#context.readPressure());
    const dropped = pressure.outsideCause !== null;
    blocks.push({
      case: planned.name,
      round: this.#round,
      block,
      stealPercent: pressure.stealPercent,
      psiCpuSome: pressure.psiCpuSome,
      dropped,
      reason: pressure.outsideCause,
    });
    for (const [index, window] of windows.entries()) {
      const { arm } = order[index];
      const { startNs, endNs } = window;
      windowRecords.push({ case: planned.name, arm, round: this.#round, block, startNs, endNs });
      (this.#taking.get(arm) as Taking).collected.windows.push(measured(window, dropped));
      this.#context.progress.rate(arm, rateOf(window));
      const { latencyNs } = window;
      this.#context.progress.observe(arm, { latencyNsP50: latencyNs?.p50, latencyNsP99: latencyNs?.p99 });
    }
    this.#showCondition(members, pressure.stealPercent);
    // Histograms are taken block by block, so that a dropped block leaves no trace in them.
    const takings = members.map((arm) => this.#taking.get(arm) as Taking);
    const histograms = await Promise.all(
      takings.map(({ server, group }) => server.generator.histograms(group)),
    );
    for (const [index, taking] of takings.entries()) {
      const { serviceTimeNs, responseTimeNs, scrapes } = histograms[index];
      this.#takeFaults(taking, scrapes);
      if (dropped) continue;
      const { collected } = taking;
      collected.serviceTime.add(serviceTimeNs);
      collected.responseTime.add(responseTimeNs ?? []);
      if (scrapes === undefined) continue;
      collected.scrapes ??= new ScrapeTally();
      collected.scrapes.addAll(scrapes);
    }
    return !dropped;
  }

  /** Between blocks, where nothing is measured. */
  #showCondition(members: readonly string[], stealPercent: number): void {
    const { progress, samples } = this.#context;
    for (const arm of members) {
      const { parts } = (this.#taking.get(arm) as Taking).server;
      progress.observe(arm, { rssBytes: residentBytesOf(parts) });
    }
    const arms = [...samples.values()].flatMap((each) => [...each.arms.values()]);
    progress.condition({ stealPercent, errors: arms.reduce((sum, arm) => sum + arm.errors.length, 0) });
  }

  /** A wrong answer to a scrape is an error of the arm, whatever else became of the block. */
  #takeFaults({ server }: Taking, scrapes: ScrapeTally | undefined): void {
    for (const fault of scrapes?.faults ?? []) {
      const error = new ControlError('ERR_SCRAPE_ANSWER', `admin endpoint: ${fault}`);
      recordCaseError(this.#samples, this.#round, server.arm, error);
    }
  }

  /** Neighbours that share a generator go to it in one command, without the harness between them. */
  async #run(windows: readonly PlannedWindow[]): Promise<GeneratorWindow[]> {
    const results: GeneratorWindow[] = [];
    for (let first = 0, end = 0; first < windows.length; first = end) {
      const generator = this.#generatorOf(windows[first]);
      while (end < windows.length && this.#generatorOf(windows[end]) === generator) end++;
      const groups = windows.slice(first, end).map(({ arm, discardNs, measureNs }) => ({
        group: (this.#taking.get(arm) as Taking).group,
        discardNs,
        measureNs,
      }));
      results.push(...(await generator.run(groups, this.#samples.planned.parameters)));
    }
    return results;
  }

  #generatorOf({ arm }: PlannedWindow): LoadGenerator {
    return (this.#taking.get(arm) as Taking).server.generator;
  }
}

function rateOf(window: GeneratorWindow): number {
  return (window.operations / (window.endNs - window.startNs)) * 1e9;
}

export function measured(window: GeneratorWindow, dropped: boolean): MeasuredWindow {
  const { startNs, endNs, operations, bytes, serverCpuNs, generatorCpuNs, latencyNs } = window;
  const { framesDue = 0, framesOnTime = 0 } = window;
  return {
    startNs,
    endNs,
    operations,
    bytes,
    intended: window.intended ?? 0,
    answeredInTime: window.answeredInTime ?? 0,
    serverCpuNs,
    generatorCpuNs,
    latencyNsP50: latencyNs?.p50 ?? null,
    latencyNsP99: latencyNs?.p99 ?? null,
    framesDue,
    framesOnTime,
    dropped,
  };
}
