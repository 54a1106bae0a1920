import { describe, expect, it } from 'vitest';
import type { RunRecord } from '../../scenarios/harness/record.js';
import { fixtureRecord } from '../testing/record-fixture.js';
import {
  failedLedger,
  generatorBound,
  interrupted,
  missedChecks,
  notMeasurable,
} from '../testing/record-variants.js';
import { reportModel } from './report-view.js';
import { throughputView } from './throughput-view.js';
import { verdictView } from './verdict-view.js';

const record = fixtureRecord({ rounds: 6, blocksPerRound: 5 });

describe('verdict', () => {
  it('is one sentence with ratio, interval, limit, losses and outcome', () => {
    const single = structuredClone(record);
    single.comparisons = single.comparisons.filter((row) => row.case === 'tcp');
    const [first] = single.comparisons;
    Object.assign(first!, { ratio: 21.44, ci95: [20.61, 22.29] });
    expect(verdictView(single).sentence).toMatch(
      /^concurrent-1k: native serves 21\.4× the baseline \[20\.6, 22\.3\], and 0\.\d{3}× of what the kernel can do \[0\.\d{3}, 0\.\d{3}\]; no message lost; all 9 service levels met; pass$/,
    );
  });

  it('spells up to three cases and gives the range of more', () => {
    expect(verdictView(record).sentence).toContain('(tcp/depth=16)');
    const many = structuredClone(record);
    for (const suffix of ['a', 'b']) {
      many.cases[suffix] = many.cases.tcp!;
      many.comparisons.push(
        ...record.comparisons.filter((row) => row.case === 'tcp').map((row) => ({ ...row, case: suffix })),
      );
    }
    many.checks = [];
    expect(verdictView(many).sentence).toMatch(
      / to \d+\.\d× \[\d+\.\d, \d+\.\d\] the baseline over 5 cases, and 0\.\d{3}× \[.*\] to 0\.\d{3}× \[.*\] of what/,
    );
  });

  it('says what was lost and that the run failed', () => {
    const verdict = verdictView(failedLedger());
    expect(verdict.tone).toBe('fail');
    expect(verdict.sentence).toMatch(/3 lost and 1 corrupted messages; .*fail \(exit 6\)$/);
    expect(verdict.sentence).not.toContain('no message lost');
  });

  it('does not hide an interruption behind figures', () => {
    const verdict = verdictView(interrupted());
    expect(verdict.tone).toBe('interrupted');
    expect(verdict.badge).toContain('interrupted');
    expect(verdict.sentence).toContain('interrupted, so the figures are partial');
    expect(verdict.cautions.join('\n')).toContain('after 2 rounds');
  });

  it('counts missed service levels in a run that passes', () => {
    const verdict = verdictView(missedChecks());
    expect(verdict.tone).toBe('pass');
    expect(verdict.sentence).toContain('2 of 9 service levels missed; pass');
  });

  it('speaks of the cases whose numbers the scenario asks for', () => {
    const asked = structuredClone(record);
    asked.checks = asked.checks.filter((check) => check.kind !== 'service-level' || check.case === 'tcp');
    expect(verdictView(asked).sentence).toMatch(/native serves 3\.\d\d× the baseline \[/);
  });

  it('names arms that could not run', () => {
    const without = structuredClone(record);
    without.cases.tcp!.absentArms = { 'rival:ws': 'the package ws is not installed' };
    expect(verdictView(without).cautions).toContain(
      'ws did not run at tcp: the package ws is not installed.',
    );
    const bars = throughputView(without).cases[0]!;
    expect(bars.absent).toEqual([{ arm: 'rival:ws', reason: 'the package ws is not installed' }]);
  });

  it('warns of generator-bound ratios, unmeasurable cases and changed trees', () => {
    expect(verdictView(generatorBound()).cautions.join('\n')).toContain('Generator-bound at tcp/depth=16');
    expect(verdictView(notMeasurable()).cautions.join('\n')).toContain(
      'tcp/reactors=16 is not measurable here: 16 reactors need 33 cores',
    );
    const dirty = { ...record, build: { ...record.build, dirty: true } };
    expect(verdictView(dirty).cautions.join('\n')).toContain('changed working tree');
  });

  it('splits into segments that together are the sentence', () => {
    const { segments, sentence } = verdictView(record);
    expect(segments.map((segment) => segment.text).join('')).toBe(sentence);
    expect(segments.filter((segment) => segment.quiet).length).toBe(6);
  });

  it('survives a record without comparisons and arms', () => {
    const empty: RunRecord = { ...record, cases: {}, comparisons: [], checks: [], blocks: [], windows: [] };
    expect(verdictView(empty).sentence).toContain(
      'no throughput of native could be compared; no message was sent',
    );
    expect(() => reportModel([empty])).not.toThrow();
  });
});
