import { describe, expect, it } from 'vitest';
import type { FaultPhase } from '../harness/soak-schema.js';
import { FaultSchedule } from './fault-schedule.js';

const PHASES: FaultPhase[] = [
  { kind: 'steady', seconds: 60 },
  { kind: 'slow-readers', seconds: 30, share: 0.1 },
  { kind: 'storm', seconds: 10, share: 0.5 },
];

describe('the schedule of faults', () => {
  it('goes round, each phase for its time', () => {
    const schedule = new FaultSchedule(PHASES, 86_400);
    const kinds = [0, 59.9, 60, 89.9, 90, 99.9, 100, 160, 86_350].map((at) => schedule.at(at).phase.kind);
    expect(kinds).toEqual([
      'steady',
      'steady',
      'slow-readers',
      'slow-readers',
      'storm',
      'storm',
      'steady',
      'slow-readers',
      'steady',
    ]);
    expect(schedule.at(165)).toMatchObject({ startSeconds: 160, endSeconds: 190 });
  });

  it('brings every phase twice into a run that is shorter than two rounds', () => {
    const schedule = new FaultSchedule(PHASES, 50);
    const starts = new Map<number, string>();
    for (let at = 0; at < 50; at += 0.25) {
      const { phase, startSeconds } = schedule.at(at);
      starts.set(Math.round(startSeconds * 1000), phase.kind);
    }
    expect([...starts.values()].sort()).toEqual([
      'slow-readers',
      'slow-readers',
      'steady',
      'steady',
      'storm',
      'storm',
    ]);
  });
});
