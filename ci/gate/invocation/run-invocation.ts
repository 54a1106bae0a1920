import type { Children, ProcessCommand } from '../../../scenarios/harness/arm-process.js';
import type { CaseParameters } from '../../../scenarios/harness/case-parameters.js';
import { throwIfInterrupted } from '../../../scenarios/harness/interruption.js';
import { descriptorsMax } from '../../../scenarios/harness/machine.js';
import type { ProgressSink } from '../../../scenarios/harness/progress.js';
import { createRandom } from '../../../scenarios/harness/statistics/random.js';
import { blame } from './arm-failure.js';
import { measureBytesPerSession, withPredictableCollector } from './bytes-per-session.js';
import { CaseMeasurement } from './case-measurement.js';
import type { ReadDisturbance } from './disturbance.js';
import type { GateArm } from './gate-arms.js';
import { CLOSED_CASE, OPEN_CASE, SATURATION_SHARE, UNBATCHED_CASE } from './gated-metrics.js';
import type { InvocationPlan } from './invocation-plan.js';
import type { InvocationLine } from './invocation-record.js';
import { type GateServer, startArms } from './start-arms.js';

/** What all invocations of a gate share. */
export interface InvocationContext {
  plan: InvocationPlan;
  children: Children;
  armCommand: (arm: GateArm) => ProcessCommand;
  generatorCommand: ProcessCommand;
  signal: AbortSignal;
  progress: ProgressSink;
  readDisturbance: ReadDisturbance;
}

export interface InvocationWish {
  index: number;
  /** Of the gate; every invocation draws its own chances from it. */
  seed: number;
  /** Base against base in a third process, besides. */
  control: boolean;
  /** Memory of idle sessions, besides, where it is gated. */
  idle: boolean;
  /** Rate of the open loop; null in the first invocation, which decides it. */
  ratePerSecond: number | null;
}

/**
 * One invocation: fresh processes in an order of chance, idle memory, warm-up, then block by block every gated case. An
 * arm that fails ends it; what was measured until then is in the line, with the failure.
 * @throws InterruptedError, and whatever is the fault of no arm
 */
export async function runInvocation(
  context: InvocationContext,
  { index, seed, control, idle, ratePerSecond }: InvocationWish,
): Promise<InvocationLine> {
  const { plan, children, signal, progress } = context;
  const random = createRandom(seed).fork(`invocation ${index}`);
  const arms: GateArm[] = control ? ['base', 'candidate', 'control'] : ['base', 'candidate'];
  const line: InvocationLine = {
    ...{ kind: 'invocation', index, seed, startedAt: new Date().toISOString() },
    startOrder: random.shuffled(arms),
    warmUp: { passes: 0, seconds: 0, agreed: false },
    cases: {},
    memoryBytesPerSession: {},
    failure: null,
  };
  const servers: GateServer[] = [];
  // Stopping the processes is what makes a pending command return.
  const stop = (): void => void children.stopAll();
  signal.addEventListener('abort', stop);
  try {
    if (plan.idleSessions !== null && idle) {
      progress.phase(`invocation ${index + 1}: idle memory`);
      const armCommand = (arm: GateArm): ProcessCommand => withPredictableCollector(context.armCommand(arm));
      const started = await startArms(
        line.startOrder,
        [plan.closed],
        children,
        { ...context, armCommand },
        signal,
      );
      servers.push(...started.servers);
      const sizes = [plan.idleSessions, descriptorsMax()] as const;
      const bytes = await measureBytesPerSession(started, plan.closed, sizes, random.fork('idle'));
      line.memoryBytesPerSession = Object.fromEntries(bytes);
      await children.closeAll();
      servers.length = 0;
    }
    const wanted = [plan.closed, ...(plan.open === null ? [] : [plan.open])];
    const started = await startArms(line.startOrder, wanted, children, context, signal);
    servers.push(...started.servers);
    const measurement = (name: string, parameters: CaseParameters): CaseMeasurement =>
      new CaseMeasurement(context, started, name, parameters, random.fork(name), line);

    progress.phase(`invocation ${index + 1}: warm-up`);
    let rate = ratePerSecond;
    await measurement(CLOSED_CASE, plan.closed).within(async (closed) => {
      const { rates: _rates, ...warmUp } = await closed.warmUp(plan.warmUp);
      line.warmUp = warmUp;
      progress.phase(`invocation ${index + 1}: ${CLOSED_CASE}`);
      if (plan.measuresClosed) await closed.measure();
    });
    if (plan.open !== null && rate === null) {
      progress.phase(`invocation ${index + 1}: ${UNBATCHED_CASE}`);
      await measurement(UNBATCHED_CASE, { ...plan.closed, depth: 1 }).within(async (unbatched) => {
        const { rates } = await unbatched.warmUp(plan.warmUp);
        rate = twoDigits(SATURATION_SHARE * (rates.get('base') ?? Number.NaN));
      });
    }
    if (plan.open !== null && rate !== null) {
      progress.phase(`invocation ${index + 1}: ${OPEN_CASE}`);
      await measurement(OPEN_CASE, { ...plan.open, rate }).within(async (open) => {
        // The code is warm; the one pass fills what this load alone needs.
        await open.warmUp({ ...plan.warmUp, secondsMax: 0 });
        await open.measure();
      });
    }
    throwIfInterrupted(signal);
    await children.closeAll();
  } catch (error) {
    // Whatever fails while everything is being stopped fails because of that.
    throwIfInterrupted(signal);
    const failure = await blame(error, servers);
    if (failure === null) throw error;
    line.failure = failure.line;
  } finally {
    signal.removeEventListener('abort', stop);
    await children.stopAll();
  }
  return line;
}

/** A rate that can be said: the same in all invocations, so nothing hangs on its further digits. */
function twoDigits(rate: number): number {
  return Math.max(1, Math.round(Number(rate.toPrecision(2))));
}
