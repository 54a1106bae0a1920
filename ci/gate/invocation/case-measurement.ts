import type { CaseParameters } from '../../../scenarios/harness/case-parameters.js';
import { InterruptedError, throwIfInterrupted } from '../../../scenarios/harness/interruption.js';
import type { GeneratorWindow } from '../../../scenarios/harness/load-generator.js';
import { listenerKey } from '../../../scenarios/harness/load-shapes.js';
import {
  areRunning,
  readCounters,
  residentBytesOf,
  targetsOf,
} from '../../../scenarios/harness/server-parts.js';
import type { Random } from '../../../scenarios/harness/statistics/random.js';
import { blockWindows, type PlannedWindow } from '../../../scenarios/harness/window-schedule.js';
import { blame, groupName, STALLED } from './arm-failure.js';
import { type DisturbanceReading, disturbanceBetween } from './disturbance.js';
import type { GateArm, GateSide } from './gate-arms.js';
import type { WarmUpPlan } from './invocation-plan.js';
import type { BlockLine, CaseLine, InvocationLine, WindowLine } from './invocation-record.js';
import type { InvocationContext } from './run-invocation.js';
import type { GateServer, StartedArms } from './start-arms.js';
import { type WarmedUp, warmUp } from './warm-up.js';

/** Blocks that replace dropped ones, as a share of the planned ones: beyond that the machine is too busy anyhow. */
const REPLACED_SHARE_MAX = 0.5;

/** One case in one invocation, from opening its sessions to its ledgers. */
export class CaseMeasurement {
  readonly #context: InvocationContext;
  readonly #started: StartedArms;
  readonly #name: string;
  readonly #parameters: CaseParameters;
  readonly #random: Random;
  readonly #line: CaseLine;
  /** From before what is measured at the moment. */
  #before: DisturbanceReading | null = null;

  constructor(
    context: InvocationContext,
    started: StartedArms,
    name: string,
    parameters: CaseParameters,
    random: Random,
    invocation: InvocationLine,
  ) {
    this.#context = context;
    this.#started = started;
    this.#name = name;
    this.#parameters = parameters;
    this.#random = random;
    this.#line = {
      ratePerSecond: parameters.load === 'open' ? parameters.rate : null,
      blocks: { candidate: [], control: [] },
      ledgers: {},
      counters: {},
    };
    invocation.cases[name] = this.#line;
  }

  /** Opens the sessions, does the work, and takes the ledgers whether it succeeded or not. */
  async within(work: (self: this) => Promise<void>): Promise<void> {
    const connected: GateServer[] = [];
    try {
      for (const server of this.#random.shuffled(this.#started.servers)) {
        const { sessions } = this.#parameters;
        const targets = targetsOf(server.parts, listenerKey(this.#parameters), sessions);
        const seed = this.#random.below(2 ** 32);
        await this.#started.generator.connect(groupName(server.arm, this.#name), targets, sessions, seed);
        connected.push(server);
      }
      await work(this);
    } catch (error) {
      const failure = await this.#whose(error, connected);
      // That ledgers cannot be had follows from what failed first, as a rule, and must not stand in its place.
      await this.#account(connected).catch(() => {});
      throw failure;
    }
    await this.#account(connected);
  }

  /** The failure with whose it was, found out while the other arms can still be asked; the error itself where it is nobody's. */
  async #whose(error: unknown, connected: readonly GateServer[]): Promise<unknown> {
    const { signal, readDisturbance } = this.#context;
    if (signal.aborted) return error;
    const failure = await blame(error, this.#started.servers);
    const named = connected.find(({ arm }) => arm === failure?.arm);
    if (failure === null || named === undefined || failure.code !== STALLED || !areRunning(named.parts)) {
      return failure ?? error;
    }
    const disturbed =
      this.#before === null
        ? null
        : disturbanceBetween(this.#before, readDisturbance(this.#started.pids)).dropped;
    const others: GateArm[] = [];
    for (const server of connected) {
      if (server !== named && (await this.#stalls(server))) others.push(server.arm);
    }
    return failure.amid({ others, disturbance: disturbed?.reason ?? null });
  }

  /** Whether one more window of this arm fails, too. */
  async #stalls(server: GateServer): Promise<boolean> {
    const { discardNs, windowNs } = this.#context.plan;
    try {
      const window = { group: groupName(server.arm, this.#name), discardNs, measureNs: windowNs };
      await this.#started.generator.run([window], this.#parameters);
      return false;
    } catch (error) {
      return (await blame(error, [server])) !== null;
    }
  }

  async warmUp(plan: WarmUpPlan): Promise<WarmedUp> {
    const { plan: invocation, signal, progress } = this.#context;
    const arms = this.#started.servers.map(({ arm }) => arm);
    this.#before = this.#context.readDisturbance(this.#started.pids);
    const warmed = await warmUp(
      arms,
      this.#started.generator,
      [this.#name, this.#parameters],
      { ...plan, discardNs: invocation.discardNs },
      // How many passes it takes is the machine's, and must not move the chances of what follows.
      this.#random.fork('warm-up'),
      signal,
    );
    for (const [arm, rate] of warmed.rates) progress.rate(arm, rate);
    return warmed;
  }

  /** Block after block, the control's next to the candidate's: the same minutes for both. */
  async measure(): Promise<void> {
    const { blocks } = this.#context.plan;
    const { servers } = this.#started;
    const sides = (['candidate', 'control'] as const).filter((side) =>
      servers.some(({ arm }) => arm === side),
    );
    const random = this.#random.fork('blocks');
    const before = await this.#counters();
    const left = new Map(sides.map((side) => [side, Math.ceil(blocks * REPLACED_SHARE_MAX)]));
    for (let block = 0; block < blocks; block++) {
      for (const side of random.shuffled(sides)) {
        let kept = await this.#measureBlock(side, random);
        for (let more = left.get(side) ?? 0; !kept && more > 0; more--) {
          left.set(side, more - 1);
          kept = await this.#measureBlock(side, random);
        }
      }
      this.#context.progress.advance(1 / blocks);
    }
    for (const [arm, after] of await this.#counters()) {
      const counted = Object.entries(after).map(([name, value]) => [
        name,
        value - (before.get(arm)?.[name] ?? 0),
      ]);
      this.#line.counters[arm] = Object.fromEntries(counted) as Record<string, number>;
    }
  }

  /** Says whether the block was kept. */
  async #measureBlock(side: GateSide, random: Random): Promise<boolean> {
    throwIfInterrupted(this.#context.signal);
    const { plan, readDisturbance } = this.#context;
    const paces = ['base', side].map((arm) => ({ arm, windowNs: plan.windowNs, blocks: 1, reason: null }));
    const order = blockWindows(['base', side], paces, random);
    const before = readDisturbance(this.#started.pids);
    this.#before = before;
    const windows = await this.#started.generator.run(
      order.map(({ arm, measureNs }) => ({
        group: groupName(arm as GateArm, this.#name),
        discardNs: plan.discardNs,
        measureNs,
      })),
      this.#parameters,
    );
    const disturbance = disturbanceBetween(before, readDisturbance(this.#started.pids));
    const block: BlockLine = {
      windows: windows.map((window, index) => windowLine(order[index], window)),
      ...disturbance,
    };
    this.#line.blocks[side].push(block);
    this.#show(block);
    return block.dropped === null;
  }

  #show({ windows, stealPercent }: BlockLine): void {
    const { progress } = this.#context;
    for (const { arm, operations, startNs, endNs, latencyNs } of windows) {
      const server = this.#started.servers.find((each) => each.arm === arm);
      progress.rate(arm, (operations / (endNs - startNs)) * 1e9);
      progress.observe(arm, {
        latencyNsP50: latencyNs?.p50,
        latencyNsP99: latencyNs?.p99,
        rssBytes: residentBytesOf(server?.parts ?? []),
      });
    }
    progress.condition({ stealPercent });
  }

  async #counters(): Promise<Map<GateArm, Record<string, number>>> {
    const read = this.#started.servers.map(
      async ({ arm, parts }) => [arm, await readCounters(parts)] as const,
    );
    return new Map(await Promise.all(read));
  }

  /** What an interrupt has stopped has no ledgers. */
  async #account(connected: readonly GateServer[]): Promise<void> {
    const { generator } = this.#started;
    if (this.#context.signal.aborted) return;
    for (const { arm } of connected) {
      const group = groupName(arm, this.#name);
      try {
        await generator.disconnect(group);
        this.#line.ledgers[arm] = (await generator.ledger(group)).ledger;
      } catch (error) {
        if (this.#context.signal.aborted) throw new InterruptedError();
        throw error;
      }
    }
  }
}

function windowLine({ arm }: PlannedWindow, window: GeneratorWindow): WindowLine {
  const { startNs, endNs, operations, serverCpuNs, generatorCpuNs, latencyNs } = window;
  const latency =
    latencyNs === null ? null : { samples: latencyNs.samples, p50: latencyNs.p50, p99: latencyNs.p99 };
  return {
    arm: arm as GateArm,
    ...{ startNs, endNs, operations, serverCpuNs, generatorCpuNs, latencyNs: latency },
  };
}
