import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { networkInterfaces, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type BuiltClient, buildClient } from '../testing/build-client.js';
import { fixtureRecord } from '../testing/record-fixture.js';
import { type ReportServer, startReportServer } from './report-server.js';

const SECRET = 'a secret outside of the folder';

describe('report server', { timeout: 60_000 }, () => {
  let client: BuiltClient;
  let outside: string;
  let folder: string;
  let server: ReportServer;

  beforeAll(async () => {
    client = await buildClient();
    outside = await mkdtemp(join(tmpdir(), 'msgtrans-report-server-'));
    folder = join(outside, 'runs');
    const record = JSON.stringify(fixtureRecord({ rounds: 2, blocksPerRound: 2 }));
    for (const name of ['plain', 'stored', 'broken', 'linked-file', 'linked-page']) {
      await mkdir(join(folder, name), { recursive: true });
      if (name !== 'linked-file') await writeFile(join(folder, name, 'record.json'), record);
    }
    await writeFile(join(folder, 'stored', 'report.html'), '<title>as it was stored</title>');
    await writeFile(join(folder, 'broken', 'record.json'), '{"schema":');
    await writeFile(join(outside, 'report.html'), SECRET);
    await writeFile(join(outside, 'record.json'), record);
    await symlink(join(outside, 'record.json'), join(folder, 'linked-file', 'record.json'));
    await symlink(join(outside, 'report.html'), join(folder, 'linked-page', 'report.html'));
    await symlink(outside, join(folder, 'linked-folder'));
    await symlink(join(folder, 'plain'), join(folder, 'latest'));
    server = await startReportServer({ folder, port: 0, clientEntryPath: client.clientEntryPath });
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

  it('lists the runs that are there, the unreadable ones with their reason, and no link', async () => {
    const page = await request('GET /');
    expect(statusOf(page)).toBe(200);
    for (const name of ['plain', 'stored', 'linked-page'])
      expect(page).toContain(`href="/runs/${name}/report.html"`);
    expect(page).toContain('broken: not JSON');
    for (const name of ['latest', 'linked-folder', 'linked-file'])
      expect(page).not.toContain(`/runs/${name}/`);
  });

  it('makes a report from its record, and gives the page that lies there instead', async () => {
    const made = await request('GET /runs/plain/report.html');
    expect(statusOf(made)).toBe(200);
    expect(made).toContain('concurrent-1k: run report');
    expect(made).toMatch(/Content-Security-Policy: default-src 'none'; script-src 'sha256-/);
    const stored = await request('GET /runs/stored/report.html');
    expect(stored).toContain('as it was stored');
    expect(stored).toMatch(
      /Content-Security-Policy: sandbox allow-scripts allow-downloads; default-src 'none'/,
    );
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
    'GET /record.json',
    'GET //etc/passwd',
  ])('has no page for %s', async (line) => {
    const answer = await request(line);
    expect(statusOf(answer)).toBe(404);
    expect(answer).not.toContain(SECRET);
  });

  it('does not follow a link from a page to a file outside, and makes the report instead', async () => {
    const answer = await request('GET /runs/linked-page/report.html');
    expect(answer).not.toContain(SECRET);
    expect(answer).toContain('concurrent-1k: run report');
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
    const other = await startReportServer({ folder, port: 0, clientEntryPath: client.clientEntryPath });
    const socket = connect(other.port, '127.0.0.1');
    await new Promise((done) => socket.once('connect', done));
    socket.on('error', () => undefined);
    await other.close();
    socket.destroy();
  });

  it('refuses a port that is taken by name of the port', async () => {
    await expect(
      startReportServer({ folder, port: server.port, clientEntryPath: client.clientEntryPath }),
    ).rejects.toMatchObject({
      code: 'ERR_REPORT_PORT',
      message: expect.stringContaining(`127.0.0.1:${server.port}: another program`),
    });
  });
});
