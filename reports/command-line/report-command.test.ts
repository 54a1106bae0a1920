import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { RunRecord } from '../../scenarios/harness/record.js';
import { type BuiltClient, buildClient } from '../testing/build-client.js';
import { fixtureRecord } from '../testing/record-fixture.js';
import { hostileStrings } from '../testing/record-variants.js';
import { reportCommand } from './report-command.js';

describe('npm run report', { timeout: 60_000 }, () => {
  let client: BuiltClient;
  let root: string;
  let printed: string[];
  let complaints: string[];
  const env: NodeJS.ProcessEnv = {};

  beforeAll(async () => {
    client = await buildClient();
    root = await mkdtemp(join(tmpdir(), 'msgtrans-report-command-'));
    const run = join(root, 'runs', '20260314T092653Z-concurrent-1k-1');
    await mkdir(run, { recursive: true });
    await writeFile(
      join(run, 'record.json'),
      JSON.stringify(fixtureRecord({ rounds: 5, blocksPerRound: 5 })),
    );
    await symlink(run, join(root, 'runs', 'latest'));
    await writeFile(join(root, 'broken.json'), '{"schema":"msgtrans.run/1"');
    await writeFile(join(root, 'README.md'), 'a\n<!-- numbers:start -->\n<!-- numbers:end -->\n');
    await mkdir(join(root, 'scenarios'));
    for (const name of ['concurrent-1k', 'order-flow']) {
      await writeFile(
        join(root, 'scenarios', `${name}.yaml`),
        `name: ${name}\ntitle: A title\nannounced: 'announced of ${name}'\n`,
      );
    }
    env.INIT_CWD = root;
  }, 60_000);

  afterAll(async () => {
    await client.remove();
    await rm(root, { recursive: true, force: true });
  });

  beforeEach(() => {
    printed = [];
    complaints = [];
  });

  const run = (args: string[], extra: NodeJS.ProcessEnv = {}, stop?: AbortSignal) =>
    reportCommand(args, {
      root,
      env: { ...env, ...extra },
      print: (line) => printed.push(line),
      complain: (line) => complaints.push(line),
      clientEntryPath: client.clientEntryPath,
      ...(stop === undefined ? {} : { stop }),
    });

  it('renders records into one page and names it', async () => {
    const record = 'runs/latest/record.json';
    expect(await run([record, record, '--html', 'out/page.html'])).toBe(0);
    expect(printed).toEqual([`report: ${join(root, 'out', 'page.html')}`]);
    expect(await readFile(join(root, 'out', 'page.html'), 'utf8')).toContain('<title>2 runs: report</title>');
  });

  it('publishes the newest run without raw samples', async () => {
    expect(await run(['publish'])).toBe(0);
    const folder = join(root, 'reports', 'published', 'concurrent-1k');
    const record = JSON.parse(await readFile(join(folder, 'record.json'), 'utf8')) as RunRecord;
    expect(record.windows).toEqual([]);
    expect(record.comparisons.length).toBeGreaterThan(0);
    expect(await readFile(join(folder, 'report.html'), 'utf8')).toContain('concurrent-1k: native serves');
  });

  it('does not publish a profiled run', async () => {
    const folder = join(root, 'runs', 'profiled');
    await mkdir(folder);
    const record = fixtureRecord({ rounds: 5, blocksPerRound: 5 });
    record.options.profile = 'flame';
    await writeFile(join(folder, 'record.json'), JSON.stringify(record));
    expect(await run(['publish', 'profiled', '--name', 'profiled'])).not.toBe(0);
    expect(complaints.join()).toMatch(/is a profiled run/);
    await expect(readFile(join(root, 'reports', 'published', 'profiled', 'record.json'))).rejects.toThrow(
      /ENOENT/,
    );
  });

  it('publishes a suite under its name, which is no folder as it stands', async () => {
    const folder = join(root, 'runs', 'a-suite');
    await mkdir(folder);
    const record = JSON.stringify({ ...fixtureRecord(), scenario: 'suite:event-queue' });
    await writeFile(join(folder, 'record.json'), record);
    expect(await run(['publish', 'a-suite'])).toBe(0);
    expect(printed[0]).toContain(join('published', 'suite-event-queue', 'record.json'));
  });
  it('publishes a run by its name, from another place, under another name', async () => {
    const moved = { MSGTRANS_RUNS_DIR: join(root, 'runs') };
    expect(await run(['publish', '20260314T092653Z-concurrent-1k-1', '--name', 'release-1'], moved)).toBe(0);
    expect(printed[0]).toBe(`published: ${join(root, 'reports', 'published', 'release-1', 'record.json')}`);
    expect(await run(['publish'], { MSGTRANS_RUNS_DIR: join(root, 'nowhere') })).toBe(5);
    expect(complaints.join('\n')).toContain(join(root, 'nowhere', 'latest'));
  });

  it('lets neither a name nor a scenario lead out of the folder', async () => {
    expect(await run(['publish', '--name', '../../etc'])).toBe(2);
    const hostile = join(root, 'runs', 'hostile');
    await mkdir(hostile);
    await writeFile(join(hostile, 'record.json'), JSON.stringify(hostileStrings()));
    expect(await run(['publish', 'hostile'])).toBe(2);
    expect(complaints.join('\n')).toContain('Choose one with --name');
  });

  it('renews every page that quotes published numbers and tells when one is stale', async () => {
    await run(['publish']);
    expect(printed.join('\n')).toContain('npm run report -- numbers');
    const untouched = await readFile(join(root, 'README.md'), 'utf8');
    expect(await run(['numbers', '--check'])).toBe(1);
    const files = ['README.md', 'reports/published/README.md', 'reports/published/index.html'];
    expect(complaints.join('\n')).toContain(files.join(', '));
    expect(complaints.join('\n')).toContain('npm run report -- numbers');
    expect(await readFile(join(root, 'README.md'), 'utf8')).toBe(untouched);
    expect(await run(['numbers'])).toBe(0);
    const [readme, markdown, page] = await Promise.all(
      files.map((file) => readFile(join(root, file), 'utf8')),
    );
    expect(readme).toContain('| tcp/depth=16 |');
    expect(readme).toContain(
      '| [concurrent-1k](reports/published/concurrent-1k/report.html) | announced of concurrent-1k |',
    );
    for (const text of [readme!, markdown!, page!]) {
      expect(text).toContain('announced of order-flow');
      expect(text).toContain('no record yet');
    }
    expect(await run(['numbers', '--check'])).toBe(0);
  });

  it('judges only the files that are named, and finds one that is gone or was changed by hand', async () => {
    await run(['publish']);
    await run(['numbers']);
    const markdown = join(root, 'reports', 'published', 'README.md');
    await writeFile(markdown, (await readFile(markdown, 'utf8')).replace('order-flow', 'order-flood'));
    expect(await run(['numbers', '--check', 'README.md', 'reports/published/index.html'])).toBe(0);
    expect(await run(['numbers', '--check', 'reports/published/README.md'])).toBe(1);
    await rm(join(root, 'reports', 'published', 'index.html'));
    complaints = [];
    expect(await run(['numbers', '--check'])).toBe(1);
    expect(complaints.join('\n')).toMatch(
      /give: reports\/published\/README\.md, reports\/published\/index\.html\./,
    );
  });

  it('takes what was announced from the scenario, and says which file it cannot read', async () => {
    await run(['publish']);
    await run(['numbers']);
    const path = join(root, 'scenarios', 'order-flow.yaml');
    const text = await readFile(path, 'utf8');
    await writeFile(path, text.replace('announced of', 'now claimed of'));
    expect(await run(['numbers', '--check'])).toBe(1);
    await writeFile(path, 'name: [');
    expect(await run(['numbers'])).toBe(1);
    expect(complaints.join('\n')).toContain('scenarios/order-flow.yaml cannot be read');
    await writeFile(path, text);
  });

  it.each([
    [['broken.json', '--html', 'x.html'], 5, /broken\.json: not JSON/],
    [['none.json', '--html', 'x.html'], 5, /none\.json: cannot be read/],
    [[], 2, /Name at least one record/],
    [['a.json'], 2, /--html OUT/],
    [['a.json', '--hmtl', 'x.html'], 2, /--hmtl/],
    [['--serve', 'a.json'], 2, /--serve takes no files \(a\.json\)/],
    [['--serve', '--port', '70000'], 2, /--port "70000" is no port/],
    [['--serve', '--port', '80x'], 2, /--port "80x" is no port/],
    [['--serve', '--folder', 'none'], 5, /none: no such folder/],
    [['--port', '1'], 2, /--port/],
    [['publish', 'a', 'b'], 2, /one run/],
    [['publish', 'no-such-run'], 5, /no-such-run: no such run/],
    [['numbers', 'a.json'], 2, /numbers renews README\.md, .*it knows no a\.json/],
  ])('%j exits %i', async (args, code, message) => {
    expect(await run(args)).toBe(code);
    expect(complaints.join('\n')).toMatch(message);
  });

  it('names the file that cannot be written and exits 1', async () => {
    await writeFile(join(root, 'file'), '');
    expect(await run(['runs/latest/record.json', '--html', 'file/page.html'])).toBe(1);
    expect(complaints.join('\n')).toContain('EEXIST');
  });

  it('notices an option that npm kept for itself and prints the right line', async () => {
    const swallowed = { npm_config_html: 'true', npm_lifecycle_event: 'report' };
    expect(await run(['a.json', 'x.html'], swallowed)).toBe(2);
    expect(complaints.join('\n')).toContain('npm run report -- a.json x.html --html …');
  });

  it('serves the folder that is named until it is stopped, and says where', async () => {
    const stop = new AbortController();
    const served = run(['--serve', '--port', '0', '--folder', 'runs'], {}, stop.signal);
    await expect.poll(() => printed.join('\n')).toMatch(/http:\/\/127\.0\.0\.1:\d+\//);
    expect(printed[0]).toBe(`serving ${join(root, 'runs')}`);
    const url = /http:\S+/.exec(printed[1]!)![0];
    expect(await (await fetch(url)).text()).toContain('20260314T092653Z-concurrent-1k-1');
    const port = new URL(url).port;
    expect(await run(['--serve', '--port', port, '--folder', 'runs'])).toBe(1);
    expect(complaints.join('\n')).toContain(
      `127.0.0.1:${port}: another program listens there. Choose another with --port N`,
    );
    stop.abort();
    expect(await served).toBe(130);
    await expect(fetch(url)).rejects.toThrow();
  });

  it('serves where runs were moved to, when no folder is named', async () => {
    const stop = new AbortController();
    stop.abort();
    const moved = { MSGTRANS_RUNS_DIR: join(root, 'runs') };
    expect(await run(['--serve', '--port', '0'], moved, stop.signal)).toBe(130);
    expect(printed[0]).toBe(`serving ${join(root, 'runs')}`);
  });

  it('explains itself', async () => {
    expect(await run(['--help'])).toBe(0);
    expect(printed.join('\n')).toMatch(/publish[\s\S]*numbers[\s\S]*Exit codes/);
  });
});
