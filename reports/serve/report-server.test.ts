import { mkdir, mkdtemp, rm, symlink, truncate, utimes, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { networkInterfaces, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { sampleHistoryText } from '../gate/testing/sample-beside.js';
import { ALL_METRICS, sampleGate, storedGate } from '../gate/testing/sample-gates.js';
import { type BuiltClient, buildClient } from '../testing/build-client.js';
import { fixtureRecord } from '../testing/record-fixture.js';
import { SOURCE_BYTES_MAX } from './folder-files.js';
import { type ReportServer, startReportServer } from './report-server.js';

const SECRET = 'a secret outside of the folder';
const STORED = '<title>as it was stored</title>';

describe('report server', { timeout: 60_000 }, () => {
  let client: BuiltClient;
  let outside: string;
  let folder: string;
  let server: ReportServer;
  const complaints: string[] = [];
  const serve = (port = 0) =>
    startReportServer({
      ...{ folder, port, clientEntryPath: client.clientEntryPath },
      // A package without a self-test and without promotions.
      ...{ root: outside, complain: (line: string) => complaints.push(line) },
    });
  const put = async (name: string, file: string, text: string) => {
    await mkdir(join(folder, name), { recursive: true });
    await writeFile(join(folder, name, file), text);
  };

  beforeAll(async () => {
    client = await buildClient();
    outside = await mkdtemp(join(tmpdir(), 'msgtrans-report-server-'));
    folder = join(outside, 'runs');
    const record = JSON.stringify(fixtureRecord({ rounds: 2, blocksPerRound: 2 }));
    for (const name of ['plain', 'stored', 'linked-page']) await put(name, 'record.json', record);
    await put('stored', 'report.html', STORED);
    await put('broken', 'record.json', '{"schema":');
    const other = record.replace('msgtrans.run/1', 'msgtrans.run/9');
    for (const name of ['of-another-version', 'changed-since', 'broken-linked-page']) {
      await put(name, 'record.json', other);
      if (name !== 'broken-linked-page') await put(name, 'report.html', STORED);
    }
    await utimes(join(folder, 'changed-since', 'report.html'), 1_000_000_000, 1_000_000_000);
    // Of one metric: the power of each takes tenths of a second.
    const header = { metrics: ALL_METRICS.slice(0, 1) };
    const { verdict, lines } = sampleGate({ header, slowdown: 0.03, end: { why: 'budget', after: 7 } });
    await put('a-gate', 'verdict.json', JSON.stringify(verdict));
    await put('a-gate', 'invocations.ndjson', lines.map((line) => `${JSON.stringify(line)}\n`).join(''));
    await put('a-gate', 'report.html', STORED);
    await put('gate-going-on', 'invocations.ndjson', `${JSON.stringify(lines[0])}\n`);
    await put('gate-of-stored-ratios', 'verdict.json', JSON.stringify(storedGate().verdict));
    await put('gate-of-stored-ratios', 'record.json', record);
    await mkdir(join(folder, 'linked-file'));
    await writeFile(join(outside, 'report.html'), SECRET);
    await writeFile(join(outside, 'record.json'), record);
    await symlink(join(outside, 'record.json'), join(folder, 'linked-file', 'record.json'));
    await writeFile(join(outside, 'verdict.json'), JSON.stringify(verdict));
    await symlink(join(outside, 'verdict.json'), join(folder, 'linked-file', 'verdict.json'));
    for (const name of ['linked-page', 'broken-linked-page']) {
      await symlink(join(outside, 'report.html'), join(folder, name, 'report.html'));
    }
    await symlink(outside, join(folder, 'linked-folder'));
    await symlink(join(folder, 'plain'), join(folder, 'latest'));
    server = await serve();
  }, 60_000);

  afterAll(async () => {
    await server?.close();
    await client.remove();
    await rm(outside, { recursive: true, force: true });
  });

  /** The bytes as they are, which `fetch` would tidy up. */
  function raw(head: string): Promise<string> {
    return new Promise((done, fail) => {
      const socket = connect(server.port, '127.0.0.1');
      let answer = '';
      socket.setEncoding('utf8').on('data', (text) => {
        answer += text;
      });
      socket.on('error', fail).on('close', () => done(answer));
      socket.write(head);
    });
  }
  const request = (line: string, host = `127.0.0.1:${server.port}`) =>
    raw(`${line} HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`);
  const statusOf = (answer: string) => Number(/^HTTP\/1\.1 (\d{3})/.exec(answer)?.[1]);

  it('lists the runs and gates that are there, the unreadable ones with their reason, and no link', async () => {
    const page = await request('GET /');
    expect(statusOf(page)).toBe(200);
    for (const name of ['plain', 'stored', 'linked-page', 'of-another-version', 'gate-of-stored-ratios'])
      expect(page).toContain(`href="/runs/${name}/report.html"`);
    for (const name of ['a-gate', 'gate-of-stored-ratios'])
      expect(page).toContain(`href="/gates/${name}/report.html"`);
    expect(page).toContain('broken: not JSON');
    expect(page).toContain('no verdict.json yet: this gate is still going on, or was killed');
    for (const name of [
      'latest',
      'linked-folder',
      'linked-file',
      'broken',
      'broken-linked-page',
      'changed-since',
    ])
      expect(page).not.toMatch(new RegExp(`/(runs|gates)/${name}/`));
    for (const name of ['a-gate', 'gate-going-on']) expect(page).not.toContain(`/runs/${name}/`);
  });

  it('makes a report from its record, whatever page lies beside it', async () => {
    for (const name of ['plain', 'stored', 'gate-of-stored-ratios']) {
      const made = await request(`GET /runs/${name}/report.html`);
      expect(statusOf(made)).toBe(200);
      expect(made).toContain('concurrent-1k: run report');
      expect(made).toMatch(/Content-Security-Policy: default-src 'none'; script-src 'sha256-/);
    }
  });

  it('makes the page of a gate from its verdict and its lines, whatever page lies beside them', async () => {
    const made = await request('GET /gates/a-gate/report.html');
    expect(made).toContain('<title>Performance gate: inconclusive</title>');
    expect(made).toContain('The raw lines of the gate are in this page in full.');
    expect(made).toMatch(/Content-Security-Policy: default-src 'none'; script-src 'sha256-/);
    expect(made).not.toContain('<h2 id="gate-history-title">');
    const ofStored = await request('GET /gates/gate-of-stored-ratios/report.html');
    expect(ofStored).toContain('Slower than the stored runs');
    expect(statusOf(await request('GET /gates/gate-going-on/report.html'))).toBe(404);
    expect(statusOf(await request('GET /gates/plain/report.html'))).toBe(404);
  });

  it('shows earlier gates on the page of one, and says on its terminal where it cannot', async () => {
    const history = join(folder, 'history.ndjson');
    await writeFile(history, sampleHistoryText());
    expect(await request('GET /gates/a-gate/report.html')).toContain('gates so far');
    await writeFile(history, 'no line of a history\n');
    const page = await request('GET /gates/a-gate/report.html');
    expect(statusOf(page)).toBe(200);
    expect(page).not.toContain('gates so far');
    expect(complaints.join()).toMatch(/not in the page: history\.ndjson:1: is no JSON/);
    await rm(history);
    await symlink(join(outside, 'report.html'), history);
    expect(await request('GET /gates/a-gate/report.html')).not.toContain(SECRET);
    await rm(history);
  });

  it('gives the page beside a record that it cannot read, in a sandbox, unless that is older', async () => {
    const stored = await request('GET /runs/of-another-version/report.html');
    expect(stored).toContain('as it was stored');
    expect(stored).toMatch(
      /Content-Security-Policy: sandbox allow-scripts allow-downloads; default-src 'none'/,
    );
    const older = await request('GET /runs/changed-since/report.html');
    expect(statusOf(older)).toBe(500);
    expect(older).not.toContain('as it was stored');
    expect(older).toContain('Render it with the version that wrote it');
  });

  it('does not read a record above the limit, and says so in its place', async () => {
    await put('large', 'record.json', '');
    await truncate(join(folder, 'large', 'record.json'), SOURCE_BYTES_MAX + 1);
    const told = 'large/record.json: 32 MiB, above the 32 MiB';
    expect(await request('GET /')).toContain(told);
    const page = await request('GET /runs/large/report.html');
    expect(statusOf(page)).toBe(500);
    expect(page).toContain(told);
    await put('large', 'report.html', STORED);
    expect(await request('GET /runs/large/report.html')).toContain('as it was stored');
    await rm(join(folder, 'large'), { recursive: true });
  });

  it('shows a record that was written anew', async () => {
    const path = join(folder, 'renewed');
    await mkdir(path);
    await writeFile(
      join(path, 'record.json'),
      JSON.stringify(fixtureRecord({ rounds: 2, blocksPerRound: 2 })),
    );
    expect(await request('GET /runs/renewed/report.html')).toContain('concurrent-1k: run report');
    const anew = { ...fixtureRecord({ rounds: 2, blocksPerRound: 2 }), scenario: 'written-anew' };
    await writeFile(join(path, 'record.json'), JSON.stringify(anew));
    expect(await request('GET /runs/renewed/report.html')).toContain('written-anew: run report');
    expect(await request('GET /')).toContain('written-anew');
    await rm(path, { recursive: true });
    expect(statusOf(await request('GET /runs/renewed/report.html'))).toBe(404);
  });

  it.each([
    'GET /../report.html',
    'GET /runs/../report.html',
    'GET /runs/../../report.html',
    'GET /runs/%2e%2e/report.html',
    'GET /runs/%2E%2E%2Freport.html',
    'GET /runs/%252e%252e/report.html',
    'GET /runs/..%2f/report.html',
    'GET /runs/..%5c/report.html',
    'GET /runs/%2e/report.html',
    'GET /runs/plain%2f../report.html',
    'GET /runs/plain%00/report.html',
    'GET /runs/plain/record.json',
    'GET /runs/plain/',
    'GET /runs/linked-folder/report.html',
    'GET /runs/linked-file/report.html',
    'GET /runs/latest/report.html',
    'GET /gates/../report.html',
    'GET /gates/%2e%2e/report.html',
    'GET /gates/..%2f/report.html',
    'GET /gates/a-gate/verdict.json',
    'GET /gates/a-gate/invocations.ndjson',
    'GET /gates/linked-folder/report.html',
    'GET /gates/linked-file/report.html',
    'GET /history.ndjson',
    'GET /record.json',
    'GET //etc/passwd',
  ])('has no page for %s', async (line) => {
    const answer = await request(line);
    expect(statusOf(answer)).toBe(404);
    expect(answer).not.toContain(SECRET);
  });

  it('does not follow a link from a page to a file outside, whether it needs the page or not', async () => {
    const made = await request('GET /runs/linked-page/report.html');
    expect(made).not.toContain(SECRET);
    expect(made).toContain('concurrent-1k: run report');
    const needed = await request('GET /runs/broken-linked-page/report.html');
    expect(statusOf(needed)).toBe(500);
    expect(needed).not.toContain(SECRET);
  });

  it('answers neither to another name, nor to none, nor to two', async () => {
    for (const host of ['evil.example', `evil.example:${server.port}`, '127.0.0.1']) {
      const answer = await request('GET /', host);
      expect(statusOf(answer)).toBe(403);
      expect(answer).not.toContain('plain');
    }
    expect(statusOf(await request('GET /', `localhost:${server.port}`))).toBe(200);
    expect(statusOf(await raw('GET / HTTP/1.1\r\nConnection: close\r\n\r\n'))).toBe(400);
    const two = `GET / HTTP/1.1\r\nHost: 127.0.0.1:${server.port}\r\nHost: evil.example\r\nConnection: close\r\n\r\n`;
    expect(statusOf(await raw(two))).toBe(400);
  });

  it('answers GET and HEAD only, HEAD without a body, and says so', async () => {
    for (const method of ['POST', 'PUT', 'DELETE', 'OPTIONS']) {
      const answer = await request(`${method} /`);
      expect(statusOf(answer)).toBe(405);
      expect(answer).toContain('Allow: GET, HEAD');
    }
    const head = await request('HEAD /');
    expect(statusOf(head)).toBe(200);
    expect(head).toMatch(/Content-Length: [1-9]\d*\r\n/);
    expect(head.split('\r\n\r\n')[1]).toBe('');
  });

  it('puts the same safeguards on every answer', async () => {
    for (const line of [
      'GET /',
      'GET /none',
      'POST /',
      'GET /runs/broken/report.html',
      'GET /runs/stored/report.html',
      'GET /runs/of-another-version/report.html',
      'GET /gates/a-gate/report.html',
      'HEAD /',
    ]) {
      const answer = await request(line);
      expect(answer).toMatch(/Content-Security-Policy: .*default-src 'none'.*frame-ancestors 'none'/);
      for (const header of [
        'X-Content-Type-Options: nosniff',
        'X-Frame-Options: DENY',
        'Referrer-Policy: no-referrer',
        'Cross-Origin-Resource-Policy: same-origin',
        'Cache-Control: no-store',
      ]) {
        expect(answer, line).toContain(header);
      }
    }
  });

  it('says what is wrong with a record instead of a page of it', async () => {
    const answer = await request('GET /runs/broken/report.html');
    expect(statusOf(answer)).toBe(500);
    expect(answer).toContain('broken: not JSON');
  });

  it('listens on the loopback address alone', async () => {
    const others = Object.values(networkInterfaces())
      .flatMap((all) => all ?? [])
      .filter(({ internal, family }) => !internal && family === 'IPv4');
    for (const { address } of others) {
      await expect(fetch(`http://${address}:${server.port}/`)).rejects.toThrow();
    }
    expect(server.url).toBe(`http://127.0.0.1:${server.port}/`);
  });

  it('survives what is no HTTP, and closes with a connection open', async () => {
    expect(statusOf(await raw('\u0016\u0003\u0001 nonsense\r\n\r\n'))).toBe(400);
    const other = await serve();
    const socket = connect(other.port, '127.0.0.1');
    await new Promise((done) => socket.once('connect', done));
    socket.on('error', () => undefined);
    await other.close();
    socket.destroy();
  });

  it('refuses a port that is taken by name of the port', async () => {
    await expect(serve(server.port)).rejects.toMatchObject({
      code: 'ERR_REPORT_PORT',
      message: expect.stringContaining(`127.0.0.1:${server.port}: another program`),
    });
  });
});
