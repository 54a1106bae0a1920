import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { historyCommand } from './history-command.js';
import { appendHistory, gateHistoryPath } from './history-file.js';
import { formatHistory, NO_METRIC } from './history-line.js';
import type { HistoryView } from './history-view.js';
import { HISTORY_OPTIONS } from './options.js';
import { commitOf, OTHER_MACHINE, SAMPLE_MACHINE, sampleLine } from './testing/sample-lines.js';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'msgtrans-history-command-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function run(args: string[], env: Record<string, string> = {}, terminal = false) {
  const [printed, complained]: string[][] = [[], []];
  const code = historyCommand(args, {
    ...{ runs: folder, baselines: join(folder, 'baselines'), from: folder, env, terminal },
    print: (text) => printed.push(text),
    complain: (line) => complained.push(line),
  });
  return { code, stdout: printed.join(''), stderr: complained.join('\n') };
}

/** A step at the 13th gate, another machine from the 25th on, and latency beside it. */
async function remember(): Promise<void> {
  for (let day = 1; day <= 28; day++) {
    const valueCandidate = (day < 13 ? 400_000 : 360_000) + 500 * (day % 3);
    const machine = day < 25 ? SAMPLE_MACHINE : OTHER_MACHINE;
    const latency = { metric: 'latency_ns_p50', unit: 'ns', better: 'lower', valueCandidate: 5e6 } as const;
    await appendHistory(gateHistoryPath(folder), [
      sampleLine(day, { valueCandidate, machine }),
      sampleLine(day, { ...latency, machine }),
    ]);
  }
}

describe('npm run history', () => {
  it('shows bars, newest values, the step with its commit, and the change of machine', async () => {
    await remember();
    const { code, stdout, stderr } = run(['--metric', 'throughput*']);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    const lines = stdout.split('\n');
    expect(lines[0]).toBe('tcp/depth=16,sessions=200  throughput_ops_per_s  (higher is better; 28 gates)');
    expect(lines[1]).toMatch(/^ {2}[▇█]{12}▁{16} {2}360 k\/s … 401 k\/s$/);
    expect(lines[2]).toBe(`${' '.repeat(14)}^${' '.repeat(11)}|     ^ step  | other machine  P promotion`);
    expect(stdout).toMatch(/2024-01-28 12:00 .*main .* {2}\+0\.10 % {2}\[-0\.50, 0\.70\] +5 % +pass/);
    expect(stdout).toContain(
      `since ${commitOf(13).slice(0, 12)}: 11.1 % slower, 401 k/s → 361 k/s (p 0.005)`,
    );
    expect(stdout).toContain(
      'another machine: A processor × 2, Linux 6.1.0, Node.js 20.17.0 → Another processor × 4',
    );
    expect(stdout).not.toContain('latency');
  });

  it('takes the newest gates, cases by glob, a file from elsewhere, and prints JSON', async () => {
    await remember();
    writeFileSync(join(folder, 'ci.ndjson'), formatHistory([sampleLine(3, { case: 'elsewhere' })]));
    const { stdout } = run(['--json', '--last', '5', '--case', 'tcp/depth*']);
    const view = JSON.parse(stdout) as HistoryView;
    expect(view.series.map(({ points, omitted }) => [points.length, omitted])).toEqual([
      [5, 23],
      [5, 23],
    ]);
    expect(run(['--file', 'ci.ndjson']).stdout).toContain('elsewhere  throughput_ops_per_s');
    expect(run(['--case', 'udp*'])).toMatchObject({
      code: 2,
      stderr: expect.stringContaining(
        'There are throughput_ops_per_s of tcp/depth=16,sessions=200 · latency',
      ),
    });
  });

  it('tells promotions and accepted regressions beside the gates', async () => {
    await appendHistory(gateHistoryPath(folder), [sampleLine(1), sampleLine(5)]);
    const promotion = {
      ...{
        schema: 'msgtrans.promotion/1',
        at: '2024-01-03T00:00:00.000Z',
        name: 'main',
        commit: commitOf(2),
      },
      ...{ against: null, speed: 1, acceptedRegression: 'checks every message now' },
    };
    const baselines = join(folder, 'baselines');
    spawnSync('mkdir', [baselines]);
    writeFileSync(join(baselines, 'history.ndjson'), `${JSON.stringify(promotion)}\n`);
    const { stdout } = run([]);
    expect(stdout).toContain(
      '2024-01-03 00:00  promoted "main", 000000000000, an accepted regression: checks every',
    );
    expect(stdout.split('\n')[2]).toMatch(/^ {3}P /);
  });

  it('says what to do before the first gate, and what there is when none came to a figure', async () => {
    expect(run([]).stdout).toContain('no gate has come to a verdict here yet');
    expect(run(['--check']).code).toBe(0);
    await appendHistory(gateHistoryPath(folder), [sampleLine(1, NO_METRIC)]);
    expect(run([]).stdout).toBe('1 gate, and none came to a figure\n');
  });

  it('warns of five inconclusive gates in a row on main, and exits 4 for them with --check alone', async () => {
    const lines = [1, 2, 3, 4, 5].map((day) => sampleLine(day, { gateVerdict: 'inconclusive', exitCode: 4 }));
    await appendHistory(gateHistoryPath(folder), lines.slice(0, 4));
    expect(run(['--check']).code).toBe(0);
    await appendHistory(gateHistoryPath(folder), lines.slice(4));
    const { code, stdout } = run(['--check']);
    expect(stdout).toContain('warning: the last 5 gates on main were inconclusive');
    expect(stdout).toContain('pass, gate inconclusive');
    expect(code).toBe(4);
    expect(run([]).code).toBe(0);
  });

  it('is coloured in a terminal, unless NO_COLOR is set', async () => {
    await remember();
    expect(run([], {}, true).stdout).toContain('\u001b[31msince');
    for (const [env, terminal] of [
      [{ NO_COLOR: '1' }, true],
      [{ TERM: 'dumb' }, true],
      [{}, false],
    ] as const) {
      expect(run([], env as Record<string, string>, terminal).stdout).not.toContain('\u001b');
    }
  });

  it('ends with 1 for a damaged history, naming the line', () => {
    writeFileSync(gateHistoryPath(folder), `${formatHistory([sampleLine(1)])}{}\n`);
    const { code, stderr } = run([]);
    expect(code).toBe(1);
    expect(stderr).toContain(`${gateHistoryPath(folder)}:2: has the schema none`);
  });

  it.each([
    [['--lsat', '3'], 'did you mean "last"?'],
    [['--last', '0'], '--last is a whole number from 1 to 500; got "0"'],
    [['--last', '501'], 'got "501"'],
    [['--file='], '--file needs a value: --file FILE'],
    [['throughput'], 'history takes no words'],
  ])('ends with 2 for %j', (args, message) => {
    const { code, stderr } = run(args);
    expect(code).toBe(2);
    expect(stderr).toContain(message);
  });

  it('notices options that npm kept for itself', () => {
    const { code, stderr } = run([], { npm_lifecycle_event: 'history', npm_config_last: '7' });
    expect(code).toBe(2);
    expect(stderr).toContain('npm run history -- --last 7');
  });

  it('explains itself, as built and started', () => {
    const program = join(import.meta.dirname, '..', '..', 'dist', 'ci', 'commands', 'history.js');
    const env = { ...process.env, MSGTRANS_RUNS_DIR: folder };
    const { status, stdout } = spawnSync(process.execPath, [program, '--help'], { encoding: 'utf8', env });
    expect(status).toBe(0);
    for (const name of Object.keys(HISTORY_OPTIONS)) expect(stdout).toContain(`--${name}`);
    const shown = spawnSync(process.execPath, [program], { encoding: 'utf8', env });
    expect(shown.stdout).toContain(`there is nothing in ${gateHistoryPath(folder)}`);
  });
});
