import { describe, expect, it } from 'vitest';
import { BUILT_IN_DEFAULTS, type CaseParameters, contradictions, parseCaseName } from '../case-parameters.js';
import { evaluateChecks, type JudgedCase } from '../checks.js';
import type { CaseRecord } from '../record.js';

/** What a scenario file can say about work over threads, and what it cannot. */

const THREADS: CaseParameters = { ...BUILT_IN_DEFAULTS, load: 'threads', transport: 'none', work: 'lookup' };

describe('a case of load=threads', () => {
  it('has a work, a number of threads, and the transport that its work is named by', () => {
    expect(contradictions(THREADS)).toEqual([]);
    expect(contradictions({ ...THREADS, work: 'none' })).toEqual([
      'load=threads needs a work: lookup, map, mem-echo, sockets',
    ]);
    expect(contradictions({ ...THREADS, transport: 'tcp' })).toEqual([
      'work=lookup is named by the transport none, not tcp',
    ]);
    expect(parseCaseName('tcp/threads=8,work=sockets', THREADS)).toMatchObject({
      ...{ problems: [], parameters: { transport: 'tcp', threads: 8, work: 'sockets' } },
    });
  });

  it('sends nothing, so that what is said about sending is a mistake, and the other way round', () => {
    expect(contradictions({ ...THREADS, depth: 4 })).toEqual([
      expect.stringMatching(/^depth belongs to load .*; under load=threads it stays 1$/),
    ]);
    expect(contradictions({ ...BUILT_IN_DEFAULTS, threads: 2, work: 'map' })).toEqual([
      'work belongs to load threads; under load=closed it stays none',
      'threads belongs to load threads; under load=closed it stays 1',
    ]);
    expect(parseCaseName('none/threads=300', THREADS).problems[0]).toContain('from 1 to 256');
    expect(parseCaseName('none/work=juggling', THREADS).problems[0]).toContain('work is one of');
  });
});

describe('a check of the lower end of an interval', () => {
  const judged = (value: number, low: number | null) => {
    const planned: JudgedCase = {
      ...{ name: 'none', absentArms: {}, notJudged: null, messagesPerSessionMin: 0 },
      checks: [{ id: 'scales', metric: 'speedup_against_alu', arm: 'native', intervalMin: 0.95 }],
    };
    const ci95: [number, number] | null = low === null ? null : [low, 1.2];
    const metric = { value, unit: '×', better: 'higher' as const, ci95, n: 10 };
    const body = { parameters: {}, status: 'measured', reason: null, arms: {} } as CaseRecord;
    body.arms.native = {
      ...{
        transport: 'none',
        metrics: { speedup_against_alu: metric },
        histograms: {},
        series: {},
        rounds: [],
      },
      ledger: {
        ...{ sent: 1, delivered: 1, droppedCounted: 0, unacknowledgedAtClose: 0 },
        ...{ lost: 0, duplicated: 0, reordered: 0, corrupted: 0 },
      },
    };
    return evaluateChecks(planned, body, []).find(({ id }) => id === 'scales');
  };

  it('is about that end, however good the figure itself is', () => {
    expect(judged(1.1, 0.96)).toMatchObject({ verdict: 'pass', value: 0.96, limit: 0.95 });
    expect(judged(1.1, 0.94)).toMatchObject({ verdict: 'missed', value: 0.94 });
    expect(judged(1.1, 0.94)?.expression).toBe(
      'speedup_against_alu: native, lower end of the 95 % interval ≥ 0.95',
    );
    expect(judged(1.1, null)).toMatchObject({ verdict: 'not-measurable', value: null });
  });
});
