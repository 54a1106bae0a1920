import { afterEach, describe, expect, it } from 'vitest';
import { Children } from './arm-process.js';
import type { RunSamples } from './run.js';
import { createRandom } from './statistics/random.js';
import { summariseCase } from './summarise.js';
import {
  FAKE_CASES as CASES,
  type FakeRun,
  measureFakeRun,
  fakeCase as planned,
  pressureWith,
} from './testing/fake-run.js';

const children = new Children();
afterEach(() => children.stopAll(100));

const measure = (setup: FakeRun = {}): Promise<RunSamples> => measureFakeRun(children, setup);

describe('a run', () => {
  it('measures every case and arm in every round, in interleaved mirrored blocks', async () => {
    const samples = await measure();
    expect(samples).toMatchObject({ interrupted: false, failure: null });
    for (const [name, each] of samples.cases) {
      for (const arm of ['fast', 'slow']) {
        expect(each.arm(arm).rounds.map((round) => round.round)).toEqual([0, 1]);
        expect(each.arm(arm).coldRates).toHaveLength(2);
      }
      for (const { round, block } of each.blocks) {
        const order = each.windows
          .filter((window) => window.round === round && window.block === block)
          .map((window) => window.arm);
        expect(order, `${name} ${round} ${block}`).toEqual(order.toReversed());
        expect(order.length).toBeGreaterThanOrEqual(2);
      }
    }
  });

  it('measures a case that is spread over processes as one, beside one that is not', async () => {
    const spread = { ...planned('tcp', 1, ['fast', 'slow']), processes: { servers: 2, generators: 4 } };
    const samples = await measure({ cases: [spread, planned('tcp/depth=16', 16, ['fast'])], rounds: 1 });
    expect(samples).toMatchObject({ interrupted: false, failure: null });
    const metricsOf = (name: string) =>
      summariseCase(samples.cases.get(name)!, samples.startNs, createRandom(1)).arms.fast.metrics;
    // Each of the four generators reports 10 000/s; the two servers count separately.
    expect(metricsOf('tcp').throughput_ops_per_s.value).toBeCloseTo(40_000, -2);
    expect(metricsOf('tcp/depth=16').throughput_ops_per_s.value).toBeCloseTo(10_000, -2);
    expect(metricsOf('tcp').cpu_ns_per_op.value).toBeCloseTo(2_500, -1);
    const { ledger, errors } = samples.cases.get('tcp')!.arm('fast');
    expect(errors).toEqual([]);
    expect(ledger.sent).toBe(ledger.delivered);
  });

  it('finds how many sessions an arm serves in time, in every round, beside an ordinary case', async () => {
    const tick = {
      ...planned('tcp/load=tick,tickHz=60', 1, ['fast', 'slow']),
      findSessions: true,
    };
    tick.parameters = {
      ...tick.parameters,
      depth: 1,
      load: 'tick',
      tickHz: 60,
      groupSize: 50,
      inputsHz: 10,
      sessions: 10_000,
    };
    const samples = await measure({
      cases: [tick, planned('tcp', 1, ['fast'])],
      generator: { inTime: { fast: 3_000, slow: 700 } },
      rounds: 2,
    });
    expect(samples).toMatchObject({ interrupted: false, failure: null });
    const each = samples.cases.get(tick.name)!;
    for (const [arm, limit] of [
      ['fast', 3_000],
      ['slow', 700],
    ] as const) {
      for (const { figures, windows } of each.arm(arm).rounds) {
        expect(figures?.players_max).toBeLessThanOrEqual(limit);
        expect(figures?.players_max).toBeGreaterThan(limit * 0.94);
        expect(windows).toHaveLength(1);
        expect(windows[0].framesOnTime).toBe(windows[0].framesDue);
      }
    }
    const tries = (round: number) => each.windows.filter((window) => window.round === round).length;
    expect(tries(1), 'a later round begins where the last one ended').toBeLessThan(tries(0));
    const { metrics } = summariseCase(each, samples.startNs, createRandom(1)).arms.fast;
    expect(metrics.players_max).toMatchObject({ unit: 'players', better: 'higher', n: 2 });
    expect(metrics.frames_on_time_rate.value).toBe(1);
    expect(samples.cases.get('tcp')!.arm('fast').rounds).toHaveLength(2);
  });

  it('gives up on an arm whose try fails, and finds the number of the other', async () => {
    const tick = { ...planned('tcp/load=tick,tickHz=60', 1, ['fast', 'slow']), findSessions: true };
    tick.parameters = {
      ...tick.parameters,
      load: 'tick',
      tickHz: 60,
      groupSize: 50,
      inputsHz: 10,
      sessions: 100,
    };
    const samples = await measure({
      cases: [tick],
      generator: { inTime: { fast: 100 }, failGroup: 'slow' },
      rounds: 1,
    });
    const each = samples.cases.get(tick.name)!;
    expect(each.arm('fast').rounds[0].figures).toEqual({ players_max: 100 });
    expect(each.arm('slow').rounds).toEqual([]);
    expect(each.arm('slow').errors).toEqual([expect.objectContaining({ code: 'ERR_FAKE' })]);
  });

  it('gives a slow arm longer windows, the same in all rounds', async () => {
    const { cases } = await measure();
    const windows = cases.get('tcp')!.windows;
    const lengths = (arm: string) =>
      new Set(windows.filter((each) => each.arm === arm).map((each) => each.endNs - each.startNs));
    expect(lengths('fast')).toEqual(new Set([50e6]));
    // 200 operations at 100/s would take 2 s; half the slot is the most.
    expect(lengths('slow')).toEqual(new Set([250e6]));
    expect(cases.get('tcp')!.paces.get('slow')?.reason).toMatch(/completes only 100 operations/);
  });

  it('summarises to metrics: medians over rounds, latency, cold pass, counters, memory', async () => {
    const { cases, startNs } = await measure({ idleSessions: 100 });
    const record = summariseCase(cases.get('tcp')!, startNs, createRandom(1));
    const { metrics, coldPass, rounds, histograms, ledger } = record.arms.fast;
    expect(metrics.throughput_ops_per_s).toMatchObject({ value: 10_000, n: 2, ci95: null, better: 'higher' });
    expect(metrics.cpu_ns_per_op.value).toBe(5_000);
    expect(metrics.generator_cpu_share.value).toBeCloseTo(0.5, 9);
    expect(metrics.latency_ns_p50.value).toBe(90_000);
    expect(metrics.latency_ns_p99.value).toBe(300_000);
    expect(metrics.syscalls_per_op.value).toBeCloseTo(0.05, 9);
    expect(metrics.rss_bytes_peak.value).toBeGreaterThan(1e6);
    expect(metrics.memory_bytes_per_session).toBeDefined();
    expect(metrics.error_rate.value).toBe(0);
    expect(coldPass).toMatchObject({ value: 10_000, n: 2 });
    expect(rounds.map((round) => round.round)).toEqual([0, 1]);
    expect(histograms.service_time_ns).toMatch(/^HISTFAAA/);
    expect(ledger.sent).toBe(ledger.delivered);
    const other = summariseCase(cases.get('tcp/depth=16')!, startNs, createRandom(1));
    expect(other.arms.fast.metrics.memory_bytes_per_session).toBeUndefined();
  });

  it('marks an arm in which the generator was the limit', async () => {
    const { cases, startNs } = await measure({ generator: { generatorShare: 0.9 }, rounds: 1 });
    const record = summariseCase(cases.get('tcp')!, startNs, createRandom(1));
    expect(record.arms.fast.metrics.throughput_ops_per_s.mark).toBe('generator-bound');
  });

  it('has the same orders for the same seed and others for another', async () => {
    const orders = async (seed: number) => {
      const { cases } = await measure({ seed, rounds: 1, cases: [CASES[0]] });
      return cases
        .get('tcp')!
        .windows.map((window) => window.arm)
        .join();
    };
    const first = await orders(1);
    expect(await orders(1)).toBe(first);
    const others = await Promise.all([orders(2), orders(3), orders(4)]);
    expect(others.some((order) => order !== first)).toBe(true);
  });

  it('starts arms and takes cases in an order that changes from round to round', async () => {
    const { cases } = await measure({
      rounds: 6,
      cases: CASES.map((each) => ({ ...each, arms: ['fast', 'other'] })),
    });
    const orders = cases
      .get('tcp')!
      .arm('fast')
      .rounds.map((round) => round.order);
    expect(new Set(orders)).toEqual(new Set([0, 1]));
    const firstCases = Array.from({ length: 6 }, (_, round) => {
      const starts = [...cases].map(([name, { windows }]) => ({
        name,
        startNs: windows.find((window) => window.round === round)!.startNs,
      }));
      return starts.sort((left, right) => left.startNs - right.startNs)[0].name;
    });
    expect(new Set(firstCases).size).toBe(2);
  }, 30_000);

  it('drops a block for an outside cause, replaces it, and counts nothing of it', async () => {
    let readings = 0;
    // The third reading begins the second block; its steal is that of the whole block.
    const readPressure = () => pressureWith(++readings === 4 ? 1_000 : readings < 4 ? 0 : 1_000);
    const quiet = await measure({ rounds: 1, cases: [planned('tcp', 1, ['fast'])] });
    const disturbed = await measure({ rounds: 1, cases: [planned('tcp', 1, ['fast'])], readPressure });
    const { blocks } = disturbed.cases.get('tcp')!;
    expect(blocks.map((block) => block.dropped)).toEqual(blocks.map((block) => block.block === 1));
    expect(blocks[1].reason).toMatch(/hypervisor took 50\.0 %/);
    expect(blocks.length).toBe(quiet.cases.get('tcp')!.blocks.length + 1);
    const counted = (samples: RunSamples) => samples.cases.get('tcp')!.arm('fast').serviceTime.samples;
    expect(counted(disturbed)).toBe(counted(quiet));
    const [round] = disturbed.cases.get('tcp')!.arm('fast').rounds;
    for (const window of round.windows) if (window.dropped) window.operations = 1e12;
    const record = summariseCase(disturbed.cases.get('tcp')!, 0, createRandom(1));
    expect(record.arms.fast.metrics.throughput_ops_per_s.value).toBe(10_000);
    expect(record.arms.fast.metrics.cpu_ns_per_op.value).toBe(5_000);
  });

  it('gives an arm with too few messages per session more blocks of its own', async () => {
    const cases = [planned('tcp', 1, ['fast', 'slow'], 40)];
    const { cases: measured } = await measure({ cases });
    const samples = measured.get('tcp')!;
    // 100/s over 10 sessions in two rounds: 40 each are 400 messages, about 2 s a round instead of 0.5 s.
    expect(samples.arm('slow').messagesPerSessionMin).toBeGreaterThanOrEqual(40);
    const alone = samples.blocks.filter(({ round, block }) =>
      samples.windows.every((each) => each.round !== round || each.block !== block || each.arm === 'slow'),
    );
    expect(alone.length).toBeGreaterThan(0);
  });

  it('warms up once where the load that is up is half a million requests', async () => {
    const warmUpOperations = async (sessions: number): Promise<number> => {
      const each = planned('tcp', 5, ['fast']);
      each.parameters.sessions = sessions;
      const { cases } = await measure({ cases: [each], rounds: 1 });
      const { ledger, rounds } = cases.get('tcp')!.arm('fast');
      return rounds[0].windows.reduce((left, { operations }) => left - operations, ledger.sent);
    };
    expect(await warmUpOperations(99_999), 'a cold pass of 50 ms, and 60 ms to find the pace').toBe(1_100);
    expect(await warmUpOperations(100_000)).toBe(500);
  });

  it('records an arm that does not start, and measures the others', async () => {
    const { cases, failure } = await measure({ server: { slow: { garbage: true } } });
    expect(failure).toBeNull();
    expect(cases.get('tcp')!.arm('slow').errors[0]).toMatchObject({ round: 0, code: 'ERR_CONTROL_PROTOCOL' });
    expect(cases.get('tcp')!.arm('slow').rounds).toEqual([]);
    expect(cases.get('tcp')!.arm('fast').rounds).toHaveLength(2);
  });

  it('records a server that dies in a case, and goes on with the next round', async () => {
    const { cases, failure } = await measure({ server: { slow: { failOn: 'counters' } }, cases: [CASES[0]] });
    expect(failure).toBeNull();
    const { errors } = cases.get('tcp')!.arm('slow');
    expect(errors.map((error) => error.round)).toEqual([0, 1]);
    expect(errors[0].message).toMatch(/ended with code 3/);
    expect(cases.get('tcp')!.arm('fast').errors).toEqual([]);
  });

  it('keeps the ledger of a case that failed', async () => {
    const failing = { failRun: 'ERR_GENERATOR_REPLY_TIMEOUT', lose: 1 };
    const { cases } = await measure({ generator: failing, rounds: 1, cases: [CASES[0]] });
    const fast = cases.get('tcp')!.arm('fast');
    expect(fast.errors[0].code).toBe('ERR_GENERATOR_REPLY_TIMEOUT');
    expect(fast.ledger.lost).toBe(1);
  });

  it('ends with a failure, and what was measured, when the generator dies', async () => {
    const { failure, cases } = await measure({ generator: { failOn: 'histogram' } });
    expect(failure?.message).toMatch(/load generator ended with code 3/);
    expect(cases.size).toBe(2);
  });

  it('drives each in-process arm through its own process, without a load generator', async () => {
    const inProcess = planned('mem', 1, ['fast', 'slow']);
    inProcess.parameters.transport = 'mem';
    const { cases, failure } = await measure({ cases: [inProcess], generator: { garbage: true } });
    expect(failure).toBeNull();
    const samples = cases.get('mem')!;
    for (const arm of ['fast', 'slow']) {
      expect(samples.arm(arm)).toMatchObject({ rounds: [{ round: 0 }, { round: 1 }], errors: [] });
      expect(samples.arm(arm).ledger.sent).toBeGreaterThan(0);
    }
  });

  it('blames an in-process arm that dies alone, and keeps the ledgers of the others', async () => {
    const inProcess = planned('mem', 1, ['fast', 'slow']);
    inProcess.parameters.transport = 'mem';
    const { cases, failure } = await measure({
      cases: [inProcess, CASES[0]],
      server: { slow: { failOn: 'histogram' } },
    });
    expect(failure).toBeNull();
    const samples = cases.get('mem')!;
    expect(samples.arm('slow').errors.map((error) => error.round)).toEqual([0, 1]);
    expect(samples.arm('slow').errors[0].message).toMatch(/ended with code 3/);
    expect(samples.arm('fast').errors).toEqual([]);
    expect(samples.arm('fast').ledger.sent).toBeGreaterThan(0);
    // The server of the same arm over sockets is another process, which nobody asks for histograms.
    expect(cases.get('tcp')!.arm('slow').errors).toEqual([]);
  });

  it('scrapes the arms it is told in their own windows, with windows of the length asked for', async () => {
    const scrape = { connections: 2, scrapesPerSecond: null, path: '/metrics', healthPath: '/healthz' };
    const { cases, failure, startNs } = await measure({
      cases: [planned('tcp', 1, ['fast', 'other'])],
      scrapes: { fast: scrape },
      windowNsMin: 200e6,
      generator: { slow: true },
      rounds: 1,
    });
    expect(failure).toBeNull();
    const samples = cases.get('tcp')!;
    expect(new Set(samples.windows.map((each) => each.endNs - each.startNs))).toEqual(new Set([200e6]));
    const { arms } = summariseCase(samples, startNs, createRandom(1));
    expect(arms.fast.errors).toEqual([]);
    expect(arms.fast.metrics.scrapes_per_s.value).toBeGreaterThan(1);
    expect(arms.fast.metrics.scrapes_refused_share.value).toBe(0);
    expect(arms.fast.metrics.scrape_latency_ns_max.value).toBeGreaterThan(0);
    expect(arms.fast.histograms.scrape_latency_ns).toMatch(/^HISTFAAA/);
    expect(arms.other.metrics.scrapes_per_s).toBeUndefined();
    expect(arms.other.histograms.scrape_latency_ns).toBeUndefined();
  });

  it('records wrong answers to scrapes as errors of the arm, and goes on', async () => {
    const scrape = { connections: 2, scrapesPerSecond: null, path: '/metrics', healthPath: null };
    const { cases, failure } = await measure({
      cases: [CASES[0]],
      scrapes: { fast: scrape },
      server: { fast: { scrapeStatus: 500 } },
      generator: { slow: true },
      rounds: 1,
    });
    expect(failure).toBeNull();
    const { errors, rounds } = cases.get('tcp')!.arm('fast');
    expect(errors[0]).toMatchObject({ round: 0, code: 'ERR_SCRAPE_ANSWER' });
    expect(errors[0].message).toMatch(/\/metrics answered 500/);
    expect(rounds).toHaveLength(1);
    expect(cases.get('tcp')!.arm('slow').errors).toEqual([]);
  });

  it('stops at an interruption and leaves no process', async () => {
    const controller = new AbortController();
    setTimeout(() => controller.abort(), 400);
    const { interrupted, failure } = await measure({
      signal: controller.signal,
      rounds: 50,
      generator: { slow: true },
    });
    expect({ interrupted, failure }).toEqual({ interrupted: true, failure: null });
  });
});
