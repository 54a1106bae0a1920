import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { reportCommand } from '../command-line/report-command.js';
import { PAGE_BYTES_MAX } from '../render-report.js';
import { type BuiltClient, buildClient } from '../testing/build-client.js';
import { parseEvidence } from './evidence-file.js';
import { readGate } from './read-gate.js';
import { renderGate } from './render-gate.js';
import { sampleEvidence, sampleHistory, sampleHistoryText } from './testing/sample-beside.js';
import { GATES, longestGate, storedGate } from './testing/sample-gates.js';

describe('the page of a gate', { timeout: 120_000 }, () => {
  let client: BuiltClient;
  let folder: string;
  let root: string;
  let said: string[];

  beforeAll(async () => {
    client = await buildClient();
    root = await mkdtemp(join(tmpdir(), 'msgtrans-gate-page-'));
    folder = join(root, 'gate');
    await mkdir(folder);
    const { verdict, lines } = GATES.budget();
    await writeFile(join(folder, 'verdict.json'), `${JSON.stringify(verdict, null, 1)}\n`);
    await writeFile(
      join(folder, 'invocations.ndjson'),
      lines.map((line) => `${JSON.stringify(line)}\n`).join(''),
    );
    await writeFile(join(root, 'history.ndjson'), sampleHistoryText());
    await writeFile(join(root, 'evidence.json'), JSON.stringify(sampleEvidence()));
  }, 60_000);
  afterAll(async () => {
    await client.remove();
    await rm(root, { recursive: true, force: true });
  });

  const render = (input: Parameters<typeof renderGate>[0]) =>
    renderGate(input, { clientEntryPath: client.clientEntryPath }, []);
  const run = (...args: string[]) => {
    said = [];
    const tell = (line: string) => said.push(line);
    const { clientEntryPath } = client;
    return reportCommand(args, {
      root,
      env: { INIT_CWD: root },
      print: tell,
      complain: tell,
      clientEntryPath,
    });
  };

  it('is the same to the byte for the same gate', async () => {
    const [one, other] = [await render(GATES.budget()), await render(GATES.budget())];
    expect(one).toBe(other);
    expect(one).toContain('<title>Performance gate: inconclusive</title>');
    expect(one).toContain('The raw lines of the gate are in this page in full.');
  });

  it('keeps its size with more invocations than any gate takes, and says what it left out', async () => {
    const page = await render({ ...longestGate(), history: sampleHistory(), evidence: sampleEvidence() });
    expect(Buffer.byteLength(page)).toBeLessThanOrEqual(PAGE_BYTES_MAX);
    expect(page).toMatch(/without (the windows in them|blocks and windows), to keep it small/);
    expect(page).toContain('gate-units');
  });

  it('is made again from the folder of a gate, or its verdict', async () => {
    expect(await run('gate', '--html', 'again.html')).toBe(0);
    expect(await run('gate/verdict.json', '--html', 'out/again.html')).toBe(0);
    const [one, other] = [join(root, 'again.html'), join(root, 'out', 'again.html')].map((path) =>
      readFile(path, 'utf8'),
    );
    expect(await one).toBe(await other);
    expect(await one).toContain('the time budget ended first');
    expect(await one).not.toContain('id="gate-history"');
  });

  it('has a history and evidence where they are named', async () => {
    expect(
      await run('gate', '--html', 'more.html', '--history', 'history.ndjson', '--evidence', 'evidence.json'),
    ).toBe(0);
    const page = await readFile(join(root, 'more.html'), 'utf8');
    expect(page).toContain('id="gate-history"');
    expect(page).toContain('id="gate-self-test-evidence"');
  });

  it.each([
    [['gate', '--html', 'x.html', '--history', 'none.ndjson'], 5, 'there is no such file'],
    [['gate', '--html', 'x.html', '--evidence', 'history.ndjson'], 5, 'history.ndjson: not JSON'],
    [['gate', 'gate', '--html', 'x.html'], 2, 'A page shows one gate and nothing else'],
    [
      ['runs/r/record.json', '--html', 'x.html', '--history', 'history.ndjson'],
      2,
      '--history is for the page of a gate',
    ],
    [['nowhere/verdict.json', '--html', 'x.html'], 5, 'there is no such file. Name the folder of a gate'],
  ])('refuses %j', async (args, code, words) => {
    expect(await run(...args)).toBe(code);
    expect(said.join('\n')).toContain(words);
  });

  it('reads back what a gate writes, whichever comparison it was', async () => {
    const { verdict, lines } = await readGate(folder);
    const budget = GATES.budget();
    expect(JSON.stringify(verdict)).toBe(JSON.stringify(budget.verdict));
    expect(lines).toHaveLength(budget.lines.length);
    const stored = join(root, 'stored');
    await mkdir(stored);
    await writeFile(join(stored, 'verdict.json'), JSON.stringify(storedGate().verdict));
    expect(await readGate(stored)).toEqual(storedGate());
  });

  it.each([
    ['{"schema":"msgtrans.gate/2"}', 'not the verdict of a gate, at schema'],
    ['{"verdict":"pass"}', 'not the verdict of a gate, at exitCode'],
    ['{"verdict"', 'not JSON'],
  ])('refuses the verdict %s', async (text, words) => {
    const damaged = await mkdtemp(join(root, 'damaged-'));
    await writeFile(join(damaged, 'verdict.json'), text);
    await expect(readGate(damaged)).rejects.toThrow(words);
  });

  it('names the line of raw lines that are damaged', async () => {
    const damaged = await mkdtemp(join(root, 'damaged-'));
    await writeFile(join(damaged, 'verdict.json'), JSON.stringify(GATES.objections().verdict));
    await writeFile(join(damaged, 'invocations.ndjson'), '{}\n');
    await expect(readGate(damaged)).rejects.toThrow(/invocations\.ndjson:1: is malformed/);
  });

  it('refuses evidence of another kind, naming where', () => {
    expect(() => parseEvidence('{"schema":"x"}', 'evidence.json')).toThrow(
      /evidence\.json: not the evidence of a self-test, at schema/,
    );
  });
});
