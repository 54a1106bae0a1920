import type { CaseParameters } from './case-parameters.js';
import { LOAD_SHAPES } from './load-shapes.js';
import { mediumOf } from './medium.js';
import type { PlannedCase, RunPlan } from './planner.js';
import { roundsOf } from './round-plan.js';
import { isThreadCase, threadSeconds } from './scaling/thread-plan.js';
import { EXTRA_FACTOR_MAX, paceOf, warmUpOf } from './window-schedule.js';

/**
 * How long a run will take, before anything is known of the machine. What is assumed here is what two cores of a shared
 * machine were seen to do; what a case is told to take (slots, warm-up) is known.
 */

/** Once: noise figure, record, report. Per round: starting and stopping. */
const RUN_OVERHEAD_SECONDS = 3;
const ROUND_OVERHEAD_SECONDS = 1.5;
const PROCESS_SECONDS = 0.1;
/** To open a session and to close it, both ends. */
const SESSION_SECONDS = { sockets: 25e-6, 'in-process': 5e-6 };
/** To get a closed loop under way in step with others, and all of it back. */
const CYCLES_PER_FILL = 2;
/** A search for a number of sessions: tries of an arm in a round, and what each takes beyond its window. */
const SEARCH_TRIES = 7;
const TRY_OVERHEAD_SECONDS = 0.2;

/** What of a plan its length depends on. */
export type PlanShape = Pick<
  RunPlan,
  'cases' | 'servers' | 'rounds' | 'slotNs' | 'warmupNs' | 'pacingNs' | 'idle' | 'windowNsMin'
>;

/** Of the whole run, and of what the cases tell progress of. */
export function estimate(plan: PlanShape): Pick<RunPlan, 'seconds' | 'progressSeconds'> {
  const { cases, servers, rounds, slotNs, idle } = plan;
  const served = cases.filter((each) => !isThreadCase(each));
  const overThreads = rounds * threadSeconds(cases.filter(isThreadCase), slotNs);
  const inCases = served.reduce((sum, each) => sum + roundsOf(each, rounds) * caseSeconds(each, plan), 0);
  const processes = servers.reduce((sum, { parts }) => sum + parts, 0);
  const idleCase = served.find((each) => each.name === idle?.caseName);
  const idleSeconds = idleCase === undefined ? 0 : openSeconds(idleCase, idle?.sessions ?? 0);
  const perRound = ROUND_OVERHEAD_SECONDS + processes * PROCESS_SECONDS + idleSeconds;
  return {
    seconds: RUN_OVERHEAD_SECONDS + rounds * perRound + inCases + overThreads,
    progressSeconds: inCases + overThreads,
  };
}

/** One case in one round. */
export function caseSeconds(
  planned: PlannedCase,
  plan: Pick<RunPlan, 'rounds' | 'slotNs' | 'warmupNs' | 'pacingNs' | 'windowNsMin'>,
): number {
  const { parameters, arms, findSessions } = planned;
  const opening = openSeconds(planned, parameters.sessions);
  if (findSessions) {
    // Half the most, on average.
    const trySeconds = plan.slotNs / 2e9 + TRY_OVERHEAD_SECONDS;
    return SEARCH_TRIES * (arms.length * trySeconds + opening / 2);
  }
  return opening + arms.reduce((sum, arm) => sum + armSeconds(planned, arm, plan), 0);
}

function armSeconds(
  planned: PlannedCase,
  arm: string,
  { rounds, slotNs, windowNsMin, ...usual }: Parameters<typeof caseSeconds>[1],
): number {
  const { parameters, messagesPerSessionMin } = planned;
  const rate = assumedRate(arm, parameters);
  const fillSeconds = (CYCLES_PER_FILL * LOAD_SHAPES[parameters.load].inFlight(parameters)) / rate;
  const { warmupNs } = warmUpOf(parameters, usual);
  const warming = warmupNs.reduce((sum, each) => sum + each / 1e9 + fillSeconds, 0);
  const { windowNs } = paceOf(arm, rate, parameters, slotNs, windowNsMin);
  // A block has two windows of an arm, and each of them is filled and drained, however short the slot is.
  const slot = Math.max(slotNs / 1e9, 2 * (windowNs / 1e9 + fillSeconds));
  const messages = (messagesPerSessionMin * parameters.sessions) / roundsOf(planned, rounds);
  return warming + Math.min(Math.max(slot, messages / rate), slot * (1 + EXTRA_FACTOR_MAX));
}

function openSeconds({ parameters, arms }: PlannedCase, sessions: number): number {
  return arms.length * sessions * SESSION_SECONDS[mediumOf(parameters.transport)];
}

/** Messages per second. */
function assumedRate(arm: string, { transport, depth }: CaseParameters): number {
  const isOurs = arm === 'limit' || arm === 'native' || arm.startsWith('native:');
  if (mediumOf(transport) === 'in-process') return isOurs ? 4e6 : 3e5;
  return isOurs ? Math.min(2e6, 5e4 * depth) : Math.min(1e5, 2e4 * depth);
}
