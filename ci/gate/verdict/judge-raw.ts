import { EXIT, type ExitCode } from '../../../scenarios/harness/exit-code.js';
import type { DropKind } from '../invocation/disturbance.js';
import type { GatedMetric } from '../invocation/gated-metrics.js';
import type { InvocationLine } from '../invocation/invocation-record.js';
import type { EndLine, HeaderLine, RawLine } from '../invocation/raw-file.js';
import { type BlockFate, DROPPED_SHARE_MAX, judgeDrops } from '../statistics/dropped-blocks.js';
import { decideGate, type InvocationUnits } from '../statistics/gate-decision.js';
import { GateError } from '../statistics/gate-error.js';
import { concludeGate } from '../statistics/gate-outcome.js';
import { DEFAULT_SPENDING, type GatePlan, gatePlan } from '../statistics/gate-plan.js';
import type { GateState } from '../statistics/gate-state.js';
import { adviceOn, type Fault, faultsOf, ofCandidateAlone } from './correctness.js';
import { GATE_SCHEMA, type GateVerdictFile } from './gate-verdict.js';
import { countedUnit, isUsable, metricName, noisyUnit } from './invocation-units.js';
import { metricLines } from './metric-lines.js';
import { type UsedInvocations, usedInvocations } from './used-invocations.js';

/** What the lines so far say, and whether more are needed. */
export interface Judgement {
  file: GateVerdictFile;
  /** Whether the gate has its verdict: no further invocation changes it. */
  decided: boolean;
  /** Null before the second usable invocation, when it is not yet known what both builds count. */
  state: GateState | null;
}

/**
 * The share of dropped blocks is judged while measuring goes on, from the first look: a neighbour's half minute, in which most
 * blocks of the first invocations are dropped, says little about the rest of the gate.
 */
export const DROPS_JUDGED_FROM = DEFAULT_SPENDING.looks[0];

/**
 * The verdict of one gate: a pure function of its raw lines, so that the same file gives the same bytes, today and in a
 * replay. Reads no clock and draws no chance.
 */
export function judgeRaw(lines: readonly RawLine[]): Judgement {
  const header = lines.find((line) => line.kind === 'header');
  if (header === undefined) throw new Error('a gate begins with its header');
  const invocations = lines.filter((line) => line.kind === 'invocation');
  const end = lines.find((line) => line.kind === 'end') ?? null;
  return new RawJudge(header, invocations, end).judge();
}

class RawJudge {
  readonly #header: HeaderLine;
  readonly #invocations: readonly InvocationLine[];
  readonly #end: EndLine | null;
  readonly #choice: UsedInvocations;
  readonly #fates: BlockFate[];

  constructor(header: HeaderLine, invocations: readonly InvocationLine[], end: EndLine | null) {
    this.#header = header;
    this.#invocations = invocations;
    this.#end = end;
    this.#choice = usedInvocations(header, invocations);
    this.#fates = invocations.flatMap(fatesOf);
  }

  judge(): Judgement {
    const { objections } = this.#header;
    const faults = faultsOf(this.#invocations);
    const ofCandidate = ofCandidateAlone(faults);
    const plan = this.#plan();
    const decided = (code: ExitCode, reasons: string[], state: GateState | null = null): Judgement => ({
      file: this.#file(code, reasons, state, plan),
      decided: true,
      state,
    });
    // The order of precedence of exit codes: what was interrupted has no verdict, and what is wrong has no speed.
    if (this.#end?.why === 'interrupted') {
      return decided(EXIT.interrupted, ['interrupted', ...words(faults)], this.#ended('interrupted', plan));
    }
    if (ofCandidate.length > 0) return decided(EXIT.checkFailed, words([...ofCandidate, ...faults]));
    if (faults.length > 0) return decided(EXIT.inconclusive, [...words(faults), adviceOn(faults)]);
    if (objections.length > 0) return decided(EXIT.inconclusive, [...objections]);
    if (plan === null) return decided(EXIT.inconclusive, ['neither build counts what was asked for']);
    if (this.#end?.why === 'disturbed') {
      return decided(EXIT.inconclusive, this.#whyUnused(), this.#ended('budget', plan));
    }
    const judgement = this.#decide(plan);
    const { objection, droppedShare } = judgeDrops(this.#fates);
    // What is decided has been held against the drops already. Until then only their share ends a gate: whether they depend on
    // the arm is a test with a level, and asked again after every invocation it would object by chance many times as often.
    const tooMany = droppedShare > DROPPED_SHARE_MAX && this.#invocations.length >= DROPS_JUDGED_FROM;
    if (judgement.decided || objection === null || !tooMany) return judgement;
    return decided(EXIT.inconclusive, [objection], this.#ended('budget', plan));
  }

  #decide(plan: GatePlan): Judgement {
    let state: GateState;
    let units: InvocationUnits[];
    let control: InvocationUnits[];
    try {
      units = this.#units();
      state = decideGate(plan, units, this.#end === null ? undefined : 'budget');
      control = this.#controlUnits();
    } catch (error) {
      if (!(error instanceof GateError) || error.code !== 'ERR_GATE_BLOCK') throw error;
      const file = this.#file(EXIT.inconclusive, [error.message], null, plan);
      return { file, decided: true, state: null };
    }
    if (state.phase !== 'decided') {
      return { file: this.#file(EXIT.inconclusive, state.reasons, state, plan), decided: false, state };
    }
    const outcome = concludeGate(plan, state, { units, control, blocks: this.#fates });
    const code = { pass: EXIT.pass, fail: EXIT.regression, inconclusive: EXIT.inconclusive }[outcome.verdict];
    const file = this.#file(code, outcome.reasons, state, plan);
    file.control = outcome.control;
    return { file, decided: true, state };
  }

  #whyUnused(): string[] {
    const { disturbed, uncounted } = this.#choice;
    return [
      ...(disturbed === 0
        ? []
        : [`${disturbed} invocations had too few undisturbed blocks; free the machine and repeat`]),
      ...(uncounted === 0 ? [] : [this.#uncountedWords()]),
    ];
  }

  #uncountedWords(): string {
    const tallies = this.#choice.gated.filter(({ kind }) => kind === 'tally').map(metricName);
    return `${this.#choice.uncounted} invocations lack a count that others have (${tallies.join(', ')}) and are not used`;
  }

  #notes(): string[] {
    const { uncompared, uncounted } = this.#choice;
    return [
      ...uncompared.map(
        (gated) => `${metricName(gated)} is not compared: it was not counted for both builds`,
      ),
      ...(uncounted === 0 ? [] : [this.#uncountedWords()]),
    ];
  }

  #plan(): GatePlan | null {
    const { gated: metrics } = this.#choice;
    if (metrics.length === 0) return null;
    return gatePlan(
      metrics.map((gated) => ({
        name: metricName(gated),
        kind: gated.kind === 'counter' ? 'counter' : 'noisy',
        limitPercent: gated.limitPercent,
      })),
    );
  }

  #units(): InvocationUnits[] {
    const { used, gated: metrics } = this.#choice;
    return used.map((line) =>
      unitsBy(metrics, (gated) =>
        // Later invocations may leave the expensive counters out.
        gated.kind === 'counter' ? countedUnit(line, gated) : noisyUnit(line, gated, 'candidate'),
      ),
    );
  }

  #controlUnits(): InvocationUnits[] {
    const { metrics, blocks } = this.#header;
    const noisy = this.#choice.gated.filter(({ kind }) => kind !== 'counter');
    return this.#choice.used
      .filter((line) => hasControl(line) && isUsable(line, metrics, blocks, 'control'))
      .map((line) => unitsBy(noisy, (gated) => noisyUnit(line, gated, 'control')));
  }

  #ended(why: 'budget' | 'interrupted', plan: GatePlan | null): GateState | null {
    try {
      return plan === null ? null : decideGate(plan, this.#units(), why);
    } catch (error) {
      if (error instanceof GateError) return null;
      throw error;
    }
  }

  #file(
    exitCode: ExitCode,
    reasons: string[],
    state: GateState | null,
    plan: GatePlan | null,
  ): GateVerdictFile {
    const { base, candidate, machine, seed, startedAt } = this.#header;
    const { pOrder: _order, pArm: _arm, ...drops } = judgeDrops(this.#fates);
    const used = state?.invocations ?? this.#choice.used.length;
    return {
      schema: GATE_SCHEMA,
      verdict: VERDICTS[exitCode] ?? 'inconclusive',
      exitCode,
      reasons: [...new Set(reasons)],
      ...{ startedAt, seed, base, candidate, machine },
      invocations: {
        measured: this.#invocations.length,
        used,
        wanted: state?.invocationsWanted ?? plan?.looks[0] ?? DEFAULT_SPENDING.looks[0],
      },
      metrics: metricLines(this.#header.metrics, this.#choice.used.slice(0, used), state),
      drops: { ...drops, causes: causesOf(this.#invocations) },
      control: [],
      notes: this.#notes(),
    };
  }
}

const SIDES = ['candidate', 'control'] as const;

const VERDICTS: Partial<Record<ExitCode, GateVerdictFile['verdict']>> = {
  [EXIT.pass]: 'pass',
  [EXIT.regression]: 'fail',
  [EXIT.checkFailed]: 'fail',
  [EXIT.inconclusive]: 'inconclusive',
  [EXIT.interrupted]: 'interrupted',
};

function unitsBy(
  metrics: readonly GatedMetric[],
  unitOf: (gated: GatedMetric) => number | null,
): InvocationUnits {
  const units = metrics.map((gated) => [metricName(gated), unitOf(gated)] as const);
  return Object.fromEntries(units.filter((each): each is [string, number] => each[1] !== null));
}

/** Whether the base was compared with itself, too. */
function hasControl({ cases }: InvocationLine): boolean {
  return Object.values(cases).some(({ blocks }) => blocks.control.length > 0);
}

function words(faults: readonly Fault[]): string[] {
  return faults.map(({ message }) => message);
}

/**
 * Causes are read over a block as a whole: ten milliseconds, the kernel's tick, are a fifth of a window. A dropped block is
 * followed by its repetition, as long as there may be any.
 */
function fatesOf({ cases }: InvocationLine): BlockFate[] {
  return Object.values(cases).flatMap(({ blocks }) =>
    SIDES.flatMap((side) =>
      blocks[side].map(({ windows, dropped }, index) => ({
        side,
        first: windows[0].arm === 'base' ? 'base' : 'candidate',
        dropped: dropped !== null,
        compared: blocks.control.length > 0 && (blocks[side][index - 1]?.dropped ?? null) === null,
      })),
    ),
  );
}

function causesOf(lines: readonly InvocationLine[]): Partial<Record<DropKind, number>> {
  const causes: Partial<Record<DropKind, number>> = {};
  for (const { cases } of lines) {
    for (const { dropped } of Object.values(cases).flatMap(({ blocks }) => blocks.candidate)) {
      if (dropped === null) continue;
      causes[dropped.kind as DropKind] = (causes[dropped.kind as DropKind] ?? 0) + 1;
    }
  }
  return causes;
}
