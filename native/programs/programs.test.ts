import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { connect as connectSocket, createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type Answer, ControlClient, programFolder } from './control-client.js';

const folder = programFolder();
if (folder === undefined) {
  console.warn('native/programs is not tested end to end: the programs are not built (npm run build)');
}

const root = fileURLToPath(new URL('../../', import.meta.url));
const spotless = {
  droppedCounted: 0,
  unacknowledgedAtClose: 0,
  lost: 0,
  duplicated: 0,
  reordered: 0,
  corrupted: 0,
};
const counterLoad = { mode: 'closed', depth: 16, payloadBytes: 64, reply: 'counter' };

function windows(group: string, count = 2, measureNs = 20_000_000): Answer[] {
  return Array.from({ length: count }, () => ({ group, discardNs: 2_000_000, measureNs }));
}

describe.skipIf(folder === undefined)('native programs', () => {
  const running: ControlClient[] = [];
  let server: ControlClient;
  let generator: ControlClient;
  let scratch: string;

  async function start(name: string): Promise<{ client: ControlClient; hello: Answer }> {
    const client = new ControlClient(folder! + name);
    running.push(client);
    return { client, hello: await client.receive() };
  }

  async function connect(group: string, fields: Answer, more: Answer = {}): Promise<string> {
    const { url } = await server.order('listen', { url: 'tcp://127.0.0.1:0', ...fields });
    await generator.order('connect', { group, url, serverPid: server.pid, sessions: 20, seed: 7, ...more });
    return url;
  }

  async function ledgerOf(group: string): Promise<Answer> {
    return (await generator.order('ledger', { group })).ledger;
  }

  beforeEach(async () => {
    scratch = mkdtempSync(join(tmpdir(), 'programs-'));
    server = (await start('limit_server')).client;
    generator = (await start('load_generator')).client;
  });

  afterEach(async () => {
    for (const client of running) client.kill('SIGKILL');
    await Promise.all(running.map((client) => client.exit));
    running.length = 0;
    rmSync(scratch, { recursive: true, force: true });
  });

  test('greet with role, arm, process id and the version of the package', async () => {
    const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
    const limit = await start('limit_server');
    expect(limit.hello).toEqual({
      hello: { control: 1, role: 'server', arm: 'limit', pid: limit.client.pid, version },
    });
    const load = await start('load_generator');
    expect(load.hello.hello).toMatchObject({ control: 1, role: 'generator', pid: load.client.pid, version });
  });

  test('closed-loop windows count, time and account for every request', async () => {
    await connect('a', { handler: 'counter' });
    await connect('b', { handler: 'counter' });
    const plan = [...windows('a'), ...windows('b'), ...windows('a')];
    const { windows: measured } = await generator.order('run', { windows: plan, load: counterLoad });
    expect(measured.map((window: Answer) => window.group)).toEqual(plan.map((window) => window.group));
    let end = 0;
    for (const window of measured) {
      expect(window.startNs).toBeGreaterThan(end);
      expect(window.endNs - window.startNs).toBeGreaterThanOrEqual(20_000_000);
      expect(window.operations).toBeGreaterThan(0);
      expect(window.bytes).toBe(window.operations * 64);
      expect(window.serverCpuNs).toBeGreaterThan(0);
      expect(window.generatorCpuNs).toBeGreaterThan(0);
      expect(window.latencyNs.samples).toBeGreaterThan(0);
      expect(window.latencyNs.p50).toBeLessThanOrEqual(window.latencyNs.p99);
      expect(window.latencyNs.p99).toBeLessThanOrEqual(window.latencyNs.max);
      end = window.endNs;
    }
    const a = await generator.order('ledger', { group: 'a' });
    const b = await generator.order('ledger', { group: 'b' });
    expect(a.ledger).toMatchObject(spotless);
    expect(a.ledger.delivered).toBe(a.ledger.sent);
    // Each of the four windows of the group began with 16 requests on each session.
    expect(a.sentPerSessionMin).toBeGreaterThanOrEqual(16 * 4);
    const { counters } = await server.order('counters');
    expect(counters.messages_received).toBe(a.ledger.sent + b.ledger.sent);
    expect(counters.messages_sent).toBe(counters.messages_received);
    expect(counters).toMatchObject({ sessions_accepted: 40, sessions_open: 40, messages_dropped: 0 });
    expect(counters.syscalls).toBeGreaterThan(0);
  });

  test('does a job: so many requests of every session, from the first to the last reply', async () => {
    await connect('j', { handler: 'counter' });
    const plan = [7, 1].map((messagesPerSession) => {
      return { group: 'j', discardNs: 0, measureNs: 60e9, messagesPerSession };
    });
    // Depths below, at and above what there is to send.
    let sent = 0;
    for (const depth of [1, 7, 100]) {
      const { windows: measured } = await generator.order('run', {
        windows: plan,
        load: { ...counterLoad, depth },
      });
      expect(measured.map((window: Answer) => window.operations)).toEqual([20 * 7, 20 * 1]);
      for (const window of measured) {
        expect(window.endNs - window.startNs).toBeGreaterThan(0);
        expect(window.endNs - window.startNs).toBeLessThan(60e9);
      }
      sent += 20 * 8;
      expect(await ledgerOf('j')).toMatchObject({ ...spotless, sent, delivered: sent });
    }
    // A window by time goes on as before.
    await generator.order('run', { windows: windows('j', 1), load: counterLoad });
    const ledger = await ledgerOf('j');
    expect(ledger.sent).toBeGreaterThanOrEqual(sent + 20 * 16);
    expect(ledger).toMatchObject({ ...spotless, delivered: ledger.sent });
  });

  test('a job ends at its bound, and what is out is waited for', async () => {
    await connect('j', { handler: 'counter' });
    const plan = [{ group: 'j', discardNs: 0, measureNs: 20_000_000, messagesPerSession: 1_000_000_000 }];
    const { windows: measured } = await generator.order('run', { windows: plan, load: counterLoad });
    expect(measured[0].operations).toBeGreaterThan(0);
    const ledger = await ledgerOf('j');
    expect(ledger).toMatchObject({ ...spotless, delivered: ledger.sent });
    expect(ledger.sent).toBeLessThan(20 * 1_000_000_000);
  });

  test('keeps exactly the asked depth in flight', async () => {
    const waiting: Socket[] = [];
    let received = 0;
    const silent: Server = createServer((socket) => {
      waiting.push(socket);
      socket.on('data', (bytes) => {
        received += bytes.length;
      });
      socket.on('error', () => {});
    }).listen(0, '127.0.0.1');
    await new Promise((resolve) => silent.once('listening', resolve));
    const { port } = silent.address() as { port: number };
    await generator.order('connect', {
      group: 'silent',
      url: `tcp://127.0.0.1:${port}`,
      serverPid: process.pid,
      sessions: 3,
      seed: 1,
    });
    const answer = await generator.ask('run', {
      windows: windows('silent', 1),
      load: { ...counterLoad, depth: 5 },
      replyTimeoutMs: 100,
    });
    expect(answer.error).toMatchObject({ code: 'ERR_GENERATOR_REPLY_TIMEOUT', group: 'silent' });
    expect(received).toBe(3 * 5 * 80);
    expect(await ledgerOf('silent')).toMatchObject({ sent: 15, delivered: 0, lost: 15 });
    for (const socket of waiting) socket.destroy();
    silent.close();
  });

  test('times each request at depth 1 and gives the histogram until it is reset', async () => {
    await connect('a', { handler: 'counter' });
    const run = { windows: windows('a'), load: { ...counterLoad, depth: 1 } };
    const { windows: measured } = await generator.order('run', run);
    const operations = measured.reduce((sum: number, window: Answer) => sum + window.operations, 0);
    const histogram = await generator.order('histogram', { group: 'a', reset: true });
    const counted = histogram.serviceTimeNs.reduce((sum: number, [, count]: number[]) => sum + count, 0);
    expect(counted).toBe(operations);
    expect(histogram.responseTimeNs).toBeNull();
    expect((await generator.order('histogram', { group: 'a', reset: false })).serviceTimeNs).toEqual([]);
  });

  test.each([
    ['tcp', 8],
    ['tcp', 64],
    ['tcp', 40_000],
    ['tcp', 1_000_000],
    ['unix', 64],
    ['unix', 300_000],
  ])('forwards over %s what it receives, %d bytes', async (kind, payloadBytes) => {
    const url = kind === 'tcp' ? 'tcp://127.0.0.1:0' : `unix://${scratch}/socket`;
    await connect('f', { url, handler: 'forward' }, { sessions: 4 });
    const load = { mode: 'closed', depth: 6, payloadBytes, reply: 'forward' };
    const { windows: measured } = await generator.order('run', { windows: windows('f'), load });
    expect(measured[0].bytes).toBe(measured[0].operations * payloadBytes);
    expect(await ledgerOf('f')).toMatchObject(spotless);
    const { counters } = await server.order('counters');
    expect(counters.protocol_errors).toBe(0);
  });

  test.each([8, 64, 5_000])('the counter handler answers requests of %d bytes', async (payloadBytes) => {
    await connect('c', { handler: 'counter' });
    await generator.order('run', { windows: windows('c'), load: { ...counterLoad, payloadBytes } });
    expect(await ledgerOf('c')).toMatchObject(spotless);
  });

  test('the open loop keeps its rate, visits all sessions, and times from the intended moment', async () => {
    await connect('o', { handler: 'counter' });
    const load = { mode: 'open', ratePerSecond: 5000, payloadBytes: 64, reply: 'counter' };
    const plan = [{ group: 'o', discardNs: 20_000_000, measureNs: 200_000_000 }];
    const { windows: measured } = await generator.order('run', { windows: plan, load });
    // 220 ms at 5000 per second; every request meant for the window leaves, however late the machine is.
    const { ledger, sentPerSessionMin } = await generator.order('ledger', { group: 'o' });
    expect(ledger).toMatchObject({ ...spotless, sent: 1100, delivered: 1100 });
    expect(sentPerSessionMin).toBe(55);
    expect(measured[0].latencyNs.samples).toBe(1000);
    const histogram = await generator.order('histogram', { group: 'o', reset: true });
    const total = (rows: number[][]) => rows.reduce((sum, [, count]) => sum + count!, 0);
    expect(total(histogram.responseTimeNs)).toBe(1000);
    expect(total(histogram.serviceTimeNs)).toBe(1000);
  });

  test('a server that answers wrongly is found out', async () => {
    await connect('w', { handler: 'forward' });
    await generator.order('run', { windows: windows('w', 1), load: counterLoad });
    const ledger = await ledgerOf('w');
    expect(ledger.delivered).toBe(ledger.sent);
    expect(ledger.corrupted).toBe(ledger.sent);
  });

  test('disconnect closes the sessions and leaves the ledger', async () => {
    const url = await connect('a', { handler: 'counter' });
    await generator.order('run', { windows: windows('a', 1), load: counterLoad });
    const before = await ledgerOf('a');
    await generator.order('disconnect', { group: 'a' });
    expect(await ledgerOf('a')).toEqual(before);
    const again = await generator.ask('run', { windows: windows('a', 1), load: counterLoad });
    expect(again.error.code).toBe('ERR_GENERATOR_UNKNOWN_GROUP');
    let counters: Answer;
    do ({ counters } = await server.order('counters'));
    while (counters.sessions_open !== 0);
    await generator.order('connect', { group: 'a', url, serverPid: server.pid, sessions: 1, seed: 1 });
    expect((await ledgerOf('a')).sent).toBe(0);
  });

  test('a killed server loses the sessions with a typed error and a ledger that adds up', async () => {
    await connect('a', { handler: 'counter' });
    const second = (await start('limit_server')).client;
    const { url } = await second.order('listen', { url: 'tcp://127.0.0.1:0', handler: 'counter' });
    await generator.order('connect', { group: 'b', url, serverPid: second.pid, sessions: 5, seed: 1 });
    generator.post('run', { windows: windows('a', 1, 60_000_000_000), load: counterLoad });
    let counters: Answer;
    do ({ counters } = await server.order('counters'));
    while (counters.messages_received === 0);
    server.kill('SIGKILL');
    const answer = await generator.receive();
    expect(answer.error).toMatchObject({ code: 'ERR_GENERATOR_SESSION_LOST', group: 'a' });
    expect(answer.error.message).toMatch(/lost \d+ of 20 sessions/);
    const ledger = await ledgerOf('a');
    expect(ledger).toMatchObject({ lost: 0, duplicated: 0, reordered: 0, corrupted: 0 });
    expect(ledger.unacknowledgedAtClose).toBeGreaterThan(0);
    expect(ledger.unacknowledgedAtClose).toBeLessThanOrEqual(20 * 16);
    expect(ledger.sent).toBe(ledger.delivered + ledger.unacknowledgedAtClose);
    await generator.order('run', { windows: windows('b', 1), load: counterLoad });
    expect(await ledgerOf('b')).toMatchObject(spotless);
  });

  test('bad commands are answered and end nothing', async () => {
    for (const client of [server, generator]) {
      client.sendLine('not json');
      expect(await client.receive()).toMatchObject({
        id: 0,
        ok: false,
        error: { code: 'ERR_CONTROL_BAD_COMMAND' },
      });
      client.sendLine('{"command":"close"}');
      expect((await client.receive()).id).toBe(0);
      client.sendLine(`{"id":1,"command":"${'x'.repeat(1 << 20)}"}`);
      expect((await client.receive()).error.code).toBe('ERR_CONTROL_BAD_COMMAND');
      expect((await client.ask('dance')).error.code).toBe('ERR_CONTROL_UNKNOWN_COMMAND');
    }
    expect((await server.ask('listen', { url: 'tcp://127.0.0.1:0', handler: 'echo' })).error).toMatchObject({
      code: 'ERR_CONTROL_BAD_COMMAND',
      message: expect.stringContaining('handler'),
    });
    expect((await generator.ask('run', { windows: [{}], load: {} })).error.message).toContain(
      'windows[0].measureNs',
    );
    expect((await generator.ask('ledger', { group: 'none' })).error.code).toBe('ERR_GENERATOR_UNKNOWN_GROUP');
    await server.order('settle');
  });

  test('sessions come from the source addresses in turn', async () => {
    const seen: (string | undefined)[] = [];
    const listening = createServer((socket) => {
      seen.push(socket.remoteAddress);
      socket.on('error', () => {}).resume();
    }).listen(0, '127.0.0.1');
    await new Promise((resolve) => listening.once('listening', resolve));
    const { port } = listening.address() as { port: number };
    const target = { url: `tcp://127.0.0.1:${port}`, serverPid: process.pid, sessions: 6, seed: 1 };
    const sourceAddresses = ['127.0.0.2', '127.0.0.3', '127.0.0.4'];
    await generator.order('connect', { group: 's', ...target, sourceAddresses });
    while (seen.length < 6) await new Promise((resolve) => setImmediate(resolve));
    expect(seen.sort()).toEqual([...sourceAddresses, ...sourceAddresses].sort());
    const foreign = await generator.ask('connect', { group: 'f', ...target, sourceAddresses: ['192.0.2.1'] });
    expect(foreign.error).toMatchObject({
      code: 'ERR_GENERATOR_CONNECT_FAILED',
      message: expect.stringContaining('connected 0 of 6'),
    });
    const bad = await generator.ask('connect', { group: 'b', ...target, sourceAddresses: ['localhost'] });
    expect(bad.error.code).toBe('ERR_CONTROL_BAD_COMMAND');
    await generator.order('disconnect', { group: 's' });
    listening.close();
  });

  test('addresses that cannot be used are typed errors', async () => {
    const { url } = await server.order('listen', { url: 'tcp://127.0.0.1:0', handler: 'counter' });
    expect((await server.ask('listen', { url, handler: 'counter' })).error.code).toBe(
      'ERR_LIMIT_LISTEN_FAILED',
    );
    const connect = { group: 'a', serverPid: server.pid, sessions: 3, seed: 1 };
    const refused = await generator.ask('connect', { ...connect, url: 'tcp://127.0.0.1:1' });
    expect(refused.error.code).toBe('ERR_GENERATOR_CONNECT_FAILED');
    expect((await generator.ask('connect', { ...connect, url: 'nowhere' })).error.code).toBe(
      'ERR_GENERATOR_INVALID_URL',
    );
    expect((await generator.ask('connect', { ...connect, url, sessions: 1_000_000 })).error.code).toBe(
      'ERR_GENERATOR_DESCRIPTORS',
    );
    await generator.order('connect', { ...connect, url });
    expect((await generator.ask('connect', { ...connect, url })).error.code).toBe(
      'ERR_GENERATOR_GROUP_EXISTS',
    );
  });

  test('the limit server drops a peer that breaks the wire format and serves the others', async () => {
    const url = await connect('a', { handler: 'counter' });
    const socket = connectSocket(Number(new URL(url).port), '127.0.0.1');
    socket.write(Buffer.alloc(64, 0xff));
    await new Promise((resolve) => socket.once('close', resolve).on('error', () => {}));
    await generator.order('run', { windows: windows('a', 1), load: counterLoad });
    expect(await ledgerOf('a')).toMatchObject(spotless);
    expect((await server.order('counters')).counters.protocol_errors).toBe(1);
  });

  test.each(['limit_server', 'load_generator'])(
    '%s ends by command, end of input and SIGTERM',
    async (name) => {
      const byCommand = (await start(name)).client;
      await byCommand.order('close');
      expect(await byCommand.exit).toEqual({ code: 0, signal: null });
      const byInput = (await start(name)).client;
      byInput.endInput();
      expect(await byInput.exit).toEqual({ code: 0, signal: null });
      const bySignal = (await start(name)).client;
      bySignal.kill('SIGTERM');
      expect(await bySignal.exit).toEqual({ code: 0, signal: null });
    },
  );

  test.each(['end of input', 'SIGTERM'])('%s stops the generator in the middle of a window', async (how) => {
    await connect('a', { handler: 'counter' });
    generator.post('run', { windows: windows('a', 1, 60_000_000_000), load: counterLoad });
    let counters: Answer;
    do ({ counters } = await server.order('counters'));
    while (counters.messages_received === 0);
    if (how === 'SIGTERM') generator.kill('SIGTERM');
    else generator.endInput();
    expect(await generator.exit).toEqual({ code: 0, signal: null });
  });

  test('the limit server removes the path of its unix socket', async () => {
    await server.order('listen', { url: `unix://${scratch}/socket`, handler: 'counter' });
    expect(existsSync(`${scratch}/socket`)).toBe(true);
    await server.order('close');
    await server.exit;
    expect(existsSync(`${scratch}/socket`)).toBe(false);
  });

  test('the wire constants of both languages agree', () => {
    const printed = execFileSync(`${folder}layout_constants`, ['wire'], { encoding: 'utf8' });
    expect(printed).toBe(readFileSync(join(root, 'core/protocol/wire-layout.generated.ts'), 'utf8'));
  });
});
