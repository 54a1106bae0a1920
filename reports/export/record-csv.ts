import type { RunRecord } from '../../scenarios/harness/record.js';
import { entryOf } from '../record-file/entry-of.js';
import { type CsvValue, csvText } from './csv-text.js';

/** One row per case, arm, round and metric: what the intervals were made from. */
export function roundsCsv(record: RunRecord): string {
  return csvText(['case', 'arm', 'round', 'order', 'metric', 'unit', 'value'], roundRows(record));
}

function* roundRows({ cases }: RunRecord): Generator<CsvValue[]> {
  for (const [caseName, { arms }] of Object.entries(cases)) {
    for (const [arm, { metrics: overall, rounds }] of Object.entries(arms)) {
      for (const { round, order, metrics } of rounds) {
        for (const [metric, value] of Object.entries(metrics)) {
          yield [caseName, arm, round, order, metric, entryOf(overall, metric)?.unit ?? '', value];
        }
      }
    }
  }
}

/**
 * One row per case, arm, series and window, or stretch of adjacent windows where the record was thinned; round and block only
 * while the record still knows them.
 */
export function windowsCsv(record: RunRecord): string {
  const header = ['case', 'arm', 'metric', 'unit', 'at_ns', 'round', 'block', 'value', 'low', 'high'];
  return csvText(header, windowRows(record));
}

function* windowRows({ cases, windows }: RunRecord): Generator<CsvValue[]> {
  for (const [caseName, { arms }] of Object.entries(cases)) {
    for (const [arm, { series }] of Object.entries(arms)) {
      const own = windows
        .filter((window) => window.case === caseName && window.arm === arm)
        .sort((a, b) => a.startNs - b.startNs);
      for (const [metric, { unit, atNs, values, low, high }] of Object.entries(series)) {
        for (const [index, value] of values.entries()) {
          const window = own.length === values.length ? own[index]! : null;
          const place = [window?.round ?? null, window?.block ?? null];
          const bounds = [low?.[index] ?? null, high?.[index] ?? null];
          yield [caseName, arm, metric, unit, atNs[index] ?? null, ...place, value, ...bounds];
        }
      }
    }
  }
}
