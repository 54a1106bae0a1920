import { type SpawnSyncReturns, spawnSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { hashBaseline } from '../../scenarios/harness/build-record.js';
import { readMachine } from '../../scenarios/harness/machine.js';
import type { RunRecord } from '../../scenarios/harness/record.js';
import { readScenarioSource } from '../../scenarios/harness/scenario-file.js';
import { hashSuite } from '../../suites/harness/suite-source.js';
import { builtFrom, SAMPLE_SUITE, sampleRecord } from '../baseline-store/testing/sample-record.js';

/** The command as a person runs it: built code, a process for each. `npm test` builds before it tests. */

const ROOT = join(import.meta.dirname, '..', '..');
const COMMAND = join(ROOT, 'dist', 'ci', 'commands', 'baseline.js');

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'msgtrans-baseline-command-'));
  mkdirSync(join(folder, 'scenarios'));
  writeFileSync(join(folder, 'scenarios', 'sample.yaml'), 'name: sample\n');
});
afterEach(() => rmSync(folder, { recursive: true }));

function run(args: string[], more: Record<string, string> = {}): SpawnSyncReturns<string> {
  const env = { ...process.env };
  for (const key of Object.keys(env)) if (key.startsWith('npm_') || key === 'INIT_CWD') delete env[key];
  return spawnSync(process.execPath, [COMMAND, ...args], {
    encoding: 'utf8',
    cwd: folder,
    env: {
      ...env,
      MSGTRANS_BASELINES_DIR: join(folder, 'baselines'),
      MSGTRANS_RUNS_DIR: join(folder, 'runs'),
      MSGTRANS_SCENARIOS_DIR: join(folder, 'scenarios'),
      ...more,
    },
  });
}

/** A record that is comparable on this machine, with this checkout. */
function ownRecord(ratio: number, changes: Partial<RunRecord> = {}, minute = 0): RunRecord {
  const record = sampleRecord(ratio, {}, minute);
  return {
    ...record,
    scenarioHash: readScenarioSource(join(folder, 'scenarios', 'sample.yaml')).hash,
    machine: readMachine(0),
    build: { ...record.build, baselineHash: hashBaseline(ROOT) },
    ...changes,
  };
}

function put(path: string, record: unknown): string {
  mkdirSync(join(folder, path, '..'), { recursive: true });
  writeFileSync(join(folder, path), JSON.stringify(record));
  return path;
}

const file = (name = 'main') => join(folder, 'baselines', name, 'sample.json');
const save = (name: string, ...args: Parameters<typeof ownRecord>) =>
  run(['save', name, put(`record-${name}.json`, ownRecord(...args))]);

describe('save', () => {
  it('takes the newest run, the folder of a run, its name, and a file', () => {
    put('runs/first/record.json', ownRecord(20, {}, 1));
    put('runs/second/record.json', ownRecord(20, {}, 2));
    symlinkSync('second', join(folder, 'runs', 'latest'));
    const newest = run(['save', 'main']);
    expect(newest).toMatchObject({ status: 0, stderr: '' });
    expect(newest.stdout).toBe(
      `added to ${file()}, which holds 1 run of sample now\ncomparisons only warn until there are 5\n`,
    );
    expect(run(['save', 'main', 'first']).stdout).toContain('holds 2 runs');
    expect(run(['save', 'main', 'runs/first']).stdout).toContain(`renewed in ${file()}, which holds 2 runs`);
    mkdirSync(join(folder, 'elsewhere'));
    put('record.json', ownRecord(20, {}, 3));
    const elsewhere = { INIT_CWD: join(folder, 'elsewhere') };
    expect(run(['save', 'main', '../record.json'], elsewhere).stdout).toContain('holds 3 runs');
  });

  it.each<[string, Partial<RunRecord>, RegExp]>([
    ['quick', { options: { quick: true, slotMs: 500 } }, /quick run is too short/],
    ['failed', { verdict: 'fail', exitCode: 6 }, /verdict is fail/],
    ['interrupted', { interrupted: true }, /was interrupted/],
    ['dirty', { build: { ...sampleRecord(1).build, dirty: true } }, /commit or stash the changes/],
  ])('refuses a run that is %s with exit 1, and says why', (_, changes, message) => {
    const refused = save('main', 20, changes);
    expect(refused).toMatchObject({ status: 1, stdout: '' });
    expect(refused.stderr).toMatch(message);
    expect(existsSync(file())).toBe(false);
  });

  it('ends with 5 for a record that is missing or damaged, and names it', () => {
    expect(run(['save', 'main'])).toMatchObject({ status: 5 });
    writeFileSync(join(folder, 'cut.json'), JSON.stringify(ownRecord(20)).slice(0, 99));
    const cut = run(['save', 'main', 'cut.json']);
    expect(cut).toMatchObject({ status: 5, stdout: '' });
    expect(cut.stderr).toContain(`${join(folder, 'cut.json')}: not JSON`);
  });
});

describe('list, show, verify and rm', () => {
  it('list says what there is, and what of it is usable here', () => {
    expect(run(['list']).stdout).toMatch(/^no stored baselines in .*save one with/);
    save('main', 20);
    save('foreign', 20, {
      machine: { ...readMachine(0), fingerprint: 'other', cpuModel: 'A marvel', cores: 99 },
    });
    save('opponent', 20, builtFrom('b'));
    save('changed', 20, { scenarioHash: 'other' });
    save('gone', 20, { scenario: 'vanished' });
    const suite = { ...SAMPLE_SUITE, scenario: 'suite:event-queue' };
    save('main', 20, { ...suite, scenarioHash: hashSuite(ROOT, 'event-queue') });
    save('queue', 20, suite);
    save('lost', 20, SAMPLE_SUITE);
    run(['promote', 'main']);
    const { status, stdout, stderr } = run(['list']);
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    const lines = stdout.split('\n');
    const of = (name: string, scenario = '') =>
      lines.find((line) => line.startsWith(`${name} `) && line.includes(` ${scenario}`));
    expect(lines[0]).toMatch(/^name +scenario +runs +newest +commit +machine +usable here +role$/);
    expect(of('main')).toMatch(/ sample +1 +\d+ d +a{12} .* yes +anchor, promoted last$/);
    expect(of('foreign')).toMatch(/A marvel × 99 +no: other machine/);
    expect(of('opponent')).toMatch(/ b{12} .* no: other core\/baseline/);
    expect(of('changed')).toMatch(/no: other scenario file/);
    expect(of('gone')).toMatch(/vanished .* no: no such scenario/);
    expect(of('main', 'suite:')).toMatch(/ suite:event-queue +1 .* yes +anchor, promoted last$/);
    expect(of('queue')).toMatch(/ suite:event-queue .* no: other suite source/);
    expect(of('lost')).toMatch(/ suite:sample .* no: no such suite/);
  });

  it('list shows the whole ones beside a damaged one, and ends with 5', () => {
    save('main', 20);
    save('cut', 20);
    writeFileSync(file('cut'), '{');
    const { status, stdout, stderr } = run(['list']);
    expect(status).toBe(5);
    expect(stdout).toMatch(/^cut .* no: damaged$/m);
    expect(stdout).toMatch(/^main .* yes$/m);
    expect(stderr).toContain(`${file('cut')} is not complete JSON`);
  });

  it('show prints runs, and ratios with intervals', () => {
    save('main', 20, {}, 1);
    save('main', 21, {}, 2);
    const { status, stdout } = run(['show', 'main']);
    expect(status).toBe(0);
    expect(stdout).toMatch(/^main: sample, usable here: yes$/m);
    expect(stdout).toMatch(/^ +2024-01-02T03:02:05\.000Z +1 +\d+ d +a{12}/m);
    expect(stdout).toMatch(/^ +tcp +throughput_ops_per_s +20\.5× \[\d+\.\d, \d+\.\d\] +3\.45 % +2 +20$/m);
    expect(stdout).toMatch(/^ +tcp +latency_ns_p99 +20\.5× +3\.45 % +2 +0$/m);
    writeFileSync(file(), '{');
    expect(run(['show', 'main'])).toMatchObject({ status: 5, stdout: '' });
    expect(run(['show', 'mian']).stderr).toMatch(/there is no stored baseline "mian".*did you mean "main"\?/);
  });

  it('verify prints every problem and ends with 5, or says that there is none', () => {
    save('main', 20);
    save('other', 20);
    run(['promote', 'other']);
    expect(run(['verify'])).toMatchObject({
      status: 0,
      stdout: '2 baselines, 2 files, 2 runs, 1 promotion: no problems\n',
      stderr: '',
    });
    writeFileSync(file('other'), readFileSync(file('other'), 'utf8').replace('"ratio": 20', '"ratio": 30'));
    writeFileSync(join(folder, 'baselines', 'main', 'stray.txt'), '');
    writeFileSync(join(folder, 'baselines', 'history.ndjson'), '{"schema":\n');
    const { status, stdout, stderr } = run(['verify']);
    expect(status).toBe(5);
    expect(stderr).toMatch(/other\/sample\.json does not match its checksum/);
    expect(stderr).toMatch(/main\/stray\.txt is no stored baseline; remove it/);
    expect(stderr).toMatch(/history\.ndjson:1: is not complete JSON/);
    expect(stdout).toBe('2 baselines, 2 files, 1 run, 0 promotions: 3 problems\n');
    // One by name: only what is wrong with that.
    expect(run(['verify', 'other']).stdout).toBe('1 baseline, 1 file, 0 runs, 0 promotions: 1 problem\n');
    expect(run(['verify', 'none'])).toMatchObject({ status: 5, stdout: '' });
  });

  it('all take the baselines of suites', () => {
    const saved = save('main', 20, SAMPLE_SUITE);
    const path = join(folder, 'baselines', 'main', 'suite-sample.json');
    expect(saved.stdout).toContain(`added to ${path}, which holds 1 run of suite:sample now`);
    expect(run(['show', 'main']).stdout).toMatch(/^main: suite:sample, usable here: no: no such suite$/m);
    expect(run(['verify']).stdout).toContain('1 baseline, 1 file, 1 run, 0 promotions: no problems');
    writeFileSync(path, readFileSync(path, 'utf8').replace('"ratio": 20', '"ratio": 30'));
    expect(run(['verify'])).toMatchObject({
      status: 5,
      stderr: expect.stringContaining('suite-sample.json does not match its checksum'),
    });
    expect(run(['rm', 'main'])).toMatchObject({ status: 0, stdout: `removed ${path}\n` });
  });

  it('rm removes what is there, and ends with 5 where nothing is', () => {
    save('main', 20);
    expect(run(['rm', 'main'])).toMatchObject({ status: 0, stdout: `removed ${file()}\n` });
    expect(existsSync(file())).toBe(false);
    const gone = run(['rm', 'main']);
    expect(gone).toMatchObject({ status: 5, stdout: '' });
    expect(gone.stderr).toContain('there is none at all');
  });
});

describe('promote', () => {
  const history = () => readFileSync(join(folder, 'baselines', 'history.ndjson'), 'utf8');

  it('refuses a slower build with exit 3, and takes it with a reason that the history keeps', () => {
    save('v1', 20);
    save('v2', 18, { build: { ...ownRecord(1).build, commit: 'b'.repeat(40) } });
    expect(run(['promote', 'v1']).stdout).toMatch(/^v1 \(a{12}\) is promoted: the first one\nhistory /);
    const before = history();
    const refused = run(['promote', 'v2']);
    expect(refused).toMatchObject({ status: 3, stdout: '' });
    expect(refused.stderr).toMatch(/v2 lies below the anchor v1/);
    expect(history()).toBe(before);
    expect(run(['rm', 'v1'])).toMatchObject({ status: 1, stderr: expect.stringContaining('--force') });
    const accepted = run(['promote', 'v2', '--accept-regression', 'bounds are checked now']);
    expect(accepted.status).toBe(0);
    expect(accepted.stdout).toMatch(/v2 \(b{12}\) is promoted: 0\.900× the anchor v1, over 1 metrics/);
    expect(accepted.stdout).toContain('a regression was accepted: bounds are checked now');
    expect(history()).toBe(before + history().slice(before.length));
    expect(JSON.parse(history().trimEnd().split('\n')[1])).toMatchObject({
      name: 'v2',
      acceptedRegression: 'bounds are checked now',
    });
    expect(run(['promote', 'v2']).stdout).toMatch(/was promoted already/);
  });

  it('says which build is still the anchor', () => {
    save('v1', 20);
    save('v2', 19.95, { build: { ...ownRecord(1).build, commit: 'b'.repeat(40) } });
    run(['promote', 'v1']);
    expect(run(['promote', 'v2']).stdout).toMatch(/the anchor is still v1 \(a{12}\), which is faster/);
    expect(run(['list']).stdout).toMatch(/^v1 .* anchor$[\s\S]*^v2 .* promoted last$/m);
  });
});

it('ends with 2 for what cannot be carried out as typed, and with 0 for help', () => {
  const refused = run(['save', 'main', '--force']);
  expect(refused).toMatchObject({ status: 2, stdout: '' });
  expect(refused.stderr).toMatch(/save has no option --force[\s\S]*npm run baseline -- --help/);
  expect(run(['--help'])).toMatchObject({ status: 0, stderr: '' });
});

it('is started by npm run baseline', () => {
  const { scripts } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));
  expect(scripts.baseline).toBe('node ci/bootstrap/run.mjs baseline');
  const started = spawnSync('npm', ['run', '--silent', 'baseline', '--', 'show', '--help'], {
    encoding: 'utf8',
    cwd: ROOT,
  });
  expect(started).toMatchObject({ status: 0 });
  expect(started.stdout).toContain('npm run baseline -- show NAME');
});
