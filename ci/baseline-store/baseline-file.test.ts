import { expect, it } from 'vitest';
import { baselineFileOf, baselineText, checksumOf, type StoredRun } from './baseline-file.js';
import { checkBaseline } from './read-baseline.js';
import { storedRunOf } from './stored-run.js';
import { sampleRecord, sampleRuns } from './testing/sample-record.js';

const turned = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(turned);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .toReversed()
      .map(([key, each]) => [key, turned(each)]),
  );
};

it('gives the same bytes for the same runs, in whatever order they and their keys come', () => {
  const runs = sampleRuns([20, 21, 22]);
  const text = baselineText(baselineFileOf('main', 'sample', runs));
  expect(baselineText(baselineFileOf('main', 'sample', runs.toReversed()))).toBe(text);
  expect(baselineText(baselineFileOf('main', 'sample', turned(runs) as StoredRun[]))).toBe(text);
});

it('sorts keys, and keeps a row of rounds on its line', () => {
  const text = baselineText(baselineFileOf('main', 'sample', sampleRuns([20])));
  const keys = [...text.matchAll(/^ {2}"(\w+)":/gm)].map(([, key]) => key);
  expect(keys).toEqual(['checksum', 'name', 'runs', 'scenario', 'schema']);
  expect(text).toMatch(/^ +"rounds": \[19\.91, 19\.93, .*\]$/m);
  expect(text.endsWith('}\n')).toBe(true);
});

it('changes one run and the checksum in a diff when a run is added', () => {
  const lines = (count: number) =>
    baselineText(baselineFileOf('main', 'sample', sampleRuns([20, 21].slice(0, count)))).split('\n');
  const [one, two] = [lines(1), lines(2)];
  const gone = one.filter((line) => !two.includes(line));
  expect(gone).toEqual([expect.stringContaining('"checksum"')]);
});

it('speaks in its checksum of everything that the file says', () => {
  const file = baselineFileOf('main', 'sample', sampleRuns([20]));
  const others = [
    { ...file, name: 'other' },
    { ...file, scenario: 'other' },
    { ...file, runs: [{ ...file.runs[0], seed: 2 }] },
  ];
  for (const other of others) expect(checksumOf(other)).not.toBe(file.checksum);
});

it('is read back as it was written', () => {
  const file = baselineFileOf('main', 'sample', sampleRuns([20, 1 / 3]));
  expect(checkBaseline(baselineText(file), 'main', 'sample')).toEqual({ file, problems: [] });
});

it('keeps ratios native ÷ baseline with their interval and rounds, and no absolute number', () => {
  const run = storedRunOf(sampleRecord(20));
  expect(Object.keys(run.cases.tcp.metrics)).toEqual(['throughput_ops_per_s', 'latency_ns_p99']);
  expect(run.cases.tcp.metrics.throughput_ops_per_s.ci95).toEqual([19.8, 20.2]);
  expect(run.cases.tcp.metrics.throughput_ops_per_s.rounds).toHaveLength(10);
  expect(JSON.stringify(run)).not.toContain('limit');
});

it('knows the machine by stable facts alone', () => {
  const { machine, fingerprint } = storedRunOf(sampleRecord(20));
  expect({ machine, fingerprint }).toEqual({
    machine: { cpuModel: 'A processor', cores: 2, kernelMajor: '6' },
    fingerprint: 'f',
  });
});
