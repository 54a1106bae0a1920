import type { CaseParameters } from '../../../scenarios/harness/case-parameters.js';
import { InterruptedError, throwIfInterrupted } from '../../../scenarios/harness/interruption.js';
import type { GeneratorWindow } from '../../../scenarios/harness/load-generator.js';
import { listenerKey } from '../../../scenarios/harness/load-shapes.js';
import { readCounters, residentBytesOf, targetsOf } from '../../../scenarios/harness/server-parts.js';
import type { Random } from '../../../scenarios/harness/statistics/random.js';
import { blockWindows, type PlannedWindow } from '../../../scenarios/harness/window-schedule.js';
import { groupName } from './arm-failure.js';
import { disturbanceBetween } from './disturbance.js';
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
    } finally {
      if (!this.#context.signal.aborted && this.#started.generator.running) await this.#account(connected);
    }
  }

  async warmUp(plan: WarmUpPlan): Promise<WarmedUp> {
    const { plan: invocation, signal, progress } = this.#context;
    const arms = this.#started.servers.map(({ arm }) => arm);
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

  async #account(connected: readonly GateServer[]): Promise<void> {
    const { generator } = this.#started;
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
