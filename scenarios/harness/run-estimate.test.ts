import { describe, expect, it } from 'vitest';
import { BUILT_IN_DEFAULTS, parseCaseName } from './case-parameters.js';
import { ONE_OF_EACH } from './case-processes.js';
import type { PlannedCase } from './planner.js';
import { planServers } from './round-plan.js';
import { caseSeconds, estimate, type PlanShape } from './run-estimate.js';

function planned(name: string, more: Partial<PlannedCase> = {}): PlannedCase {
  return {
    ...{ name, parameters: parseCaseName(name, BUILT_IN_DEFAULTS).parameters, arms: ['native'] },
    ...{ processes: ONE_OF_EACH, findSessions: false, absentArms: {}, notMeasurable: null },
    ...{ messagesPerSessionMin: 0, checks: [], notJudged: null },
    ...more,
  };
}

function plan(cases: PlannedCase[], more: Partial<PlanShape> = {}): PlanShape {
  const usual = { rounds: 10, slotNs: 2e9, warmupNs: [50e6, 100e6, 100e6], pacingNs: [], idle: null };
  return { cases, servers: planServers(cases), ...usual, ...more };
}

const seconds = (each: PlannedCase, more: Partial<PlanShape> = {}) => caseSeconds(each, plan([each], more));

describe('the estimate of a case', () => {
  it('is its slot and warm-up where requests come round quickly', () => {
    expect(seconds(planned('tcp/depth=16'))).toBeGreaterThan(2.25);
    expect(seconds(planned('tcp/depth=16'))).toBeLessThan(2.6);
    expect(seconds(planned('tcp/depth=16'), { slotNs: 4e9 })).toBeGreaterThan(4.25);
    const two = planned('tcp/depth=16', { arms: ['native', 'limit'] });
    expect(seconds(two)).toBeCloseTo(2 * seconds(planned('tcp/depth=16')), 5);
  });

  it('counts the requests that each window gets under way and back', () => {
    expect(seconds(planned('tcp/depth=50,sessions=100000'))).toBeGreaterThan(15);
  });

  it('counts opening the sessions', () => {
    const many = planned('mem/load=paced,rate=1000,sessions=1000000');
    expect(seconds(many) - seconds(planned('mem/load=paced,rate=1000,sessions=1000'))).toBeCloseTo(5, 1);
  });

  it('counts the messages that each session has to send, as far as a round goes after them', () => {
    const each = planned('mem/load=stream,sessions=100000');
    const due = (messagesPerSessionMin: number, more = {}) =>
      seconds({ ...each, messagesPerSessionMin, ...more }) - seconds(each);
    expect(due(100)).toBe(0);
    expect(due(10_000)).toBeGreaterThan(20);
    expect(due(10_000_000)).toBe(12 * 2);
    expect(due(4_000, { rounds: 5 })).toBeCloseTo(due(8_000), 5);
    expect(due(1_000, { arms: ['rival:message-port'] })).toBeGreaterThan(10 * due(1_000));
  });

  it('counts the tries of a search', () => {
    const search = planned('tcp/load=tick,tickHz=60,groupSize=50,inputsHz=10,sessions=5000', {
      findSessions: true,
    });
    expect(seconds(search)).toBeGreaterThan(7);
    expect(seconds(search, { slotNs: 4e9 })).toBeGreaterThan(seconds(search) + 6);
  });
});

describe('the estimate of a run', () => {
  it('has each case in its rounds, and what rounds and processes take beside', () => {
    const often = planned('tcp/depth=16');
    const seldom = planned('tcp', { rounds: 5 });
    const { seconds: all, progressSeconds } = estimate(plan([often, seldom]));
    expect(progressSeconds).toBeCloseTo(10 * seconds(often) + 5 * seconds(seldom), 5);
    expect(all).toBeGreaterThan(progressSeconds + 15);
    const spread = { ...often, processes: { servers: 6, generators: 12 } };
    expect(estimate(plan([spread, seldom])).seconds).toBeGreaterThan(all + 3);
  });

  it('counts the idle sessions of each round', () => {
    const each = planned('mem/load=paced,rate=1000,sessions=1000');
    const idle = { caseName: each.name, sessions: 1_000_000 };
    expect(estimate(plan([each], { idle })).seconds).toBeCloseTo(estimate(plan([each])).seconds + 50, 1);
  });
});
