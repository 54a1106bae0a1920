import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { SampleRepository } from '../gate/testing/sample-repository.js';
import { gateHistoryPath, readHistoryFile } from './history-file.js';
import { formatHistory } from './history-line.js';
import { currentBranch, rememberGate } from './remember-gate.js';
import { sampleLine } from './testing/sample-lines.js';

let runs: string;
beforeEach(() => {
  runs = mkdtempSync(join(tmpdir(), 'msgtrans-remember-'));
});
afterEach(() => rmSync(runs, { recursive: true, force: true }));

const inconclusive = (day: number) => sampleLine(day, { gateVerdict: 'inconclusive', exitCode: 4 });

describe('remembering a gate', () => {
  it('adds it, and says when it is the fifth inconclusive one in a row', async () => {
    for (const day of [1, 2, 3, 4]) {
      expect(await rememberGate(runs, [inconclusive(day)])).toEqual({ notes: [], problem: null });
    }
    const { notes } = await rememberGate(runs, [inconclusive(5)]);
    expect(notes).toEqual([expect.stringContaining('the last 5 gates on main were inconclusive')]);
    expect(readHistoryFile(gateHistoryPath(runs))).toHaveLength(5);
  });

  it('adds nothing for a gate without a verdict', async () => {
    expect(await rememberGate(runs, [])).toEqual({ notes: [], problem: null });
    expect(readHistoryFile(gateHistoryPath(runs))).toEqual([]);
  });

  it('notes lines that it cannot read, and adds its own all the same', async () => {
    writeFileSync(gateHistoryPath(runs), 'what is this\n');
    const { notes, problem } = await rememberGate(runs, [sampleLine(1)]);
    expect(problem).toBeNull();
    expect(notes).toEqual([
      expect.stringMatching(/^the history cannot be read: .*history\.ndjson:1: is no JSON/),
    ]);
    expect(readFileSync(gateHistoryPath(runs), 'utf8')).toBe(
      `what is this\n${formatHistory([sampleLine(1)])}`,
    );
  });

  it('hands back why it could not be added, so that the verdict comes first', async () => {
    mkdirSync(gateHistoryPath(runs));
    const { problem } = await rememberGate(runs, [sampleLine(1)]);
    expect(problem).toMatchObject({ code: 'ERR_HISTORY_WRITE' });
  });

  it('hands back a figure that could not be read again, too', async () => {
    const { problem } = await rememberGate(runs, [sampleLine(1, { minutes: Infinity })]);
    expect(problem).toMatchObject({ code: 'ERR_HISTORY_WRITE' });
    expect(readHistoryFile(gateHistoryPath(runs))).toEqual([]);
  });
});

describe('the branch of a gate', () => {
  it('is the one that is checked out, and none where HEAD is detached or there is no repository', () => {
    const repository = SampleRepository.create();
    try {
      const commit = repository.commit('one');
      expect(currentBranch(repository.root)).toBe('main');
      repository.git('checkout', '--quiet', '--detach', commit);
      expect(currentBranch(repository.root)).toBeNull();
      expect(currentBranch(runs)).toBeNull();
    } finally {
      repository.remove();
    }
  });
});
