import { describe, expect, it } from 'vitest';
import type { CaseRecord, CheckRecord, CheckVerdict } from '../../scenarios/harness/record.js';
import { fixtureRecord } from '../testing/record-fixture.js';
import { caseInWords } from './case-in-words.js';
import { expectationOf } from './expectation.js';
import { figureText } from './figure-text.js';
import { markdownCell, markdownText } from './markdown-text.js';
import { countInWords, standingOf } from './standing-word.js';

describe('a case in words', () => {
  it.each([
    [
      'tcp',
      { sessions: 1000, depth: 16, payloadBytes: 64, load: 'closed' },
      'TCP, 1000 sessions, payloads of 64 B, 16 in flight each',
    ],
    [
      'mem',
      { sessions: 8, payloadBytes: 65536, load: 'stream', touch: 'all' },
      'between threads, 8 sessions, payloads of 64 KB, one way, every byte touched at both ends',
    ],
    [
      'tcp/x=1',
      { sessions: 1, depth: 1, payloadBytes: 1 << 20, reply: 'forward' },
      'TCP, 1 session, payloads of 1 MB, 1 in flight each, what came is sent back',
    ],
    [
      'tcp',
      { load: 'open', rate: 1e6, killPercentPerMinute: 1 },
      'TCP, requests on a schedule at 1\u202fM messages/s, 1 % of the sessions cut per minute',
    ],
    ['mem', { load: 'paced', percentOfMax: 80 }, 'between threads, one way at 80 % of the most it takes'],
    [
      'mem',
      { load: 'storm', rate: 1e5, stormPercent: 10 },
      'between threads, one way at 100\u202fk messages/s, storms in which 10 % reconnect',
    ],
    [
      'tcp',
      { load: 'tick', tickHz: 60, groupSize: 50, inputsHz: 10 },
      'TCP, broadcasts at 60 Hz to groups of 50, 10 inputs/s from each',
    ],
    ['none/threads=2', { load: 'threads', work: 'lookup', threads: 2 }, 'lookup on 2 threads'],
    ['tcp/load=mixed', { 'native.sessions': 200 }, 'TCP, mixed load with faults'],
  ])('%s %j', (name, parameters, words) => {
    expect(caseInWords(name, parameters as CaseRecord['parameters'])).toBe(words);
  });
});

describe('a share close to one', () => {
  const percent = { divisor: 0.01, unit: '%' };
  it.each([
    [0.9999, '99.99'],
    [0.999987, '99.9987'],
    [0.99999999, '99.999999'],
    [0.9985, '99.85'],
    [0.5, '50.0'],
    [1, '100'],
  ])('%d is %s %%, never rounded up to all', (value, text) => {
    expect(figureText(percent, 'share', value)).toBe(text);
  });
});

describe('a standing', () => {
  const body = (changes: Partial<CaseRecord> = {}): CaseRecord => ({
    ...{ parameters: {}, status: 'measured', reason: null, arms: {} },
    ...changes,
  });
  const judged = (
    verdict: CheckVerdict,
    interval: [number, number] | null,
    where: CaseRecord | undefined = body(),
    reason: string | null = null,
  ) => {
    const expression = 'throughput_ops_per_s: native against baseline ≥ 3×';
    const check: CheckRecord = {
      id: 'c',
      case: 'tcp',
      kind: 'service-level',
      expression,
      limit: 3,
      value: 3,
      verdict,
      reason,
    };
    return standingOf(check, expectationOf(check), interval, where);
  };

  it('is reached or missed where the interval is clear of the target, or there is none', () => {
    expect(judged('pass', [3.1, 4])).toEqual({ kind: 'reached', reason: null });
    expect(judged('missed', [2, 2.9]).kind).toBe('missed');
    expect(judged('fail', null).kind).toBe('missed');
    expect(judged('pass', null).kind).toBe('reached');
  });

  it('is inconclusive where the interval holds the target, and says which side the median is on', () => {
    expect(judged('missed', [2.5, 3.1])).toMatchObject({ kind: 'inconclusive', reason: /misses/ });
    expect(judged('pass', [2.9, 3.5])).toMatchObject({ kind: 'inconclusive', reason: /reaches/ });
  });

  it('tells what the machine cannot decide from what the run was not asked to', () => {
    const quick = 'a quick run does not judge numbers';
    expect(judged('not-measurable', null, body(), quick)).toEqual({ kind: 'not-judged', reason: quick });
    const beyond = body({ status: 'not-measurable', reason: 'needs 33 cores' });
    expect(judged('not-measurable', null, beyond, 'needs 33 cores').kind).toBe('not-measurable');
    const projected = body({ status: 'projected', reason: 'this machine has 2 cores' });
    expect(judged('not-measurable', null, projected).kind).toBe('not-measurable');
    const absent = body({ absentArms: { baseline: 'not installed' } });
    expect(judged('not-measurable', null, absent, 'not installed').kind).toBe('not-measurable');
  });

  it('does not blame the machine for a case whose arms failed', () => {
    const errors = [{ round: 0, code: 'ERR', message: 'out of slots' }];
    const { arms } = fixtureRecord().cases.tcp!;
    const failed = body({
      status: 'not-measurable',
      reason: 'no round of it was completed; see the errors of its arms',
      arms: { native: { ...arms.native!, errors } },
    });
    expect(judged('not-measurable', null, failed)).toMatchObject({
      kind: 'not-judged',
      reason: failed.reason,
    });
  });

  it('is counted in words, without what has no target', () => {
    const of = (...kinds: string[]) => countInWords(kinds.map((kind) => ({ kind, reason: null })) as never);
    expect(of('reached', 'missed', 'reached', 'no-target')).toBe('2 of 3 targets reached, 1 missed');
    expect(of('inconclusive', 'not-measurable')).toBe(
      '0 of 2 targets reached, 1 inconclusive, 1 not measurable here',
    );
    expect(of('no-target')).toBe('');
  });
});

describe('Markdown', () => {
  it('keeps intervals readable and lets no text become markup, a link or another cell', () => {
    expect(markdownText('2.85× [2.52, 3.12] baseline')).toBe('2.85× [2.52, 3.12] baseline');
    const hostile = '|<img src=x>[a](javascript:b) [1, 2](http://c) `d` *e* \\|\nf';
    expect(markdownText(hostile)).not.toMatch(/[|<>`*\\\n]|\]\(/);
    expect(markdownCell({ text: '86.1', detail: '[74.8, 90.2]' })).toBe('86.1 [74.8, 90.2]');
    expect(markdownCell({ text: 'n/a', detail: 'why' })).toBe('n/a (why)');
  });
});
