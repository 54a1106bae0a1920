import type { CaseRecord, CheckRecord, Interval } from '../../scenarios/harness/record.js';
import type { CellState, CellView } from '../view-model/table-view.js';
import type { Expectation } from './expectation.js';

/** How a figure stands to its target. */
export type StandingKind =
  | 'reached'
  | 'missed'
  | 'inconclusive'
  | 'not-measurable'
  | 'not-judged'
  | 'no-target'
  | 'no-record'
  /** Of a whole record: its correctness does not hold, whatever its figures say. */
  | 'failed';

export interface Standing {
  kind: StandingKind;
  reason: string | null;
}

const WORDS: Record<StandingKind, { text: string; state: CellState | null }> = {
  reached: { text: '✓ reached', state: 'pass' },
  missed: { text: '△ missed', state: 'missed' },
  inconclusive: { text: '? inconclusive', state: 'inconclusive' },
  'not-measurable': { text: '○ not measurable here', state: 'not-measurable' },
  'not-judged': { text: '○ not judged', state: 'not-measurable' },
  'no-target': { text: 'no target', state: 'muted' },
  'no-record': { text: 'no record yet', state: 'muted' },
  failed: { text: '✕ failed', state: 'fail' },
};

/** A word and a shape, never colour alone; the reason beside it. */
export function standingCell({ kind, reason }: Standing): CellView {
  const { text, state } = WORDS[kind];
  return { text, ...(reason === null ? {} : { detail: reason }), ...(state === null ? {} : { state }) };
}

/**
 * The run judges by its median. Where the 95 % interval holds the target, another run may judge the other way: that is
 * inconclusive, whichever side the median is on, and the reason says which.
 *
 * @param interval of the figure that the target is about, in the target's own terms; null where there is none
 */
export function standingOf(
  check: CheckRecord,
  expectation: Expectation | null,
  interval: Interval | null,
  body: CaseRecord | undefined,
): Standing {
  if (check.verdict === 'not-measurable') {
    // What the machine lacks says more than that the run was a quick one.
    const unmeasured = body !== undefined && body.status !== 'measured' ? body.reason : null;
    const reason = unmeasured ?? check.reason ?? 'no reason recorded';
    return { kind: isOutOfReach(expectation, body) ? 'not-measurable' : 'not-judged', reason };
  }
  const met = check.verdict === 'pass';
  if (interval !== null && interval[0] < check.limit && check.limit < interval[1]) {
    return {
      kind: 'inconclusive',
      reason: `the median ${met ? 'reaches' : 'misses'} it, but the interval contains it`,
    };
  }
  return { kind: met ? 'reached' : 'missed', reason: check.reason };
}

/** Whether it was the machine that forbade it, and not the options of the run, or an arm that failed. */
function isOutOfReach(expectation: Expectation | null, body: CaseRecord | undefined): boolean {
  if (body === undefined) return true;
  if (body.status !== 'measured') return !hasErrors(body);
  const arms = [expectation?.arm, expectation?.against];
  return arms.some((arm) => arm != null && Object.hasOwn(body.absentArms ?? {}, arm));
}

/** A case whose arms all failed has no figures either, and the machine is not to blame. */
export function hasErrors({ arms }: CaseRecord): boolean {
  return Object.values(arms).some(({ errors = [] }) => errors.length > 0);
}

/** `5 of 8 targets reached, 1 inconclusive, 2 missed`; an empty string where nothing is asked for. */
export function countInWords(standings: readonly Standing[]): string {
  const asked = standings.filter(({ kind }) => kind !== 'no-target' && kind !== 'no-record');
  if (asked.length === 0) return '';
  const count = (kind: StandingKind) => asked.filter((each) => each.kind === kind).length;
  const others = (['missed', 'inconclusive', 'not-measurable', 'not-judged'] as const)
    .filter((kind) => count(kind) > 0)
    .map((kind) => `${count(kind)} ${WORDS[kind].text.slice(2)}`);
  const noun = asked.length === 1 ? 'target' : 'targets';
  return [`${count('reached')} of ${asked.length} ${noun} reached`, ...others].join(', ');
}
