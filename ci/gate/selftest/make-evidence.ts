import { createRandom } from '../../../scenarios/harness/statistics/random.js';
import type { GateSide } from '../invocation/gate-arms.js';
import type { InvocationUnits } from '../statistics/gate-decision.js';
import type { GatePlan } from '../statistics/gate-plan.js';
import { type PowerPoint, powerCurve } from '../statistics/power-curve.js';
import { metricName } from '../verdict/invocation-units.js';
import type { Stretch } from './bank-file.js';
import { type BankMetric, LEDGER_COUNTS } from './bank-lines.js';
import { bankPlan, faultsIn, unitsOf } from './bank-units.js';
import {
  EVIDENCE_SCHEMA,
  type Evidence,
  type EvidenceBuild,
  type EvidenceMachine,
  type EvidenceSeries,
  type PowerSeries,
} from './evidence.js';
import { findingsOf } from './findings.js';
import { replayedTally, tallyOf } from './gate-tally.js';
import { measuredSlowdown } from './measured-slowdown.js';
import { SelftestError } from './selftest-error.js';
import { INJECTIONS, isInjected, SELFTEST_KINDS, type SeriesName } from './selftest-kinds.js';
import { wantedSeries } from './wanted-series.js';
import { playGates } from './whole-gates.js';

export interface ReadBank {
  file: string;
  sha256: string;
  stretches: Stretch[];
}

/** Of the replays: any would do, and always the same one makes the same page. */
const SEED = 1;
/** From 368 on, with none on the wrong side, the bound of 95 % lies within one in a hundred; and a page takes seconds. */
const REPLAYED_GATES = 400;
/** Of a shorter stretch centring on its own mean takes too much of its noise. */
const REPLAYED_STRETCH_MIN = 12;

/** Everything that banks show; a pure function of them. Throws `SelftestError` for banks of different metrics or blocks. */
export function makeEvidence(banks: readonly ReadBank[]): Evidence {
  const stretches = banks.flatMap((bank) => bank.stretches);
  const metrics = metricsOf(banks);
  const plan = metrics.length === 0 ? null : bankPlan(metrics);
  const series =
    plan === null ? [] : seriesNames(stretches).map((name) => seriesOf(name, stretches, metrics, plan));
  const power = plan === null ? [] : powerOf(stretches, plan);
  return {
    schema: EVIDENCE_SCHEMA,
    seed: SEED,
    banks: banks.map(({ file, sha256, stretches: own }) => ({
      ...{ file, sha256, stretches: own.length },
      invocations: own.reduce((sum, { invocations }) => sum + invocations.length, 0),
    })),
    machines: machinesOf(stretches),
    builds: buildsOf(stretches),
    metrics: metrics.map((each) => ({ name: metricName(each), ...each })),
    ...{ series, power, wanted: wantedSeries(series) },
    findings: findingsOf(series, power, metrics),
  };
}

function metricsOf(banks: readonly ReadBank[]): BankMetric[] {
  const [first, ...others] = banks.flatMap(({ file, stretches }) =>
    stretches.map(({ header: { metrics, blocks, windowMs } }) => ({
      ...{ file, metrics, gated: JSON.stringify(metrics) },
      blocks: `${blocks} blocks of four windows of ${windowMs} ms`,
    })),
  );
  const refuse = (other: string, how: string): SelftestError =>
    new SelftestError('ERR_SELFTEST_BANK', `${first.file} and ${other} ${how}; report them apart`);
  for (const { file, gated, blocks } of others) {
    if (gated !== first.gated) throw refuse(file, 'gate different metrics');
    // Their noise is that of two different gates.
    if (blocks !== first.blocks) throw refuse(file, `measured ${first.blocks} and ${blocks}`);
  }
  return first?.metrics ?? [];
}

function seriesNames(stretches: readonly Stretch[]): SeriesName[] {
  const names = new Map(
    stretches.map(({ header: { series } }) => [`${series.kind} ${series.percent}`, series]),
  );
  const place = ({ kind }: SeriesName): number => SELFTEST_KINDS.indexOf(kind);
  return [...names.values()].sort(
    (left, right) => place(left) - place(right) || (left.percent ?? 0) - (right.percent ?? 0),
  );
}

function seriesOf(
  name: SeriesName,
  all: readonly Stretch[],
  metrics: readonly BankMetric[],
  plan: GatePlan,
): EvidenceSeries {
  const own = all.filter(
    ({ header: { series } }) => series.kind === name.kind && series.percent === name.percent,
  );
  const invocations = own.flatMap((stretch) => stretch.invocations);
  const candidate = unitsByStretch(own, 'candidate');
  const control = unitsByStretch(own, 'control');
  const failed = invocations.filter((each) => faultsIn(each).length > 0).length;
  const usable = candidate.reduce((sum, { length }) => sum + length, 0);
  const targets = isInjected(name.kind) ? INJECTIONS[name.kind].targets.map(metricName) : [];
  const amounts = own.flatMap(({ header: { amount } }) => (amount === null ? [] : [amount]));
  const played = own.map((stretch) => playGates(stretch, plan));
  return {
    ...name,
    stretches: own.length,
    amounts: [...new Set(amounts)],
    invocations: {
      ...{ measured: invocations.length, usable, failed },
      disturbed: invocations.filter(({ failure }) => failure === null).length - usable,
    },
    metrics: metrics.map(metricName).map((metric) => ({
      ...{ name: metric, targeted: targets.includes(metric) },
      ...measuredSlowdown(candidate.map((units) => units.map((each) => each[metric]))),
      control: measuredSlowdown(control.map((units) => units.map((each) => each[metric]))),
    })),
    drops: dropsOf(own),
    ledger: ledgerOf(own),
    wholeGates: tallyOf(played.flatMap(({ whole }) => whole)),
    unfinishedGates: played.filter(({ unfinished }) => unfinished).length,
    replayedGates: replaysOf(name, candidate, targets, plan),
  };
}

function unitsByStretch(stretches: readonly Stretch[], side: GateSide): InvocationUnits[][] {
  return stretches.map(({ header, invocations }) =>
    invocations.map((each) => unitsOf(header, each, side)).filter((units) => units !== null),
  );
}

/** Equal builds are replayed as they are; injected ones at what was wanted, in each metric that the work targets. */
function replaysOf(
  { kind, percent }: SeriesName,
  runs: readonly InvocationUnits[][],
  targets: readonly string[],
  plan: GatePlan,
): EvidenceSeries['replayedGates'] {
  const metrics = targets.length > 0 ? targets : [plan.metrics[0].name];
  const tallies = metrics.map((metric) => {
    const points = replay(runs, plan, metric, `${kind} ${percent} ${metric}`, [percent ?? 0]);
    return points === null ? null : replayedTally(metric, points[0]);
  });
  return tallies.every((tally) => tally !== null) ? tallies : null;
}

function powerOf(stretches: readonly Stretch[], plan: GatePlan): PowerSeries[] {
  const equal = stretches.filter(
    ({ header: { series } }) => series.kind === 'aa' || series.kind === 'neutral',
  );
  const runs = longEnough(unitsByStretch(equal, 'candidate'));
  return plan.metrics.flatMap(({ name: metric }) => {
    const points = replay(runs, plan, metric, `power ${metric}`);
    if (points === null) return [];
    return [{ metric, invocations: runs.flat().length, stretches: runs.length, points }];
  });
}

function longEnough(runs: readonly InvocationUnits[][]): InvocationUnits[][] {
  return runs.filter(({ length }) => length >= REPLAYED_STRETCH_MIN);
}

/** Null where the runs are shorter than the longest gate. */
function replay(
  runs: readonly InvocationUnits[][],
  plan: GatePlan,
  metric: string,
  name: string,
  slowdownsPercent?: readonly number[],
): PowerPoint[] | null {
  const long = longEnough(runs);
  const most = plan.looks[plan.looks.length - 1] + plan.confirmationInvocations;
  if (long.flat().length < most) return null;
  const random = createRandom(SEED).fork(name);
  return powerCurve({ runs: long }, plan, { metric, gates: REPLAYED_GATES, random, slowdownsPercent });
}

function dropsOf(stretches: readonly Stretch[]): EvidenceSeries['drops'] {
  const drops: EvidenceSeries['drops'] = { blocks: 0, dropped: 0, causes: {} };
  for (const { blocks, causes } of stretches
    .flatMap((each) => each.invocations)
    .map((each) => each.drops.candidate)) {
    drops.blocks += blocks;
    for (const [cause, count] of Object.entries(causes)) {
      drops.dropped += count;
      drops.causes[cause] = (drops.causes[cause] ?? 0) + count;
    }
  }
  return drops;
}

function ledgerOf(stretches: readonly Stretch[]): EvidenceSeries['ledger'] {
  const sum = { sent: 0, delivered: 0, lost: 0, duplicated: 0, corrupted: 0, otherFaults: 0 };
  for (const { ledgers, failure } of stretches.flatMap((each) => each.invocations)) {
    // What a process that died had out is no message lost on the way.
    if (failure !== null) continue;
    for (const ledger of Object.values(ledgers)) {
      for (const [place, name] of LEDGER_COUNTS.entries()) sum[name] += ledger[place];
    }
  }
  return sum;
}

function machinesOf(stretches: readonly Stretch[]): EvidenceMachine[] {
  const machines = new Map<string, EvidenceMachine>();
  for (const { header } of stretches) {
    const { aluNoisePercent: noise, ...facts } = header.machine;
    const key = JSON.stringify(facts);
    const known = machines.get(key);
    machines.set(key, {
      ...facts,
      stretches: (known?.stretches ?? 0) + 1,
      aluNoisePercent: [
        Math.min(noise, known?.aluNoisePercent[0] ?? noise),
        Math.max(noise, known?.aluNoisePercent[1] ?? noise),
      ],
    });
  }
  return [...machines.values()];
}

function buildsOf(stretches: readonly Stretch[]): EvidenceBuild[] {
  const builds = new Map<string, EvidenceBuild>();
  for (const { header, invocations } of stretches) {
    const { blocks, windowMs, build } = header;
    const { commit, dirty } = build;
    const key = JSON.stringify([commit, dirty]);
    const known = builds.get(key);
    builds.set(key, {
      ...{ commit, dirty, blocks, windowMs },
      stretches: (known?.stretches ?? 0) + 1,
      invocations: (known?.invocations ?? 0) + invocations.length,
    });
  }
  return [...builds.values()];
}
