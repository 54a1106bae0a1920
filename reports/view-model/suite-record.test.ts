import { describe, expect, it } from 'vitest';
import type { RunRecord } from '../../scenarios/harness/record.js';
import { fixtureRecord } from '../testing/record-fixture.js';
import { armIdentity } from './arm-identity.js';
import { reportModel } from './report-view.js';

/** A record of a suite is the same record; its page speaks of operations and results, not of servers and messages. */

function suiteRecord(): RunRecord {
  const record = fixtureRecord();
  record.scenario = 'suite:event-queue';
  for (const { arms } of Object.values(record.cases)) {
    for (const arm of Object.values(arms)) {
      arm.histograms = {};
      delete arm.metrics.cpu_ns_per_op;
      for (const round of arm.rounds) delete round.metrics.cpu_ns_per_op;
    }
  }
  return record;
}

describe('the page of a suite', () => {
  const { view } = reportModel([suiteRecord()]);
  const [run] = view.runs;
  const titles = run.sections.map((section) => section.title);
  const section = (title: string) => run.sections.find((each) => each.title === title);

  it('has no sections about servers that it has nothing to show in', () => {
    expect(titles).not.toContain('Latency');
    expect(titles).not.toContain('Resources');
    expect(titles).toEqual(expect.arrayContaining(['Ratios', 'Checks', 'Throughput', 'Ledger', 'Methods']));
  });

  it('speaks of results and explains its own words', () => {
    expect(run.verdict.sentence).toContain('no wrong result');
    expect(section('Ledger')?.sentence).toMatch(/operations over all arms.*none had a wrong result/);
    const terms = section('Methods')?.terms?.map(({ term }) => term) ?? [];
    expect(new Set(terms).size).toBe(terms.length);
    expect(terms).toEqual(expect.arrayContaining(['Arm', 'Mean latency', 'Interval']));
    expect(JSON.stringify(section('Methods'))).not.toContain('load generator');
  });

  it('says how many results were wrong', () => {
    const record = suiteRecord();
    const [body] = Object.values(record.cases);
    body.arms.native.ledger.corrupted = 3;
    const [wrong] = reportModel([record]).view.runs;
    expect(wrong.verdict.sentence).toContain('3 corrupted results');
    expect(wrong.sections.find((each) => each.title === 'Ledger')?.sentence).toContain(
      '✕ 3 corrupted in native',
    );
  });

  it('shows variants beside what they vary, and rivals in colours of their own', () => {
    expect(armIdentity('native:spsc')).toMatchObject({ label: 'native (spsc)', role: 'native-2' });
    expect(armIdentity('native:mpsc')).toMatchObject({ label: 'native (mpsc)', role: 'native-1' });
    expect(armIdentity('baseline:mutex')).toMatchObject({ label: 'baseline (mutex)', role: 'baseline' });
    const roles = ['rival:tbb', 'rival:libcuckoo', 'rival:liburcu'].map((name) => armIdentity(name).role);
    expect(new Set(roles).size).toBe(3);
  });
});
