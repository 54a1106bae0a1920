import * as hdr from 'hdr-histogram-js';
import { describe, expect, it } from 'vitest';
import { fixtureRecord } from '../testing/record-fixture.js';
import {
  failedLedger,
  generatorBound,
  missedChecks,
  notMeasurable,
  openLoop,
  singleRound,
} from '../testing/record-variants.js';
import { armIdentity, compareArms } from './arm-identity.js';
import { checkView } from './check-view.js';
import { decodeHistogram, SAMPLES_BEYOND_MIN } from './histogram.js';
import { latencyView } from './latency-view.js';
import { ledgerView } from './ledger-view.js';
import { methodsView } from './methods-view.js';
import { metricName } from './metric-catalogue.js';
import { noiseView } from './noise-view.js';
import { provenanceView } from './provenance-view.js';
import { ratioView } from './ratio-view.js';
import { resourceView } from './resource-view.js';
import type { TableView } from './table-view.js';
import { throughputView } from './throughput-view.js';
import { verdictView } from './verdict-view.js';

const record = fixtureRecord({ rounds: 6, blocksPerRound: 5 });
const textOf = (table: TableView) =>
  table.rows.map((row) => [row.head.text, ...row.cells.map((cell) => cell.text)].join(' | '));

describe('ratios', () => {
  it('stand by case, metric and opponent, ours first', () => {
    const { rows } = ratioView(record);
    expect(rows.slice(0, 3).map((row) => `${row.metric} ${row.against}`)).toEqual([
      'throughput_ops_per_s baseline',
      'throughput_ops_per_s rival:node-net',
      'throughput_ops_per_s limit',
    ]);
  });

  it('find better and worse only where the interval is clear of 1×', () => {
    const changed = structuredClone(record);
    changed.comparisons = changed.comparisons.slice(0, 3);
    Object.assign(changed.comparisons[0]!, { ratio: 1.02, ci95: [0.99, 1.05] });
    Object.assign(changed.comparisons[1]!, { ratio: 1.02, ci95: [1.01, 1.05] });
    Object.assign(changed.comparisons[2]!, { ratio: 0.9, ci95: [0.85, 0.95] });
    const view = ratioView(changed);
    expect(view.rows.map((row) => row.finding)).toEqual(['no difference shown', 'better', 'worse']);
    expect(view.sentence).toContain(
      'Of 3 leading ratios of native, 1 are clearly better than 1× and 1 clearly worse',
    );
  });

  it('have no interval below five rounds, with the reason', () => {
    const view = ratioView(singleRound());
    expect(view.sentence).toContain('all without an interval: 1 of the 5 rounds');
    expect(textOf(view.table)[0]).toContain('n/a: fewer than 5 rounds');
  });

  it('have geometric means of the rows of this run, and none of a stored baseline', () => {
    const compared = structuredClone(record);
    const own = compared.comparisons.filter((row) => row.against === 'baseline');
    compared.comparisons.push(
      ...own.map((row) => ({ ...row, against: 'stored:main', ratio: row.ratio * 3 })),
    );
    const { table } = ratioView(compared);
    expect(textOf(table).some((row) => row.includes('stored baseline main'))).toBe(true);
    expect(table.footer).toEqual(ratioView(record).table.footer);
    expect(table.footer.map(({ head }) => head.text)).toEqual(
      table.footer.map(() => 'Geometric mean of 3 rows'),
    );
    compared.comparisons.find((row) => row.metric === 'cpu_ns_per_op' && row.against === 'limit')!.ratio = 0;
    const heads = ratioView(compared).table.footer.map(({ head }) => head.text);
    expect(heads.filter((text) => text === 'Geometric mean of 2 rows')).toHaveLength(1);
  });

  it('keep a row for a case that cannot be measured', () => {
    const last = textOf(ratioView(notMeasurable()).table).at(-1)!;
    expect(last).toContain('tcp/reactors=16 | ○ not measurable here');
  });
});

describe('leading ratios', () => {
  it('are those a reader looks for first; the table has all', () => {
    const view = ratioView(record);
    expect(new Set(view.leading.map((row) => row.metric))).toEqual(
      new Set(['throughput_ops_per_s', 'latency_ns_p99', 'cpu_ns_per_op', 'memory_bytes_per_session']),
    );
    expect(view.table.rows.length).toBe(record.comparisons.length);
    expect(view.sentence).toContain(`The table has all ${record.comparisons.length} ratios of the run.`);
  });

  it('leave out a rate that the schedule sets', () => {
    const paced = structuredClone(record);
    paced.cases.tcp!.parameters.load = 'open';
    const rows = ratioView(paced).leading.filter((row) => row.caseName === 'tcp');
    expect(rows.map((row) => row.metric)).not.toContain('throughput_ops_per_s');
    expect(verdictView(paced).sentence).not.toContain('(tcp)');
  });
});

describe('throughput', () => {
  it('puts the limit first and the baseline last', () => {
    expect(throughputView(record).cases[0]!.rows.map((row) => row.arm)).toEqual([
      'limit',
      'native',
      'native:owned',
      'rival:node-net',
      'baseline',
    ]);
  });

  it('quotes the paired ratios, not quotients of medians', () => {
    const changed = structuredClone(record);
    const ratio = changed.comparisons.find((row) => row.case === 'tcp' && row.against === 'baseline')!;
    Object.assign(ratio, { ratio: 7.77, ci95: [7.5, 8] });
    expect(throughputView(changed).cases[0]!.sentence).toContain('7.77× [7.50, 8.00] the baseline');
  });

  it('names rounds by their number, also where an arm has missed one', () => {
    const missed = structuredClone(record);
    missed.cases.tcp!.arms.native!.rounds.splice(1, 1);
    const { columns, rows } = throughputView(missed).cases[0]!.table;
    const labels = columns.map(({ label }) => label).filter((label) => label.startsWith('Round'));
    expect(labels).toEqual(['Round 1', 'Round 2', 'Round 3', 'Round 4', 'Round 5', 'Round 6']);
    const native = rows.find(({ head }) => head.text === 'native')!.cells.slice(-6);
    expect(native.map(({ text }) => text === 'n/a')).toEqual([false, true, false, false, false, false]);
  });

  it('marks what the generator bounds', () => {
    const view = throughputView(generatorBound()).cases[1]!;
    expect(view.rows.filter((row) => row.mark).map((row) => row.arm)).toEqual(['limit', 'native']);
    expect(view.sentence).toContain('(generator-bound)');
  });
});

describe('latency', () => {
  function encoded(values: [number, number][]): string {
    const histogram = hdr.build({ bitBucketSize: 64, numberOfSignificantValueDigits: 3 });
    for (const [value, count] of values) histogram.recordValueWithCount(value, count);
    return hdr.encodeIntoCompressedBase64(histogram);
  }

  it('shows a percentile only with enough samples beyond it', () => {
    const decoded = decodeHistogram(
      encoded([
        [1000, 990],
        [5000, 10],
      ]),
    );
    if (!decoded.ok) throw new Error(decoded.reason);
    const { distribution } = decoded;
    expect(distribution.samples).toBe(1000);
    expect(distribution.at(50)).toBeCloseTo(1000, -1);
    // 10 of 1 000 samples lie beyond p99, 1 beyond p99.9.
    expect(distribution.at(99)).not.toBeNull();
    expect(distribution.at(99.9)).toBeNull();
    expect(distribution.points.at(-1)!.inverse).toBeLessThanOrEqual(1000 / SAMPLES_BEYOND_MIN);
  });

  it('says why there is no curve', () => {
    expect(decodeHistogram('not a histogram')).toEqual({ ok: false, reason: 'histogram unreadable' });
    expect(decodeHistogram(encoded([]))).toEqual({ ok: false, reason: 'no samples' });
    const broken = structuredClone(record);
    broken.cases.tcp!.arms.native!.histograms.service_time_ns = '%%%';
    const view = latencyView(broken).cases[0]!;
    expect(view.table.rows[1]!.cells[0]).toMatchObject({ text: 'n/a', detail: 'histogram unreadable' });
  });

  it('sets p99 against the median and the baseline', () => {
    expect(latencyView(record).cases[0]!.sentence).toMatch(
      /native answers half of the requests within .* 99 % within .*× the median; the baseline needs .* for the same 99 %\./,
    );
  });

  it('pairs service with response time in open loop and judges by response', () => {
    const view = latencyView(openLoop()).cases[0]!;
    expect(view.paired).toBe(true);
    expect(view.sentence).toMatch(
      /the response p99 of native is \d+\.\d+× its service p99 \(percentiles of different requests\)\.$/,
    );
    expect(view.sentence).not.toMatch(/waiting/);
  });
});

describe('checks', () => {
  it('come with the failed and missed first', () => {
    const failed = checkView(failedLedger());
    expect(failed.table.rows[0]!.cells[0]!.text).toBe('✕ fail');
    expect(failed.sentence).toContain(
      '14 of 15 correctness checks hold; failed: ledger-native at tcp/depth=16 (4, expected',
    );
    const missed = checkView(missedChecks());
    expect(missed.table.rows[0]!.cells[0]).toMatchObject({ text: '△ missed', state: 'missed' });
    expect(missed.sentence).toMatch(
      /^7 of 9 service levels hold; missed: throughput-vs-baseline at tcp \(2\.40, expected .*\. All 15 correctness checks hold\.$/,
    );
  });

  it('count what cannot be decided apart', () => {
    expect(checkView(notMeasurable()).sentence).toContain(
      '1 check is not judged: 16 reactors need 33 cores, this machine has 2.',
    );
  });
});

describe('ledger', () => {
  it('accounts for every message', () => {
    expect(ledgerView(record).sentence).toContain('none was lost, duplicated, reordered or corrupted.');
    const failed = ledgerView(failedLedger());
    expect(failed.sentence).toContain(
      '✕ 3 lost in native at tcp/depth=16 and 1 corrupted in native at tcp/depth=16',
    );
    expect(failed.table.rows.flatMap((row) => row.cells).filter((cell) => cell.state === 'fail').length).toBe(
      2,
    );
  });
});

describe('ledger beside errors', () => {
  it('shows errors of an arm and the least that a session sent', () => {
    const broken = structuredClone(record);
    const arm = broken.cases.tcp!.arms.native!;
    arm.errors = [{ round: 2, code: 'ERR_GENERATOR_SESSION_LOST', message: 'reset' }];
    arm.messagesPerSessionMin = 1234;
    const row = ledgerView(broken).table.rows[1]!;
    expect(row.cells.at(-2)).toMatchObject({
      text: '✕ 1',
      detail: 'round 3: ERR_GENERATOR_SESSION_LOST',
      state: 'fail',
    });
    expect(row.cells.at(-1)!.text).toBe('1234');
  });
});

describe('noise', () => {
  it('tells steal, drops and the noise figure', () => {
    const noisy = structuredClone(record);
    noisy.blocks = noisy.blocks.map((block, index) => ({
      ...block,
      stealPercent: index === 0 ? 12 : 0,
      dropped: index === 0,
      reason: index === 0 ? 'steal above 8 %' : null,
    }));
    expect(noiseView(noisy).sentence).toBe(
      `A fixed integer loop varied by 18\u202f% on this machine, the hypervisor took at most 12\u202f% of a block and 1 of ${noisy.blocks.length} blocks were dropped for outside causes, both sides of each comparison alike.`,
    );
    expect(textOf(noiseView(noisy).blocks)[0]).toContain('steal above 8 %');
  });

  it('says where the kernel has no PSI', () => {
    const blind = structuredClone(record);
    for (const block of blind.blocks) block.psiCpuSome = null;
    expect(noiseView(blind).blocks.rows[0]!.cells[4]).toMatchObject({
      text: 'n/a',
      detail: 'no PSI in this kernel',
    });
  });
});

describe('resources', () => {
  it('turns cost into operations per CPU second, so that better is to the right', () => {
    const bars = resourceView(record).bars[0]!;
    const cost = record.cases.tcp!.arms.native!.metrics.cpu_ns_per_op!;
    const native = bars.rows.find((row) => row.arm === 'native')!;
    expect(native.value).toBeCloseTo(1e9 / cost.value);
    expect(native.ci95![0]).toBeLessThan(native.ci95![1]);
  });

  it('shows metrics that it has never heard of', () => {
    const novel = structuredClone(record);
    novel.cases.tcp!.arms.native!.metrics.page_faults_per_op = {
      value: 0.5,
      unit: '1',
      better: 'lower',
      ci95: null,
      n: 6,
    };
    expect(resourceView(novel).table.columns.map((column) => column.label)).toContain('page faults per op');
    expect(metricName('constructor').label).toBe('constructor');
  });
});

describe('provenance and methods', () => {
  it('name machine, build and run', () => {
    const view = provenanceView(record);
    expect(view.sentence).toMatch(
      /^Measured on 2026-03-14 09:26 UTC in 8.min 48.s on Intel.* 2 cores, Node 20\.20\.2, at commit 9f2c41e7b06d\.$/,
    );
    expect(view.tables.flatMap(textOf).join('\n')).toContain('Fingerprint | 5b1c9e02a7f3');
  });

  it('put the figures of the run into the words', () => {
    const { terms } = methodsView(record);
    expect(terms.find((entry) => entry.term === 'Window')!.text).toContain('took 50\u202fms or less');
    expect(terms.find((entry) => entry.term === 'Block')!.text).toContain('a round has 5 blocks');
  });

  it('say of how many rounds the figures are where an arm took part in fewer', () => {
    expect(methodsView(record).sentence).toContain('a median over 6 rounds of');
    const fewer = structuredClone(record);
    fewer.cases.tcp!.arms.native!.rounds.splice(0, 2);
    expect(methodsView(fewer).sentence).toContain('a median over 4 to 6 rounds of');
  });
});

describe('arms', () => {
  it('keep their colour whatever else runs', () => {
    expect(armIdentity('rival:ws').role).toBe('rival-2');
    expect(armIdentity('rival:unheard-of').role).toBe('other');
    expect(['baseline', 'rival:ws', 'native', 'limit'].sort(compareArms)).toEqual([
      'limit',
      'native',
      'rival:ws',
      'baseline',
    ]);
  });
});
