import { describe, expect, it } from 'vitest';
import { GATES, sampleGate, storedGate } from '../gate/testing/sample-gates.js';
import { gateListView } from './gate-list-view.js';
import { gateSummaryOf } from './gate-summary.js';
import type { Entry } from './listing.js';

const NAME = '20240102T030405Z-gate-7';
const gate = (input: ReturnType<typeof sampleGate>, name = NAME) => ({
  name,
  summary: gateSummaryOf(input.verdict, name),
});
const cellsOf = (entry: Entry<ReturnType<typeof gateSummaryOf>>) => {
  const { columns, rows } = gateListView({ entries: [entry], left: 0 }).table!;
  const [row] = rows;
  const cells = [row!.head, ...row!.cells];
  return Object.fromEntries(columns.map(({ label }, index) => [label, cells[index]!]));
};

describe('list of gates', () => {
  it('says when, what was compared, the verdict, and the largest slowdown of what could fail', () => {
    const input = GATES.fail();
    const cells = cellsOf(gate(input));
    expect(cells.Started).toEqual({
      text: '2024-01-02 03:04 UTC',
      href: `/gates/${NAME}/report.html`,
      sort: '2024-01-02T03:04:05.000Z',
    });
    expect(cells.Verdict).toMatchObject({ text: '✕ fail', state: 'fail' });
    expect(cells.Candidate).toMatchObject({ text: 'bbbbbbbbbbbb', detail: 'with changes' });
    expect(cells.Base).toMatchObject({ text: 'aaaaaaaaaaaa', detail: 'merge base with main' });
    expect(cells['Largest slowdown']!.text).toMatch(/^\+\d+\.\d\d\u202f%$/);
    expect(cells['Largest slowdown']!.detail).toMatch(
      /^\[\+\d+\.\d\d, \+.*\] .*, (closed|open) loop.*; limit \d+\u202f%$/,
    );
    expect(cells.Reason!.text).not.toBe('');
    expect(Number(cells.Invocations!.text)).toBeGreaterThan(2);
    expect(cells.Folder!.text).toBe(NAME);
  });

  it('does not take a metric for the slowest that is only shown', () => {
    const { verdict, lines } = sampleGate();
    const [first, second, ...rest] = 'schema' in verdict ? verdict.metrics : [];
    const metrics = [
      { ...first!, state: null, slowdownPercent: 80 },
      { ...second!, slowdownPercent: 3.25 },
      ...rest.map((line) => ({ ...line, slowdownPercent: -1 })),
    ];
    const cells = cellsOf(gate({ verdict: { ...verdict, metrics } as typeof verdict, lines }));
    expect(cells['Largest slowdown']!.text).toBe('+3.25\u202f%');
  });

  it('measures a slowdown by its own limit', () => {
    const { verdict, lines } = sampleGate();
    const all = 'schema' in verdict ? verdict.metrics : [];
    const metrics = all.map((line) => ({ ...line, slowdownPercent: line.limitPercent / 2 }));
    const rate = metrics.find(({ metric }) => metric === 'throughput_ops_per_s')!;
    rate.slowdownPercent = 4;
    const cells = cellsOf(gate({ verdict: { ...verdict, metrics } as typeof verdict, lines }));
    expect(Math.max(...metrics.map(({ slowdownPercent }) => slowdownPercent))).toBeGreaterThan(4);
    expect(cells['Largest slowdown']!.text).toBe('+4.00\u202f%');
  });

  it.each([
    ['pass', '✓ pass', 'pass'],
    ['noise', '? inconclusive', 'inconclusive'],
    ['interrupted', '‖ interrupted', 'inconclusive'],
    ['correctness', '✕ fail', 'fail'],
  ] as const)('has a word and a shape for %s', (name, text, state) => {
    expect(cellsOf(gate(GATES[name]())).Verdict).toMatchObject({ text, state });
  });

  it('says of a gate of stored ratios what its sentence says, and takes its time from the folder', () => {
    const cells = cellsOf(gate(storedGate(), '20260314T092653Z-gate-7-2'));
    expect(cells.Started!.text).toBe('2026-03-14 09:26 UTC');
    expect(cells['Largest slowdown']!.text).toBe('+9.10\u202f%');
    expect(cells['Largest slowdown']!.detail).toBe('throughput, tcp/depth=16; limit 5\u202f%');
    expect(cells.Reason!.text).toMatch(/^bbbbbbbbbbbb against 6 stored runs .*; tcp\/depth=16 .* slower/);
    expect(cells.Candidate!.text).toBe('n/a');
    expect(cellsOf(gate(storedGate({ rows: [] }), 'moved'))).toMatchObject({
      Started: { text: 'n/a', href: '/gates/moved/report.html' },
      'Largest slowdown': { text: 'n/a' },
    });
  });

  it('counts by verdict, and says what has none', () => {
    const entries = [
      gate(GATES.fail()),
      gate(GATES.pass()),
      gate(GATES.pass()),
      { name: 'killed', problem: 'no verdict.json yet', hasPage: false },
    ];
    const { sentence, table } = gateListView({ entries, left: 2 });
    expect(sentence).toBe(
      '4 gates, the newest first: 1 failed, 2 passed, 1 without a verdict that can be read; 2 older ones beyond the 200 listed are left out.',
    );
    const last = table!.rows[3]!;
    expect(last.head.href).toBeUndefined();
    expect(last.cells.map(({ text }) => text)).toEqual(
      expect.arrayContaining(['○ no verdict', 'no verdict.json yet', 'killed']),
    );
    expect(gateListView({ entries: [], left: 0 })).toMatchObject({
      table: null,
      sentence: expect.stringContaining('npm run gate'),
    });
  });

  it('bears a case that is called like a property of every object', () => {
    const cells = cellsOf(
      gate(
        storedGate({
          rows: [
            {
              ...{ case: 'constructor', metric: 'toString', base: '1', candidate: '1', slowdown: '+1.00 %' },
              ...{ limit: '5 %', finding: 'pass', reason: '' },
            },
          ],
        }),
      ),
    );
    expect(cells['Largest slowdown']!.detail).toBe('toString, constructor; limit 5\u202f%');
  });
});
