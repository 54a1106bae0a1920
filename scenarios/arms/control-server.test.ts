/** The servers of the arms as the harness starts them: real processes from the built files. */
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { encodePacket } from '../../core/protocol/packet-codec.js';
import { ARM_NAMES, armCommand } from './registry.js';
import {
  ADDON,
  type Answer,
  exchange,
  expectCounterReplies,
  payloadOf,
  ROOT,
  request,
  start,
  stopArms,
} from './testing/arm-under-test.js';

afterEach(stopArms);

describe('the registry of arms', () => {
  it('starts each arm from the repository it is told', () => {
    expect(ARM_NAMES).toEqual([
      'native',
      'native:owned',
      'native:own-thread',
      'baseline',
      'rival:node-net',
      'rival:held-cork',
      'native:scraped',
      'native:burst',
      'limit',
    ]);
    expect(armCommand('native', 'sockets', '/base').args.at(-1)).toBe('/base/dist/scenarios/arms/native.js');
    expect(armCommand('native:burst', 'sockets', '/base').args.slice(-2)).toEqual([
      '/base/dist/scenarios/arms/native.js',
      'native:burst',
    ]);
    expect(armCommand('limit', 'sockets', '/base')).toEqual({
      command: '/base/native/build/Release/limit_server',
      args: [],
    });
  });

  it.each(['', 'ws', 'toString', '__proto__'])('knows no arm %j and says which there are', (name) => {
    expect(() => armCommand(name, 'sockets', ROOT)).toThrow(/known are native, .*limit/);
    expect(() => armCommand(name, 'in-process', ROOT)).toThrow(/does not run in process/);
  });
});

describe.each(ARM_NAMES)('the server of %s', (arm) => {
  const needsBuild = arm.startsWith('native') || arm === 'limit';
  describe.skipIf(needsBuild && process.env.CI !== 'true' && !existsSync(ADDON))('as a process', () => {
    it('counts per session, answers with the token, and starts again at 1 in a new session', async () => {
      const server = await start(arm);
      const { url } = await server.command({
        id: 1,
        command: 'listen',
        url: 'tcp://127.0.0.1:0',
        handler: 'counter',
      });
      expect(url).toMatch(/^tcp:\/\/127\.0\.0\.1:[1-9]\d*$/);
      const requests = Array.from({ length: 300 }, (_, index) =>
        request(
          index + 1,
          payloadOf((0x0123456789abcdefn * BigInt(index + 1)) % (1n << 64n), 64 + (index % 5)),
        ),
      );
      const frames = requests.map((packet) => encodePacket(packet));
      for (const pieceBytes of [1_000_000, 77]) {
        expectCounterReplies(await exchange(String(url), frames, pieceBytes), requests);
      }
    });

    it('passes payloads on, small and large, and keeps handlers apart', async () => {
      const server = await start(arm);
      const listen = { command: 'listen', url: 'tcp://127.0.0.1:0' };
      const forward = await server.command({ id: 1, ...listen, handler: 'forward' });
      const counter = await server.command({ id: 2, ...listen, handler: 'counter' });
      const requests = [8, 64, 65_536, 100, 1_048_576, 9].map((bytes, index) =>
        request(index + 1, payloadOf(BigInt(bytes), bytes)),
      );
      const frames = requests.map((packet) => encodePacket(packet));
      for (const pieceBytes of [10_000_000, 40_009]) {
        const replies = await exchange(String(forward.url), frames, pieceBytes);
        replies.forEach((reply, index) => {
          expect(reply).toMatchObject({ packetType: 'response', messageId: index + 1, bizType: index + 1 });
          expect(Buffer.from(requests[index].payload).equals(reply.payload)).toBe(true);
        });
      }
      expectCounterReplies(
        await exchange(String(counter.url), frames.slice(0, 2), 500),
        requests.slice(0, 2),
      );
    });

    it('counts what it did', async () => {
      const server = await start(arm);
      const { url } = await server.command({
        id: 1,
        command: 'listen',
        url: 'tcp://127.0.0.1:0',
        handler: 'counter',
      });
      const frames = [1, 2, 3].map((id) => encodePacket(request(id, payloadOf(7n, 64))));
      await exchange(String(url), frames, 1000);
      const { counters } = await server.command({ id: 2, command: 'counters' });
      expect(counters).toMatchObject({ messages_received: 3, messages_sent: 3, sessions_accepted: 1 });
      expect(Object.values(counters as object).every((value) => Number.isFinite(value))).toBe(true);
    });

    it('listens on a unix socket and leaves no file behind', async () => {
      const folder = mkdtempSync(join(tmpdir(), 'msgtrans-arm-'));
      try {
        const path = join(folder, 'socket');
        const server = await start(arm);
        const answer = await server.command({
          id: 1,
          command: 'listen',
          url: `unix://${path}`,
          handler: 'forward',
        });
        expect(answer).toMatchObject({ ok: true, url: `unix://${path}` });
        const [reply] = await exchange(`unix://${path}`, [encodePacket(request(1, payloadOf(1n, 20)))], 100);
        expect(reply.payload).toHaveLength(20);
        server.endInput();
        expect(await server.exited).toEqual([0, null]);
        expect(existsSync(path)).toBe(false);
      } finally {
        rmSync(folder, { recursive: true, force: true });
      }
    });

    it('answers bad and unknown commands by code, in order, and goes on', async () => {
      const server = await start(arm);
      const lines = [
        '{not json',
        '[1]',
        '{"command":"settle"}',
        '{"id":3}',
        '{"id":4,"command":"dance"}',
        '{"id":5,"command":"listen","url":"tcp://127.0.0.1:0"}',
        '{"id":6,"command":"listen","url":"tcp://127.0.0.1:0","handler":"toString"}',
        '{"id":7,"command":"settle","unknownField":true}',
        '{"id":8,"command":"listen","url":"tcp://127.0.0.1:0","handler":"sink"}',
        '{"id":9,"command":"listen","url":"tcp://127.0.0.1:0","handler":"sink","ackEvery":0}',
        '{"id":10,"command":"listen","url":"tcp://127.0.0.1:0","handler":"broadcast","tickHz":60}',
      ];
      server.write(`${lines.join('\n')}\n`);
      const answers: unknown[][] = [];
      for (const _ of lines) {
        const { id, ok, error } = (await server.line()) as Answer;
        answers.push([id, ok, error?.code]);
        if (!ok) expect(error.message.length).toBeGreaterThan(10);
      }
      const bad = 'ERR_CONTROL_BAD_COMMAND';
      expect(answers).toEqual([
        [0, false, bad],
        [0, false, bad],
        [0, false, bad],
        [3, false, bad],
        [4, false, 'ERR_CONTROL_UNKNOWN_COMMAND'],
        [5, false, bad],
        [6, false, bad],
        [7, true, undefined],
        [8, false, bad],
        [9, false, bad],
        [10, false, bad],
      ]);
    });

    it('opens an admin endpoint where it has one, and says by code where it has none', async () => {
      const server = await start(arm);
      await server.command({ id: 1, command: 'listen', url: 'tcp://127.0.0.1:0', handler: 'counter' });
      const answer = await server.command({ id: 2, command: 'admin' });
      if (!arm.startsWith('native')) {
        expect(answer).toMatchObject({ id: 2, ok: false });
        expect(answer.error.code).toMatch(/^ERR_CONTROL_(NO_ADMIN|UNKNOWN_COMMAND)$/);
        return;
      }
      const metrics = await (await fetch(`${answer.url}/metrics`)).text();
      expect(metrics).toMatch(/^msgtrans_sessions_open 0$/m);
    });

    it('says by code why it cannot listen', async () => {
      const server = await start(arm);
      const { url } = await server.command({
        id: 1,
        command: 'listen',
        url: 'tcp://127.0.0.1:0',
        handler: 'counter',
      });
      const other = await start(arm);
      const taken = await other.command({ id: 9, command: 'listen', url, handler: 'counter' });
      expect(taken).toMatchObject({ id: 9, ok: false, error: { code: expect.stringMatching(/^E[A-Z_]+$/) } });
      expect((await other.command({ id: 10, command: 'counters' })).ok).toBe(true);
    });

    it('ends with 0 at close, with open sessions', async () => {
      const server = await start(arm);
      const { url } = await server.command({
        id: 1,
        command: 'listen',
        url: 'tcp://127.0.0.1:0',
        handler: 'counter',
      });
      const socket = connect(Number(new URL(String(url)).port), '127.0.0.1');
      socket.on('error', () => undefined);
      await once(socket, 'connect');
      expect(await server.command({ id: 2, command: 'close' })).toEqual({ id: 2, ok: true });
      expect(await server.exited).toEqual([0, null]);
      socket.destroy();
    });

    it.each(['end of input', 'SIGTERM'] as const)('stops with 0 at %s', async (how) => {
      const server = await start(arm);
      await server.command({ id: 1, command: 'listen', url: 'tcp://127.0.0.1:0', handler: 'counter' });
      if (how === 'SIGTERM') server.kill('SIGTERM');
      else server.endInput();
      expect(await server.exited).toEqual([0, null]);
    });
  });
});

describe('a server on Node', () => {
  it('refuses a line that is too long, and takes the next', async () => {
    const server = await start('baseline');
    server.write(`${'x'.repeat(1_100_000)}`);
    server.write(`${'x'.repeat(1_100_000)}\n`);
    expect(await server.line()).toMatchObject({
      id: 0,
      ok: false,
      error: { code: 'ERR_CONTROL_BAD_COMMAND' },
    });
    expect(await server.command({ id: 1, command: 'counters' })).toMatchObject({ id: 1, ok: true });
  });

  it('gives memory back before it answers settle', async () => {
    // Freed blocks of this size go to the kernel, whatever was freed before: by default glibc raises the limit with each
    // one, and may then keep 35 MB that nobody uses.
    const server = await start('baseline', { MALLOC_MMAP_THRESHOLD_: '131072' });
    const { url } = await server.command({
      id: 1,
      command: 'listen',
      url: 'tcp://127.0.0.1:0',
      handler: 'forward',
    });
    const idle = server.privateBytes();
    const frame = encodePacket(request(1, payloadOf(1n, 4_000_000)));
    // Each exchange leaves some 12 MB of garbage, for which nothing but the command asks to be collected.
    for (let round = 0; round < 5; round += 1) await exchange(String(url), [frame], 1_000_000);
    let open = 1;
    while (open > 0) {
      const { counters } = await server.command({ id: 2, command: 'counters' });
      open = (counters as Record<string, number>).sessions_open;
    }
    expect(await server.command({ id: 3, command: 'settle' })).toEqual({ id: 3, ok: true });
    expect(server.privateBytes() - idle).toBeLessThan(16 * 1024 * 1024);
  });
});
