import { describe, expect, it } from 'vitest';
import { UsageError } from '../../scenarios/harness/usage-error.js';
import { CLOSED_CASE, gatedMetrics, OPEN_CASE } from './invocation/gated-metrics.js';
import { GATE_OPTIONS, gateHelp, parseGateOptions } from './options.js';

const DEFAULTS = {
  ...{ base: null, anchor: false, casePattern: null, metricPattern: null, limitPercent: 5 },
  ...{
    budgetMinutes: null,
    instructions: false,
    allowInconclusive: false,
    measureIdentical: false,
    seed: 99,
    json: null,
    junit: null,
    markdown: null,
    html: null,
  },
  progress: true,
};

describe('the options of the gate', () => {
  it('have defaults, and the seed of the clock', () => {
    expect(parseGateOptions([], 99)).toEqual(DEFAULTS);
  });

  it.each<[string[], Partial<typeof DEFAULTS> | Record<string, unknown>]>([
    [['--base', 'v1.0.0'], { base: 'v1.0.0' }],
    [['--anchor'], { anchor: true }],
    [['--case', 'tcp/load*'], { casePattern: 'tcp/load*' }],
    [['--metric', 'cpu*'], { metricPattern: 'cpu*' }],
    [['--limit', '7.5'], { limitPercent: 7.5 }],
    [['--budget', '20'], { budgetMinutes: 20 }],
    [['--instructions'], { instructions: true }],
    [['--allow-inconclusive'], { allowInconclusive: true }],
    [['--measure-identical'], { measureIdentical: true }],
    [['--seed', '0'], { seed: 0 }],
    [['--json', 'a'], { json: 'a' }],
    [['--junit', 'b'], { junit: 'b' }],
    [['--markdown', 'c'], { markdown: 'c' }],
    [['--html', 'd'], { html: 'd' }],
    [['--no-progress'], { progress: false }],
  ])('%j is taken', (args, taken) => {
    expect(parseGateOptions(args, 99)).toEqual({ ...DEFAULTS, ...taken });
  });

  it.each([
    [['--bse', 'x'], 'unknown option --bse; did you mean "base"?'],
    [['main'], 'the gate takes options alone; got "main"'],
    [['--base='], '--base needs a value: --base REF'],
    [['--limit', '0'], '--limit is a number from 1 to 50; got "0"'],
    [['--limit', '5%'], 'got "5%"'],
    [['--budget', 'long'], '--budget is a number'],
    [['--seed', '-1'], 'seed'],
    [['--seed', '4294967296'], '--seed is a whole number from 0 to 4294967295'],
    [['--anchor', '--base', 'main'], 'leave one of them out'],
  ])('%j is refused, with the next step', (args, message) => {
    expect(() => parseGateOptions(args, 1)).toThrow(UsageError);
    expect(() => parseGateOptions(args, 1)).toThrow(message);
  });

  it('are all in the help', () => {
    expect(parseGateOptions(['--help'], 1)).toBeNull();
    for (const name of Object.keys(GATE_OPTIONS)) expect(gateHelp()).toContain(`--${name}`);
  });
});

describe('what is gated', () => {
  const of = (casePattern: string | null, metricPattern: string | null) =>
    gatedMetrics({ casePattern, metricPattern, limitPercent: 4 });

  it('is everything at the limit given, tails and memory at their own', () => {
    const limits = new Map(of(null, null).map((each) => [`${each.case} ${each.metric}`, each.limitPercent]));
    expect(limits.get(`${CLOSED_CASE} throughput_ops_per_s`)).toBe(4);
    expect(limits.get(`${OPEN_CASE} latency_ns_p50`)).toBe(4);
    expect(limits.get(`${OPEN_CASE} latency_ns_p99`)).toBe(50);
    expect(limits.get(`${CLOSED_CASE} memory_bytes_per_session`)).toBe(25);
  });

  it('is what the globs leave', () => {
    expect(of('tcp/load*', null).map((each) => each.metric)).toEqual(['latency_ns_p50', 'latency_ns_p99']);
    expect(of(null, 'cpu*').map((each) => each.metric)).toEqual(['cpu_ns_per_op']);
  });

  it.each([
    ['udp*', null, 'no gated case matches "udp*"'],
    [null, 'throughput', 'nothing gated matches "throughput"'],
    // Only shown there, and what cannot fail is no gate.
    [CLOSED_CASE, 'latency_ns_p50', 'nothing gated matches'],
  ])('is not nothing: %j %j', (casePattern, metricPattern, message) => {
    expect(() => of(casePattern, metricPattern)).toThrow(message);
  });
});
