import fc from 'fast-check';
import * as hdr from 'hdr-histogram-js';
import { describe, expect, it } from 'vitest';
import { fixtureRecord } from '../testing/record-fixture.js';
import { HOSTILE_TEXTS, hostileStrings } from '../testing/record-variants.js';
import { csvText } from './csv-text.js';
import { histogramLog } from './histogram-log.js';
import { roundsCsv, windowsCsv } from './record-csv.js';

/** An independent reader of RFC 4180; refuses what is not well-formed. */
function readCsv(text: string): string[][] {
  const rows: string[][] = [];
  let at = 0;
  while (at < text.length) {
    const row: string[] = [];
    for (;;) {
      const field = /^(?:"((?:[^"]|"")*)"|([^",\r\n]*))(,|\r\n)/.exec(text.slice(at));
      if (field === null)
        throw new Error(`not RFC 4180 at ${at}: ${JSON.stringify(text.slice(at, at + 40))}`);
      row.push(field[1]?.replaceAll('""', '"') ?? field[2]!);
      at += field[0].length;
      if (field[3] !== ',') break;
    }
    rows.push(row);
  }
  return rows;
}

const small = () => fixtureRecord({ rounds: 3, blocksPerRound: 2 });

describe('CSV', () => {
  it('survives every text in every cell, and no cell with text begins like a formula', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.string({ unit: 'binary' }), fc.string()), { minLength: 1 }),
        (cells) => {
          const [header, ...rows] = readCsv(csvText(['a', 'b'], cells));
          expect(header).toEqual(['a', 'b']);
          rows.forEach((row, index) => {
            row.forEach((cell, column) => {
              const source = cells[index]![column]!;
              expect(cell).not.toMatch(/^[=+\-@\t\r]/);
              expect(cell === source || cell === `'${source}`).toBe(true);
            });
          });
        },
      ),
    );
  });

  it.each(['=1+1', '+1', '-1', '@SUM(A1)', '\t=1', '\r=1'])(
    'puts an apostrophe and quotes around %j',
    (text) => {
      expect(csvText(['a'], [[text]])).toBe(`a\r\n"'${text}"\r\n`);
    },
  );

  it('leaves numbers alone, negative ones too, and empties what is missing', () => {
    expect(csvText(['a', 'b', 'c'], [[-1.5, null, Number.NaN]])).toBe('a,b,c\r\n-1.5,,\r\n');
  });

  it('has a row for each round and metric', () => {
    const record = small();
    const rows = readCsv(roundsCsv(record));
    const arms = Object.values(record.cases).flatMap(({ arms: all }) => Object.values(all));
    const figures = arms.flatMap(({ rounds }) => rounds.flatMap(({ metrics }) => Object.keys(metrics)));
    expect(rows.length - 1).toBe(figures.length);
    const { rounds } = record.cases.tcp!.arms.native!;
    expect(rows).toContainEqual([
      ...['tcp', 'native', '0', String(rounds[0]!.order), 'throughput_ops_per_s', 'op/s'],
      String(rounds[0]!.metrics.throughput_ops_per_s),
    ]);
  });

  it('has a row for each window with its round and block, which a thinned record no longer knows', () => {
    const record = small();
    const rows = readCsv(windowsCsv(record));
    const series = record.cases.tcp!.arms.native!.series.throughput_ops_per_s!;
    const own = rows.filter(
      ([name, arm, metric]) => name === 'tcp' && arm === 'native' && metric === 'throughput_ops_per_s',
    );
    expect(own.map((row) => row[7])).toEqual(series.values.map(String));
    expect(own.map((row) => row[5])).toEqual(['0', '0', '0', '0', '1', '1', '1', '1', '2', '2', '2', '2']);
    const thinned = readCsv(windowsCsv({ ...record, windows: [] }));
    expect(thinned.length).toBe(rows.length);
    expect(thinned[1]![5]).toBe('');
  });

  it('stays a table when every name is hostile', () => {
    for (const text of [roundsCsv(hostileStrings()), windowsCsv(hostileStrings())]) {
      const rows = readCsv(text);
      expect(new Set(rows.map((row) => row.length)).size).toBe(1);
      expect(rows.some(([name]) => name === HOSTILE_TEXTS[0])).toBe(true);
    }
  });
});

describe('histogram log', () => {
  it('is read back by HdrHistogram with every count', () => {
    const record = small();
    const reader = new hdr.HistogramLogReader(histogramLog(record));
    const found = new Map<string, number>();
    for (;;) {
      const histogram = reader.nextIntervalHistogram();
      if (!histogram) break;
      found.set((histogram as hdr.Histogram).tag, (histogram as hdr.Histogram).totalCount);
    }
    for (const [caseName, { arms }] of Object.entries(record.cases)) {
      for (const [arm, { histograms }] of Object.entries(arms)) {
        const { totalCount } = hdr.decodeFromCompressedBase64(histograms.service_time_ns!);
        expect(found.get(`${caseName.replaceAll(',', ';')}|${arm}|service_time_ns`)).toBe(totalCount);
      }
    }
  });

  it('keeps one line per histogram whatever the names hold, and leaves out what is none', () => {
    const record = hostileStrings();
    Object.values(record.cases)[0]!.arms.native!.histograms = {
      'a\nTag=x,0,0,0': 'HISTF',
      'b c': 'no histogram\n',
    };
    const lines = histogramLog(record).trimEnd().split('\n').slice(3);
    for (const line of lines) expect(line).toMatch(/^Tag=[^,\s]+,0\.000,[\d.]+,[\d.]+,[A-Za-z0-9+/]+={0,2}$/);
    expect(lines.some((line) => line.includes('a_Tag=x;0;0;0'))).toBe(true);
  });
});
