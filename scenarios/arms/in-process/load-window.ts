import { ControlError } from '../serve-commands.js';
import type { Durations, LoadDriver } from './load-driver.js';
import type { WindowPlan } from './load-plan.js';
import { monotonicNs } from './thread-clock.js';

/** Processor time that the two threads have used, in ns. */
export interface ProcessorTimes {
  serverNs: number;
  loadNs: number;
}

export interface WindowSurroundings {
  /** Lets both threads take what has come. */
  turn(): Promise<void>;
  processorTimes(): ProcessorTimes;
  /** Why the sessions are no use any more, or null. */
  problem(): ControlError | null;
  replyTimeoutNs: number;
}

export interface MeasuredWindow {
  startNs: number;
  endNs: number;
  operations: number;
  serverCpuNs: number;
  generatorCpuNs: number;
  durations: Durations;
}

/**
 * One window: filling, discarding, measuring, draining, as the load generator over sockets has it
 * (`native/programs/load_window.h`).
 * @throws ControlError when a session is lost, or a message stays out longer than `replyTimeoutNs`
 */
export async function runWindow(
  driver: LoadDriver,
  plan: WindowPlan,
  surroundings: WindowSurroundings,
): Promise<MeasuredWindow> {
  const patience = new Patience(driver, plan.group, surroundings);
  let nowNs = monotonicNs();
  const watchedTurn = async (): Promise<void> => {
    await surroundings.turn();
    nowNs = monotonicNs();
    patience.check(nowNs);
  };
  const turn = async (): Promise<void> => {
    await watchedTurn();
    driver.pump(nowNs);
  };
  await driver.prepare?.(watchedTurn);
  nowNs = monotonicNs();
  driver.begin(nowNs, plan.discardNs, plan.measureNs);
  driver.pump(nowNs);
  while (!driver.isUp) await turn();
  const measuringNs = nowNs + plan.discardNs;
  driver.bound?.(measuringNs, measuringNs + plan.measureNs);
  while (nowNs < measuringNs) await turn();
  const startNs = nowNs;
  const before = surroundings.processorTimes();
  const completedBefore = driver.completed();
  driver.measure(startNs);
  // A schedule ends when it was to end; whatever else is measured for its time. A turn at least, in either case.
  const untilNs = (driver.isScheduled ? measuringNs : startNs) + plan.measureNs;
  do await turn();
  while (nowNs < untilNs);
  const operations = driver.completed() - completedBefore;
  const after = surroundings.processorTimes();
  const endNs = nowNs;
  driver.rest(endNs);
  while (driver.isBehind || driver.outstanding() > 0) await turn();
  return {
    startNs,
    endNs,
    operations,
    serverCpuNs: after.serverNs - before.serverNs,
    generatorCpuNs: after.loadNs - before.loadNs,
    durations: driver.takeDurations(),
  };
}

/** Notices when nothing is completed any more. */
class Patience {
  readonly #driver: LoadDriver;
  readonly #group: string;
  readonly #surroundings: WindowSurroundings;
  #progress = -1;
  #sinceNs = 0;

  constructor(driver: LoadDriver, group: string, surroundings: WindowSurroundings) {
    this.#driver = driver;
    this.#group = group;
    this.#surroundings = surroundings;
  }

  check(nowNs: number): void {
    const problem = this.#surroundings.problem();
    if (problem !== null) throw problem;
    const progress = this.#driver.progress();
    if (progress !== this.#progress || this.#driver.outstanding() === 0) {
      this.#progress = progress;
      this.#sinceNs = nowNs;
      return;
    }
    if (nowNs - this.#sinceNs <= this.#surroundings.replyTimeoutNs) return;
    throw new ControlError(
      'ERR_GENERATOR_REPLY_TIMEOUT',
      `group ${this.#group}: ${this.#driver.outstanding()} messages are out, none was completed for ` +
        `${Math.round((nowNs - this.#sinceNs) / 1e6)} ms (limit ${this.#surroundings.replyTimeoutNs / 1e6} ms)`,
    );
  }
}
