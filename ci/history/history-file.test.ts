import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { appendFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { acquireLock } from '../../scenarios/harness/lock.js';
import { appendHistory, gateHistoryPath, readHistoryFile } from './history-file.js';
import { formatHistory } from './history-line.js';
import { sampleLine } from './testing/sample-lines.js';

let folder: string;
let path: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'msgtrans-history-'));
  path = gateHistoryPath(join(folder, 'runs'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** Another process adds to the file, by what `npm test` has built. */
function appender(gates: number, linesOfEach: number): string {
  const built = join(import.meta.dirname, '..', '..', 'dist', 'ci', 'history', 'history-file.js');
  return `
    const { appendHistory } = await import(${JSON.stringify(pathToFileURL(built).href)});
    const line = ${JSON.stringify(sampleLine(1))};
    for (let gate = 0; gate < ${gates}; gate++) {
      const own = { ...line, gate: process.pid + ' ' + gate };
      await appendHistory(${JSON.stringify(path)}, Array(${linesOfEach}).fill(own));
    }`;
}

describe('the file of the history', () => {
  it('is empty before the first gate, makes its folder, and keeps what came before', async () => {
    expect(readHistoryFile(path)).toEqual([]);
    await appendHistory(path, [sampleLine(1)]);
    await appendHistory(path, [sampleLine(2), sampleLine(3)]);
    expect(readHistoryFile(path)).toEqual([1, 2, 3].map((day) => sampleLine(day)));
    expect(readFileSync(path, 'utf8')).toBe(formatHistory([1, 2, 3].map((day) => sampleLine(day))));
  });

  it('loses half a line of a writer that was killed, and nothing else', async () => {
    await appendHistory(path, [sampleLine(1)]);
    appendFileSync(path, '{"schema":"msgtrans.gate-hi');
    expect(readHistoryFile(path)).toEqual([sampleLine(1)]);
    await appendHistory(path, [sampleLine(2)]);
    expect(readHistoryFile(path)).toEqual([sampleLine(1), sampleLine(2)]);
  });

  it('keeps the lines of a gate together when several end at once', async () => {
    const children = Array.from({ length: 3 }, () =>
      spawn(process.execPath, ['--input-type=module', '--eval', appender(8, 5)], { stdio: 'inherit' }),
    );
    const codes = await Promise.all(children.map((child) => once(child, 'exit')));
    expect(codes.map(([code]) => code)).toEqual([0, 0, 0]);
    const gates = readFileSync(path, 'utf8')
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line).gate as string);
    expect(gates).toHaveLength(3 * 8 * 5);
    const runs = gates.filter((gate, index) => gate !== gates[index - 1]);
    expect(runs).toHaveLength(3 * 8);
  });

  it('is touched by nobody while another gate adds to it', async () => {
    await appendHistory(path, [sampleLine(1)]);
    const signal = new AbortController().signal;
    const release = await acquireLock({ purpose: 'a test', path: `${path}.lock`, signal, onWait: () => {} });
    // As another gate would leave it in the middle of a write.
    appendFileSync(path, '{"schema":');
    const added = appendHistory(path, [sampleLine(2)]);
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(readFileSync(path, 'utf8')).toMatch(/\{"schema":$/);
    release();
    await added;
    expect(readHistoryFile(path)).toEqual([sampleLine(1), sampleLine(2)]);
  });

  it('is what it was when there was room for a part of the lines only', async () => {
    await appendHistory(path, [sampleLine(1), sampleLine(2)]);
    const before = readFileSync(path, 'utf8');
    // A file may grow to 4 KiB: the first write is cut short there, the next one is refused.
    const limited = 'ulimit -f 4; exec "$0" --input-type=module --eval "$1"';
    const result = spawnSync('bash', ['-c', limited, process.execPath, appender(1, 9)], { encoding: 'utf8' });
    expect(result.stderr).toContain('history.ndjson could not be added to (EFBIG)');
    expect(result.stderr).toContain("code: 'ERR_HISTORY_WRITE'");
    expect(readFileSync(path, 'utf8')).toBe(before);
  });

  it('says when it cannot be read or added to', async () => {
    mkdirSync(path, { recursive: true });
    expect(() => readHistoryFile(path)).toThrow('history.ndjson cannot be read (EISDIR)');
    await expect(appendHistory(path, [sampleLine(1)])).rejects.toMatchObject({ code: 'ERR_HISTORY_WRITE' });
    writeFileSync(join(folder, 'file'), '');
    await expect(appendHistory(join(folder, 'file', 'h'), [sampleLine(1)])).rejects.toThrow(/\(E[A-Z]+\)/);
  });
});
