import { describe, expect, it } from 'vitest';
import type { RunRecord } from '../../scenarios/harness/record.js';
import { roundsCsv } from '../export/record-csv.js';
import { entryOf } from '../record-file/entry-of.js';
import { parseRecord } from '../record-file/read-record.js';
import { withoutRawSamples } from '../record-file/thin-record.js';
import { summaryOf } from '../serve/run-summary.js';
import { caseInWords } from '../standing/case-in-words.js';
import { standingView } from '../standing/standing-view.js';
import { fixtureRecord } from '../testing/record-fixture.js';
import { scalingRun } from '../testing/scaling-fixture.js';
import { soakFixture } from '../testing/soak-fixture.js';
import { reportModel } from './report-view.js';
import { scalingView } from './scaling-view.js';
import { soakView } from './soak-view.js';

/** What every object has by nature, and a record may call a case, an arm, a metric or a gauge. */
const INHERITED = ['constructor', 'toString', 'hasOwnProperty'];

const plain = fixtureRecord({ rounds: 5, blocksPerRound: 4 });

/** One case, one of its arms and one metric of that arm alone have the name; other rows of the record speak of it where it is not. */
function named(name: string): RunRecord {
  const record = structuredClone(plain);
  const { tcp, ...others } = record.cases;
  const { 'rival:node-net': rival, ...arms } = tcp!.arms;
  const metric = { value: 7, unit: '', better: 'higher', ci95: null, n: 5 } as const;
  const rounds = rival!.rounds.map((round) => ({ ...round, metrics: { ...round.metrics, [name]: 7 } }));
  const arm = { ...rival!, metrics: { ...rival!.metrics, [name]: metric }, rounds };
  const row = { case: name, metric: name, arm: 'native', against: name, ratio: 2, ci95: null, n: 5 };
  const check = { kind: 'service-level', value: 7, limit: 5, verdict: 'pass', reason: null } as const;
  return {
    ...record,
    cases: { [name]: { ...tcp!, arms: { ...arms, [name]: arm } }, ...others },
    blocks: record.blocks.map((block) => ({ ...block, case: block.case === 'tcp' ? name : block.case })),
    windows: record.windows.map((window) => ({
      ...window,
      case: window.case === 'tcp' ? name : window.case,
    })),
    comparisons: [
      ...record.comparisons.map((each) => (each.case === 'tcp' ? { ...each, case: name } : each)),
      { ...row, rounds: [2, 2, 2, 2, 2] },
      { ...row, metric: 'throughput_ops_per_s' },
      { ...row, case: 'valueOf' },
    ],
    checks: [
      { ...check, id: 'a', case: name, expression: `${name}: native ≥ 5` },
      { ...check, id: 'b', case: name, expression: `${name}: ${name} against valueOf ≥ 5×` },
      { ...check, id: 'c', case: 'tcp/depth=16', expression: `${name}: ${name} ≥ 5` },
    ],
  };
}

/** No object's own machinery in any text of the page, and nothing that text was made from by mistake. */
function expectPlain(made: unknown): void {
  const text = JSON.stringify(made, (_key, value) => {
    if (typeof value === 'function') throw new Error(`a function: ${value.name}`);
    return value;
  });
  expect(text).not.toMatch(/native code|\[object|\bNaN\b|\bundefined\b/);
}

describe.each(INHERITED)('a record that calls things %s', (name) => {
  it('is read, thinned and shown like any other', () => {
    const record = parseRecord(JSON.stringify(named(name)), 'a.json');
    expect(record).toEqual(named(name));
    expect(withoutRawSamples(record).cases[name]).toBeDefined();
    const { view, charts } = reportModel([record]);
    expectPlain({ view, charts });
    const ratios = view.runs[0]!.sections[0]!.figures[0]!.table.rows;
    const own = ratios.filter(({ head, cells }) => head.text === name && cells[0]!.text === name);
    expect(own.map(({ cells }) => [cells.at(-2)!.text, cells.at(-1)!.text])).toEqual([['n/a', '7']]);
    expect(roundsCsv(record)).toContain(`${name},${name},0,`);
  });

  it('is set beside another run that knows none of it', () => {
    const later = { ...named(name), startedAt: '2026-04-01T08:00:00.000Z' };
    expectPlain(reportModel([plain, later]));
    expectPlain(summaryOf(named(name)));
  });

  it('has a place on the page of all records', () => {
    const heading = { name: plain.scenario, title: 'a', announced: null, soakSeconds: null };
    const view = standingView([{ folder: 'a', record: named(name) }], [heading]);
    expectPlain(view);
    expect(caseInWords(name, {})).toBe(name);
  });

  it('may call work over threads so, and a gauge', () => {
    const scaling = JSON.parse(JSON.stringify(scalingRun()).replaceAll('"lookup"', `"${name}"`)) as RunRecord;
    expect(scalingView(scaling).works.map(({ title }) => title)).toContain(name);
    expectPlain(reportModel([scaling]));
    const soak = soakFixture();
    soak.soak!.leaks.native![0]!.gauge = name;
    // Its series has another name, so that there is nothing to draw of it.
    expect(soakView(soak, soak.soak!).gauges.panels.map((panel) => panel.name)).not.toContain(name);
    expectPlain(reportModel([soak]));
  });
});

it('finds what a map has itself, and nothing else', () => {
  expect(entryOf({ constructor: 1 }, 'constructor')).toBe(1);
  expect(entryOf({ a: 1 }, 'constructor')).toBeUndefined();
  expect(entryOf(undefined, 'a')).toBeUndefined();
});
