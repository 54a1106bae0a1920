import type { CaseParameters } from './case-parameters.js';
import { LOAD_SHAPES } from './load-shapes.js';
import type { Random } from './statistics/random.js';

/**
 * Which arm is measured when. A block holds the windows of its arms in random order and then its mirror, so that a
 * linear drift of the machine hits all arms alike. Windows are short because the machine's speed wanders.
 */

export const WINDOW_NS = 50e6;
export const DISCARD_NS = 5e6;
/** A window shorter than this many times round all requests in flight would measure its own start. */
const CYCLES_MIN = 3;
/** A window of fewer operations than this has a rate of its own making. */
const OPERATIONS_MIN = 200;
const ROUND_UP_NS = 10e6;
/**
 * Blocks for the least messages per session may be so many times the planned ones: 100 000 sessions that send 10 000
 * messages each need 25 s a round where a round of them has 2 s.
 */
export const EXTRA_FACTOR_MAX = 12;
/** From so many requests in flight on, each code path was taken often enough once the load is up. */
const WARM_REQUESTS = 500_000;

export interface WarmUp {
  /** Windows of each arm in each round; the first is the cold pass. */
  warmupNs: readonly number[];
  /** Further ones of arms whose pace is still to be decided. */
  pacingNs: readonly number[];
}

/** What of the usual warm-up a case needs: to fill and drain five million requests takes seconds, and once is enough. */
export function warmUpOf(parameters: CaseParameters, { warmupNs, pacingNs }: WarmUp): WarmUp {
  const inFlight = LOAD_SHAPES[parameters.load].inFlight(parameters);
  return inFlight < WARM_REQUESTS ? { warmupNs, pacingNs } : { warmupNs: warmupNs.slice(0, 1), pacingNs: [] };
}

/** The pace of one arm in one case; the same in every round. */
export interface ArmPace {
  arm: string;
  windowNs: number;
  /** Blocks of a round in which this arm takes part. */
  blocks: number;
  /** Why the window is longer than the usual one. */
  reason: string | null;
}

export interface PlannedWindow {
  arm: string;
  discardNs: number;
  measureNs: number;
}

/**
 * Decides window length and number of windows of an arm from the rate its warm-up showed. The slot is the time that
 * case and arm get per round: windows with their discarded starts and the waiting for outstanding replies.
 * `windowNsMin` is the least length of a window, for all arms of a scenario whose disturbances come round by the second.
 */
export function paceOf(
  arm: string,
  opsPerSecond: number,
  parameters: CaseParameters,
  slotNs: number,
  windowNsMin: number = WINDOW_NS,
): ArmPace {
  const inFlight = LOAD_SHAPES[parameters.load].inFlight(parameters);
  const rate = Math.max(opsPerSecond, 1);
  const cycleNs = (inFlight / rate) * 1e9;
  const wantedNs = Math.max(CYCLES_MIN * cycleNs, (OPERATIONS_MIN / rate) * 1e9);
  // Two windows are the least a block can hold of an arm.
  const longestNs = Math.max(windowNsMin, slotNs / 2);
  const roundedNs = Math.ceil(wantedNs / ROUND_UP_NS) * ROUND_UP_NS;
  const windowNs = Math.min(longestNs, Math.max(windowNsMin, roundedNs));
  const windowCostNs = DISCARD_NS + windowNs + cycleNs;
  const blocks = Math.max(1, Math.round(slotNs / (2 * windowCostNs)));
  if (windowNs === windowNsMin) return { arm, windowNs, blocks, reason: null };
  const reason =
    inFlight > 0 && CYCLES_MIN * cycleNs >= (OPERATIONS_MIN / rate) * 1e9
      ? `${inFlight} messages in flight come round only every ${(cycleNs / 1e6).toFixed(0)} ms`
      : `it completes only ${Math.round(rate)} operations/s`;
  return { arm, windowNs, blocks, reason };
}

/** The arms of each block of a round: an arm with longer windows takes part in fewer blocks, evenly spread. */
export function blockMembers(paces: readonly ArmPace[]): string[][] {
  const count = Math.max(...paces.map((pace) => pace.blocks));
  return Array.from({ length: count }, (_, block) =>
    paces
      .filter(
        (pace) => Math.floor(((block + 1) * pace.blocks) / count) > Math.floor((block * pace.blocks) / count),
      )
      .map((pace) => pace.arm),
  );
}

/** The windows of one block: random order, then its mirror. */
export function blockWindows(
  members: readonly string[],
  paces: readonly ArmPace[],
  random: Random,
): PlannedWindow[] {
  const order = random.shuffled(members);
  return [...order, ...order.toReversed()].map((arm) => ({
    arm,
    discardNs: DISCARD_NS,
    measureNs: paces.find((pace) => pace.arm === arm)?.windowNs ?? WINDOW_NS,
  }));
}
