import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readlinkSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createRunFolder, linkLatest, pruneRuns, runsFolder } from './run-places.js';

let runs: string;
beforeEach(() => {
  runs = mkdtempSync(join(tmpdir(), 'msgtrans-runs-'));
});
afterEach(() => rmSync(runs, { recursive: true }));

const at = (second: number) => new Date(Date.UTC(2024, 0, 2, 3, 4, second));

describe('the places of a run', () => {
  it('are in runs/, unless MSGTRANS_RUNS_DIR says otherwise', () => {
    expect(runsFolder('/root-of-tree', {})).toBe('/root-of-tree/runs');
    expect(runsFolder('/root-of-tree', { MSGTRANS_RUNS_DIR: '/elsewhere' })).toBe('/elsewhere');
  });

  it('are folders of their own, named by time, scenario and seed', () => {
    const first = createRunFolder(join(runs, 'deep'), at(5), 'sample', 7);
    expect(first).toBe(join(runs, 'deep', '20240102T030405Z-sample-7'));
    expect(createRunFolder(join(runs, 'deep'), at(5), 'sample', 7)).toBe(`${first}-2`);
  });

  it('have the newest linked, also when the link was there', () => {
    for (const second of [1, 2]) {
      const folder = createRunFolder(runs, at(second), 'sample', 7);
      linkLatest(runs, folder);
      expect(join(runs, readlinkSync(join(runs, 'latest')))).toBe(folder);
    }
    expect(readdirSync(runs).filter((name) => name.includes('tmp'))).toEqual([]);
  });

  it('leave a real file named latest alone', () => {
    mkdirSync(join(runs, 'latest'));
    linkLatest(runs, createRunFolder(runs, at(1), 'sample', 7));
    expect(existsSync(join(runs, 'latest'))).toBe(true);
  });

  it('are pruned to the newest, and nothing else is touched', () => {
    for (const second of [3, 1, 2]) createRunFolder(runs, at(second), 'sample', second);
    mkdirSync(join(runs, 'mine'));
    writeFileSync(join(runs, 'history.ndjson'), '');
    expect(pruneRuns(runs, 2)).toEqual(['20240102T030401Z-sample-1']);
    expect(readdirSync(runs).sort()).toEqual([
      '20240102T030402Z-sample-2',
      '20240102T030403Z-sample-3',
      'history.ndjson',
      'mine',
    ]);
  });
});
