import { type CaseParameters, parseCaseName } from '../../../scenarios/harness/case-parameters.js';
import { DISCARD_NS } from '../../../scenarios/harness/window-schedule.js';
import { CLOSED_CASE, type GatedMetric, OPEN_CASE } from './gated-metrics.js';

/** How one invocation goes. The lengths are those that the variance components of this kind of machine gave (DESIGN.md). */
export interface InvocationPlan {
  closed: CaseParameters;
  /** Without its rate, which the first invocation finds out; null when nothing of it is gated. */
  open: CaseParameters | null;
  /** Whether the closed loop is measured, besides warming up. */
  measuresClosed: boolean;
  blocks: number;
  windowNs: number;
  discardNs: number;
  warmUp: WarmUpPlan;
  /** Idle sessions that memory is measured with; null when it is not gated. */
  idleSessions: number | null;
}

export interface WarmUpPlan {
  windowNs: number;
  /** This many windows are compared with as many before them: by their medians, which may differ by `agreement`. */
  windows: number;
  agreement: number;
  secondsMax: number;
}

/** What keeps a unit of this kind of machine below the deviation at which the promise holds (DESIGN.md). */
export const BLOCKS = 32;
/** Shorter than a run's windows: the machine's speed wanders within a block, and a unit is a median over many. */
const WINDOW_NS = 25e6;
/** Every fourth invocation compares the base with itself, too. */
export const CONTROL_EVERY = 4;

const WARM_UP: WarmUpPlan = { windowNs: WINDOW_NS, windows: 10, agreement: 0.03, secondsMax: 10 };

/** A page more or less in a growth of thousands of sessions is far below any limit. */
const IDLE_SESSIONS = 8_000;

export function planInvocation(metrics: readonly GatedMetric[], defaults: CaseParameters): InvocationPlan {
  const of = (name: string): GatedMetric[] => metrics.filter((each) => each.case === name);
  const { parameters: closed, problems } = parseCaseName(CLOSED_CASE, defaults);
  if (problems.length > 0) throw new Error(`the gated case ${CLOSED_CASE}: ${problems.join('; ')}`);
  const open: CaseParameters = { ...defaults, sessions: closed.sessions, load: 'open' };
  return {
    closed,
    open: of(OPEN_CASE).length > 0 ? open : null,
    measuresClosed: of(CLOSED_CASE).length > 0,
    blocks: BLOCKS,
    windowNs: WINDOW_NS,
    discardNs: DISCARD_NS,
    warmUp: WARM_UP,
    idleSessions: metrics.some((each) => each.metric === 'memory_bytes_per_session') ? IDLE_SESSIONS : null,
  };
}

/** Three processes that start, connect hundreds of sessions and end. */
const START_SECONDS = 1.5;
/** Two settled servers, and thousands of sessions; in a third of the invocations before the first look. */
const IDLE_SECONDS = 3;
const IDLE_SHARE = 1 / 3;
/** Draining, and what goes to and fro between the processes, for each window. */
const SWITCH_SECONDS = 0.006;
/** Windows that agree do so soon after there are enough of them. */
const WARM_UP_EXCESS = 1.25;

/** About what an invocation takes, from what it does, for an estimate of the time that is left. */
export function invocationSeconds(plan: InvocationPlan): number {
  const { windowNs, discardNs, warmUp, blocks, idleSessions } = plan;
  const secondsOf = (window: number): number => (window + discardNs) / 1e9 + SWITCH_SECONDS;
  const warming = Math.min(
    warmUp.secondsMax,
    WARM_UP_EXCESS * 2 * warmUp.windows * 2 * secondsOf(warmUp.windowNs),
  );
  const cases = Number(plan.measuresClosed) + Number(plan.open !== null);
  const measuring = cases * blocks * (1 + 1 / CONTROL_EVERY) * 4 * secondsOf(windowNs);
  const idle = idleSessions === null ? 0 : IDLE_SECONDS * IDLE_SHARE;
  return START_SECONDS + idle + warming + measuring;
}
