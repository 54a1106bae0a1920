import { measured } from './case-round.js';
import type { ArmRound, CaseSamples } from './case-samples.js';
import { throwIfInterrupted } from './interruption.js';
import type { GeneratorWindow, GroupHistograms } from './load-generator.js';
import { listenerKey } from './load-shapes.js';
import { pressureBetween } from './pressure.js';
import { type ArmServer, hasLostGenerator, type RunContext, recordCaseError } from './run-context.js';
import { caseSeconds } from './run-estimate.js';
import { readCounters, targetsOf } from './server-parts.js';
import { SessionSearch } from './session-search.js';
import type { Random } from './statistics/random.js';
import { SparseHistogram } from './statistics/sparse-histogram.js';

/** A number of sessions passes when this share of their frames comes on time. */
export const ON_TIME_SHARE_MIN = 0.999;
/** The first search of an arm begins at this share of the most. */
const FIRST_GUESS_SHARE = 0.1;
const DISCARD_NS = 100e6;
/** A try that something outside has disturbed is repeated, so often in a round and arm. */
const REPEATED_MAX = 3;

/** The try that passed with the most sessions. */
interface Best {
  window: GeneratorWindow;
  histograms: GroupHistograms;
  counters: Record<string, number>;
}

interface Searching {
  server: ArmServer;
  search: SessionSearch;
  best: Best | null;
  repeatsLeft: number;
}

/**
 * One round of a case that asks how many sessions an arm serves in time. Each try opens so many sessions, measures one
 * window and closes them; the arms take turns, in random order, until each has its number. A later round begins where the
 * last one ended.
 */
export async function findSessions(
  context: RunContext,
  samples: CaseSamples,
  servers: readonly ArmServer[],
  round: number,
  random: Random,
): Promise<void> {
  const { sessions } = samples.planned.parameters;
  const searching = new Map<string, Searching>();
  for (const server of servers) {
    const guess = samples.arm(server.arm).rounds.at(-1)?.figures?.players_max ?? sessions * FIRST_GUESS_SHARE;
    const search = new SessionSearch(sessions, guess);
    searching.set(server.arm, { server, search, best: null, repeatsLeft: REPEATED_MAX });
  }
  let block = 0;
  for (;;) {
    const open = [...searching.values()].filter(({ search }) => search.next !== null);
    if (open.length === 0) break;
    for (const each of random.shuffled(open)) {
      throwIfInterrupted(context.signal);
      try {
        await tryNext(context, samples, each, { round, block: block++, seed: random.below(2 ** 32) });
      } catch (error) {
        throwIfInterrupted(context.signal);
        if (hasLostGenerator(each.server)) throw error;
        recordCaseError(samples, round, each.server.arm, error);
        searching.delete(each.server.arm);
      }
    }
  }
  for (const each of searching.values()) samples.arm(each.server.arm).addRound(roundOf(each, round));
  context.progress.advance(caseSeconds(samples.planned, context.plan));
}

async function tryNext(
  context: RunContext,
  samples: CaseSamples,
  searching: Searching,
  place: { round: number; block: number; seed: number },
): Promise<void> {
  const { server, search } = searching;
  const { name, parameters } = samples.planned;
  const { arm, generator } = server;
  const group = `${arm}@${name}`;
  const sessions = search.next as number;
  const targets = targetsOf(server.parts, listenerKey(parameters), sessions);
  await generator.connect(group, targets, sessions, place.seed);
  const before = context.readPressure();
  let result: { window: GeneratorWindow; histograms: GroupHistograms };
  let counters: Record<string, number> = {};
  try {
    const countersBefore = await readCounters(server.parts);
    const measureNs = context.plan.slotNs / 2;
    const [window] = await generator.run([{ group, discardNs: DISCARD_NS, measureNs }], {
      ...parameters,
      sessions,
    });
    const after = await readCounters(server.parts);
    counters = Object.fromEntries(
      Object.entries(after).map(([key, value]) => [key, value - (countersBefore[key] ?? 0)]),
    );
    result = { window, histograms: await generator.histograms(group) };
  } finally {
    if (generator.running && !context.signal.aborted) {
      await generator.disconnect(group);
      const { ledger, sentPerSessionMin } = await generator.ledger(group);
      samples.arm(arm).addLedger(ledger);
      samples.arm(arm).messagesPerSessionMin += sentPerSessionMin;
    }
  }
  const { stealPercent, psiCpuSome, outsideCause } = pressureBetween(before, context.readPressure());
  const dropped = outsideCause !== null && searching.repeatsLeft-- > 0;
  const { round, block } = place;
  samples.blocks.push({ case: name, round, block, stealPercent, psiCpuSome, dropped, reason: outsideCause });
  const { startNs, endNs, framesDue = 0, framesOnTime = 0 } = result.window;
  samples.windows.push({ case: name, arm, round, block, startNs, endNs });
  context.progress.rate(arm, (result.window.operations / (endNs - startNs)) * 1e9);
  if (dropped) return;
  const passed = framesDue > 0 && framesOnTime / framesDue >= ON_TIME_SHARE_MIN;
  if (passed) searching.best = { ...result, counters };
  search.report(sessions, passed);
}

/** What the round says of the arm: the number, and everything else as it was with so many sessions. */
function roundOf({ server, search, best }: Searching, round: number): ArmRound {
  const serviceTime = new SparseHistogram();
  const responseTime = new SparseHistogram();
  serviceTime.add(best?.histograms.serviceTimeNs ?? []);
  responseTime.add(best?.histograms.responseTimeNs ?? []);
  return {
    ...{ round, order: server.order, serviceTime, responseTime },
    windows: best === null ? [] : [measured(best.window, false)],
    counters: best?.counters ?? {},
    rssPeakBytes: Number.NaN,
    memoryBytesPerSession: Number.NaN,
    figures: { players_max: search.best },
  };
}
