import { describe, expect, it } from 'vitest';
import type { MachineRecord } from '../../scenarios/harness/record.js';
import type { RawLine } from '../gate/invocation/raw-file.js';
import { summariseVerdict } from '../gate/output/gate-summary.js';
import { summariseIdentical } from '../gate/output/identical-summary.js';
import { type SampleOptions, sampleHeader, sampleInvocation } from '../gate/testing/sample-invocations.js';
import { judgeRaw } from '../gate/verdict/judge-raw.js';
import { identicalLines, interleavedLines, storedLines } from './gate-lines.js';
import { formatHistory, parseHistory } from './history-line.js';

const OCCASION = { at: new Date('2024-01-02T03:10:05.000Z'), branch: 'main', anchor: false };

function judged(options: SampleOptions, end: RawLine[] = []) {
  const lines: RawLine[] = [sampleHeader()];
  let judgement = judgeRaw(lines);
  for (let index = 0; !judgement.decided && index < 36; index++) {
    lines.push(sampleInvocation(index, { ...options, control: index % 4 === 3 }), ...end);
    judgement = judgeRaw(lines);
  }
  return judgement.file;
}

describe('what a gate leaves in the history', () => {
  it('is a line for each metric with the figures of the verdict and the finding of the table', () => {
    const file = judged({ slowdown: 0.08 });
    const lines = interleavedLines(file, OCCASION);
    expect(parseHistory(formatHistory(lines), 'h')).toEqual(lines);
    const [line] = lines;
    expect(lines).toHaveLength(1);
    expect(line).toMatchObject({
      ...{ gate: '2024-01-02T03:04:05.000Z 7', at: '2024-01-02T03:10:05.000Z', branch: 'main', minutes: 6 },
      candidate: { commit: 'b'.repeat(40), dirty: true },
      base: { commit: 'a'.repeat(40), dirty: false, why: 'merge base with main' },
      machine: { fingerprint: 'f', cpuModel: 'A processor', cores: 2, kernel: '6.1.0', node: '20.17.0' },
      ...{ comparison: 'base-build', anchor: false, gateVerdict: 'fail', exitCode: 3, invocations: 36 },
      ...{ metric: 'throughput_ops_per_s', unit: 'operations/s', better: 'higher', limitPercent: 5 },
      ...{
        finding: summariseVerdict(file).rows[0].finding,
        slowdownPercent: file.metrics[0].slowdownPercent,
      },
    });
    const [low, high] = line.interval95Percent ?? [];
    expect(low).toBeLessThan(line.slowdownPercent ?? 0);
    expect(high).toBeGreaterThan(line.slowdownPercent ?? 0);
    expect(low).toBeGreaterThan(7);
    expect(high).toBeLessThan(9);
    expect(line.valueBase ?? 0).toBeGreaterThan(line.valueCandidate ?? 0);
  });

  it('is also there when it was inconclusive, without an interval of too few invocations', () => {
    const file = judged({}, [{ kind: 'end', why: 'budget' }]);
    const [line] = interleavedLines(file, OCCASION);
    expect(line).toMatchObject({ gateVerdict: 'inconclusive', exitCode: 4, interval95Percent: null });
  });

  it('is nothing when it was interrupted', () => {
    const file = judged({}, [{ kind: 'end', why: 'interrupted' }]);
    expect(file.verdict).toBe('interrupted');
    expect(interleavedLines(file, OCCASION)).toEqual([]);
  });

  it('is one line without figures when nothing that is served differs', () => {
    const gate = { ...sampleHeader(), machine: sampleHeader().machine };
    const summary = summariseIdentical(gate);
    const lines = identicalLines(gate, summary, OCCASION);
    expect(parseHistory(formatHistory(lines), 'h')).toEqual(lines);
    expect(lines).toMatchObject([
      { comparison: 'identical-files', gateVerdict: 'pass', exitCode: 0, case: null, metric: null },
    ]);
  });

  it('is ratios to the stored runs where there is no base build', () => {
    const machine = { ...sampleHeader().machine, numaNodes: 1, memoryBytes: 1, v8: '11' } as MachineRecord;
    const stored = {
      ...{ name: 'main', runs: [{ build: { commit: 'a'.repeat(40) } }] },
      ...{ build: { commit: 'b'.repeat(40), dirty: false }, options: { seed: 9 } },
    } as unknown as Parameters<typeof storedLines>[0]['stored'];
    const summary = {
      ...{
        verdict: 'inconclusive' as const,
        exitCode: 4,
        comparison: '',
        reasons: [],
        notes: [],
        improved: false,
      },
      rows: [],
    };
    const outcome = { stored, startedAt: '2024-01-02T03:04:05.000Z', machine, summary };
    const compared = {
      ...{
        case: 'tcp/depth=16',
        metric: 'throughput_ops_per_s',
        arm: 'native',
        against: 'stored:main',
        n: 5,
      },
      ...{
        ratio: 0.8,
        ci95: [0.5, 1] as [number, number],
        slowdownPercent: 25,
        limitPercent: 5,
        storedRuns: 2,
      },
      ...{ verdict: 'warn' as const, reason: '' },
    };
    const row = {
      ...compared,
      base: '1',
      candidate: '0.8',
      slowdown: '',
      limit: '',
      finding: 'inconclusive' as const,
    };
    const lines = storedLines(
      { ...outcome, summary: { ...summary, rows: [row] }, comparisons: [compared] },
      OCCASION,
    );
    expect(parseHistory(formatHistory(lines), 'h')).toEqual(lines);
    expect(lines).toMatchObject([
      {
        ...{ comparison: 'stored', unit: 'ratio', better: 'higher', valueBase: 1, valueCandidate: 0.8 },
        ...{ slowdownPercent: 25, interval95Percent: [0, 100], finding: 'inconclusive', invocations: 5 },
        base: { commit: 'a'.repeat(40), dirty: false, why: 'stored baseline "main"' },
      },
    ]);
    // On a machine that was not worth measuring on, the gate still counts as one that was inconclusive.
    expect(storedLines({ ...outcome, comparisons: [] }, OCCASION)).toMatchObject([
      { case: null, gateVerdict: 'inconclusive' },
    ]);
  });
});
