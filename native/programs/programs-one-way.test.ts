import { createServer, type Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type Answer, ControlClient, programFolder } from './control-client.js';

const folder = programFolder();
if (folder === undefined) {
  console.warn('native/programs is not tested end to end: the programs are not built (npm run build)');
}

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

/** What a broadcaster sends: a frame of 32 bytes of payload. */
function frame(tick: number, group = 4): Buffer {
  const packet = Buffer.from(Uint8Array.from({ length: 48 }, (_, index) => ((index - 16) * 7 + 13) & 0xff));
  packet.fill(0, 0, 16);
  packet[0] = 1;
  packet.writeUInt32BE(32, 10);
  packet.writeBigUInt64LE(process.hrtime.bigint(), 16);
  packet.writeUInt32LE(tick, 24);
  packet.writeUInt32LE(group, 28);
  return packet;
}

/** An acknowledgement of nothing, as the answer to a request. */
function answer(request: Buffer): Buffer {
  const packet = Buffer.from(Uint8Array.from({ length: 80 }, (_, index) => ((index - 16) * 7 + 13) & 0xff));
  packet.fill(0, 0, 40);
  request.copy(packet, 0, 0, 8);
  packet[2] = 2;
  packet.writeUInt32BE(64, 10);
  return packet;
}

describe.skipIf(folder === undefined)('native programs, one way and by a schedule', () => {
  const running: ControlClient[] = [];
  let server: ControlClient;
  let generator: ControlClient;

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
    server = (await start('limit_server')).client;
    generator = (await start('load_generator')).client;
  });

  afterEach(async () => {
    for (const client of running) client.kill('SIGKILL');
    await Promise.all(running.map((client) => client.exit));
    running.length = 0;
  });

  test.each([
    [12, 1, 1],
    [64, 32, 16],
    [70_000, 8, 1],
    [1_048_576, 4, 1],
  ])('streams one-way messages of %d bytes, %d under way', async (payloadBytes, depth, ackEvery) => {
    await connect('s', { handler: 'sink', ackEvery }, { sessions: 5 });
    const load = { mode: 'stream', depth, payloadBytes };
    // A megabyte takes milliseconds where others are at work, and each window is to see one arrive.
    const plan = windows('s', 2, 200_000_000);
    for (let round = 0; round < 2; round++) {
      const { windows: measured } = await generator.order('run', { windows: plan, load });
      expect(measured[0].operations).toBeGreaterThan(0);
      expect(measured[0].bytes).toBe(measured[0].operations * payloadBytes);
      expect(measured[0].latencyNs).not.toBeNull();
    }
    const ledger = await ledgerOf('s');
    expect(ledger).toMatchObject({ ...spotless, delivered: ledger.sent });
    expect(ledger.sent).toBeGreaterThanOrEqual(5);
    const { counters } = await server.order('counters');
    // Two windows in each of two runs, and a fence per session at the end of each.
    expect(counters.messages_received).toBe(ledger.sent + 4 * 5);
  });

  test.each([
    ['loses a message', { lost: 1 }],
    ['counts one twice', { duplicated: 1 }],
    ['adds up foreign tokens', { corrupted: 1 }],
    ['sees damaged messages', { corrupted: 1 }],
  ])('a receiver that %s is found out', async (fault, expected) => {
    const faulty = createServer((socket) => {
      socket.on('error', () => {});
      let bytes = Buffer.alloc(0);
      let received = 0n;
      let sum = 0n;
      socket.on('data', (chunk) => {
        bytes = Buffer.concat([bytes, chunk]);
        for (; bytes.length >= 16; bytes = bytes.subarray(16 + bytes.readUInt32BE(10))) {
          const payloadBytes = bytes.readUInt32BE(10);
          if (bytes.length < 16 + payloadBytes) return;
          if (bytes[2] === 0) {
            received += 1n;
            sum = BigInt.asUintN(64, sum + bytes.readBigUInt64LE(16));
            continue;
          }
          const ack = Buffer.from(
            Uint8Array.from({ length: 80 }, (_, index) => ((index - 16) * 7 + 13) & 0xff),
          );
          ack.fill(0, 0, 40);
          bytes.copy(ack, 0, 0, 8);
          ack[2] = 2;
          ack.writeUInt32BE(64, 10);
          const extra = { 'loses a message': -1n, 'counts one twice': 1n }[fault] ?? 0n;
          ack.writeBigUInt64LE(received + extra, 16);
          ack.writeBigUInt64LE(BigInt.asUintN(64, sum + (fault.includes('foreign') ? 1n : 0n)), 24);
          ack.writeBigUInt64LE(fault.includes('damaged') ? 1n : 0n, 32);
          socket.write(ack);
        }
      });
    }).listen(0, '127.0.0.1');
    await new Promise((resolve) => faulty.once('listening', resolve));
    const { port } = faulty.address() as { port: number };
    const url = `tcp://127.0.0.1:${port}`;
    await generator.order('connect', { group: 'x', url, serverPid: process.pid, sessions: 1, seed: 1 });
    const load = { mode: 'stream', depth: 3, payloadBytes: 64 };
    const answer = await generator.ask('run', { windows: windows('x', 1), load, replyTimeoutMs: 100 });
    expect(answer.error?.code).toBe(fault.startsWith('loses') ? 'ERR_GENERATOR_REPLY_TIMEOUT' : undefined);
    expect(await ledgerOf('x')).toMatchObject({ sent: 3, ...expected });
    await generator.order('disconnect', { group: 'x' });
    faulty.close();
  });

  test('an open loop cuts sessions at its rate, connects them again, and accounts for what they had out', async () => {
    await connect('k', { handler: 'counter' });
    // 20 sessions, each cut once a second: 40 in the two seconds of the window.
    const load = {
      ...{ mode: 'open', ratePerSecond: 20_000, payloadBytes: 64, reply: 'counter' },
      killPercentPerMinute: 6000,
    };
    const plan = windows('k', 1, 2_000_000_000);
    const { windows: measured } = await generator.order('run', { windows: plan, load });
    const { ledger, killedSessions, unacknowledgedOnKilled } = await generator.order('ledger', {
      group: 'k',
    });
    expect(killedSessions).toBe(40);
    expect(ledger).toMatchObject({ ...spotless, unacknowledgedAtClose: unacknowledgedOnKilled });
    expect(ledger.sent).toBe(ledger.delivered + unacknowledgedOnKilled);
    expect(measured[0].answeredInTime).toBeLessThanOrEqual(measured[0].intended);
    expect(measured[0].intended).toBeGreaterThanOrEqual(40_000 - unacknowledgedOnKilled);
    let counters: Answer;
    do ({ counters } = await server.order('counters'));
    while (counters.sessions_open !== 20 || counters.sessions_accepted !== 60);
    // The group is as good as new.
    await generator.order('run', { windows: windows('k', 1), load: counterLoad });
    expect((await ledgerOf('k')).corrupted).toBe(0);
  });

  test('what is answered late was not available', async () => {
    const slow = createServer((socket) => {
      let bytes = Buffer.alloc(0);
      socket.on('data', (chunk) => {
        bytes = Buffer.concat([bytes, chunk]);
        for (; bytes.length >= 80; bytes = bytes.subarray(80)) {
          const reply = Buffer.from(bytes.subarray(0, 80));
          reply[2] = 2;
          setTimeout(() => socket.write(reply), 60);
        }
      });
      socket.on('error', () => {});
    }).listen(0, '127.0.0.1');
    await new Promise((resolve) => slow.once('listening', resolve));
    const { port } = slow.address() as { port: number };
    const url = `tcp://127.0.0.1:${port}`;
    await generator.order('connect', { group: 'l', url, serverPid: process.pid, sessions: 1, seed: 1 });
    const load = { mode: 'open', ratePerSecond: 100, payloadBytes: 64, reply: 'forward', availabilityMs: 50 };
    const { windows: measured } = await generator.order('run', {
      windows: windows('l', 1, 100_000_000),
      load,
    });
    expect(measured[0]).toMatchObject({ intended: 10, answeredInTime: 0 });
    await generator.order('disconnect', { group: 'l' });
    slow.close();
  });

  test('ticks: every player gets every frame, and its inputs are taken', async () => {
    const shape = { tickHz: 100, groupSize: 7, payloadBytes: 128 };
    await connect('p', { handler: 'broadcast', ...shape });
    const load = { mode: 'tick', ...shape, inputsHz: 50 };
    const plan = [1, 2].map(() => ({ group: 'p', discardNs: 20_000_000, measureNs: 200_000_000 }));
    const { windows: measured } = await generator.order('run', { windows: plan, load });
    for (const window of measured) {
      expect(window.framesDue % 20).toBe(0);
      expect(window.framesDue / 20).toBeGreaterThanOrEqual(19);
      expect(window.framesDue / 20).toBeLessThanOrEqual(21);
      expect(window.framesOnTime).toBeLessThanOrEqual(window.framesDue);
      expect(window.bytes).toBe(window.operations * 128);
      expect(window.latencyNs.samples).toBe(window.framesDue);
    }
    const ledger = await ledgerOf('p');
    expect(ledger).toMatchObject({ ...spotless, delivered: ledger.sent });
    const { counters } = await server.order('counters');
    // Two windows of 220 ms: 11 inputs of each player, a switch at either end, and before and after a fence of each player.
    expect(counters.messages_received).toBe(2 * (20 * 11 + 2 + 2 * 20));
    expect(ledger.sent).toBe(2 * 20 * 11 + counters.messages_sent - 2 * (2 + 2 * 20));
  });

  test.each([
    ['a tick is left out', { lost: 1 }],
    ['a tick comes twice', { duplicated: 1 }],
    ['two ticks change places', { reordered: 1 }],
    ['a frame is of another group', { corrupted: 1 }],
  ])('a broadcaster is found out when %s', async (fault, expected) => {
    const faulty = createServer((socket) => {
      socket.on('error', () => {});
      let bytes = Buffer.alloc(0);
      socket.on('data', (chunk) => {
        bytes = Buffer.concat([bytes, chunk]);
        for (; bytes.length >= 16; bytes = bytes.subarray(16 + bytes.readUInt32BE(10))) {
          if (bytes.length < 16 + bytes.readUInt32BE(10)) return;
          socket.write(answer(bytes));
          const begins = bytes.readUInt32BE(10) === 12 && bytes.readUInt32LE(24) === 1;
          if (!begins) continue;
          const ticks = { 'a tick is left out': [1, 3], 'a tick comes twice': [1, 2, 2, 3] }[fault] ?? [
            1, 2, 3,
          ];
          if (fault.startsWith('two')) ticks.splice(0, 3, 1, 3, 2);
          for (const tick of ticks) socket.write(frame(tick, fault.includes('group') && tick === 2 ? 5 : 4));
        }
      });
    }).listen(0, '127.0.0.1');
    await new Promise((resolve) => faulty.once('listening', resolve));
    const { port } = faulty.address() as { port: number };
    const url = `tcp://127.0.0.1:${port}`;
    await generator.order('connect', { group: 'x', url, serverPid: process.pid, sessions: 1, seed: 1 });
    const load = { mode: 'tick', tickHz: 60, groupSize: 50, payloadBytes: 32 };
    await generator.order('run', { windows: windows('x', 1, 50_000_000), load });
    expect(await ledgerOf('x')).toMatchObject({ ...spotless, sent: 3, ...expected });
    await generator.order('disconnect', { group: 'x' });
    faulty.close();
  });

  test('a player whom the server takes late misses no tick', async () => {
    const joined = new Set<Socket>();
    let ticking: NodeJS.Timeout | undefined;
    let tick = 0;
    let connections = 0;
    const late = createServer((socket) => {
      socket.on('error', () => {}).on('close', () => joined.delete(socket));
      let bytes = Buffer.alloc(0);
      const join = (): void => {
        joined.add(socket);
        socket.on('data', (chunk) => {
          bytes = Buffer.concat([bytes, chunk]);
          for (; bytes.length >= 16; bytes = bytes.subarray(16 + bytes.readUInt32BE(10))) {
            const length = bytes.readUInt32BE(10);
            if (bytes.length < 16 + length) return;
            if (length === 12) clearInterval(ticking);
            if (length === 12 && bytes.readUInt32LE(24) === 1) {
              ticking = setInterval(() => {
                tick += 1;
                for (const each of joined) each.write(frame(tick));
              }, 5);
            }
            socket.write(answer(bytes));
          }
        });
      };
      if (++connections === 1) join();
      else setTimeout(join, 150);
    }).listen(0, '127.0.0.1');
    await new Promise((resolve) => late.once('listening', resolve));
    const url = `tcp://127.0.0.1:${(late.address() as { port: number }).port}`;
    await generator.order('connect', { group: 'j', url, serverPid: process.pid, sessions: 2, seed: 1 });
    const load = { mode: 'tick', tickHz: 200, groupSize: 50, payloadBytes: 32 };
    await generator.order('run', { windows: windows('j', 1, 50_000_000), load });
    const ledger = await ledgerOf('j');
    expect(ledger).toMatchObject({ ...spotless, delivered: ledger.sent });
    expect(ledger.sent).toBeGreaterThan(0);
    await generator.order('disconnect', { group: 'j' });
    late.close();
  });

  test('a server that never answers the switch of a broadcast ends the window', async () => {
    const deaf = createServer((socket) => socket.on('error', () => {}).resume()).listen(0, '127.0.0.1');
    await new Promise((resolve) => deaf.once('listening', resolve));
    const url = `tcp://127.0.0.1:${(deaf.address() as { port: number }).port}`;
    await generator.order('connect', { group: 'd', url, serverPid: process.pid, sessions: 2, seed: 1 });
    const load = { mode: 'tick', tickHz: 60, groupSize: 50, payloadBytes: 32 };
    const answer = await generator.ask('run', { windows: windows('d', 1), load, replyTimeoutMs: 200 });
    expect(answer.error.code).toBe('ERR_GENERATOR_REPLY_TIMEOUT');
    await generator.order('disconnect', { group: 'd' });
    deaf.close();
  });

  test('a server that is no sink is found out', async () => {
    await connect('q', { handler: 'forward' });
    const load = { mode: 'stream', depth: 2, payloadBytes: 64 };
    const answer = await generator.ask('run', { windows: windows('q', 1), load, replyTimeoutMs: 100 });
    expect(answer.error.code).toBe('ERR_GENERATOR_REPLY_TIMEOUT');
    // What comes back is no acknowledgement: the fence of each session.
    expect(await ledgerOf('q')).toMatchObject({ sent: 40, delivered: 0, lost: 40, corrupted: 20 });
  });

  test('a group carries requests or one-way messages, not both', async () => {
    await connect('a', { handler: 'counter' });
    await generator.order('run', { windows: windows('a', 1), load: counterLoad });
    const load = { mode: 'stream', depth: 2, payloadBytes: 64 };
    const answer = await generator.ask('run', { windows: windows('a', 1), load });
    expect(answer.error).toMatchObject({
      code: 'ERR_CONTROL_BAD_COMMAND',
      message: expect.stringContaining('connect again'),
    });
    expect(
      (await generator.order('run', { windows: windows('a', 1), load: counterLoad })).windows,
    ).toHaveLength(1);
  });

  test('a window measures exactly from when it is told, and says when it was ready', async () => {
    await connect('a', { handler: 'counter' });
    const measureAtNs = Number(process.hrtime.bigint()) + 60_000_000;
    const plan = [{ ...windows('a', 1)[0], measureAtNs }];
    const { windows: measured } = await generator.order('run', { windows: plan, load: counterLoad });
    const [kept] = measured;
    // A machine too busy to be ready in time says so instead.
    expect(kept.startNs).toBe(Math.max(measureAtNs, kept.readyNs));
    expect(kept.endNs - kept.startNs).toBe(plan[0].measureNs);
    expect(kept.operations).toBeGreaterThan(0);
    const missed = [{ ...plan[0], measureAtNs: 1 }];
    const late = await generator.order('run', { windows: missed, load: counterLoad });
    expect(late.windows[0].startNs).toBe(late.windows[0].readyNs);
  });
});
