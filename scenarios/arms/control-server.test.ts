/** The servers of the arms as the harness starts them: real processes from the built files. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, it } from 'vitest';
import { encodePacket, NO_BYTES } from '../../core/protocol/packet-codec.js';
import { PacketDecoder } from '../../core/protocol/packet-decoder.js';
import type { Packet } from '../../core/transport.js';
import { fillerByte } from './counter-reply.js';
import { ARM_NAMES, armCommand } from './registry.js';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const ADDON = join(ROOT, 'native/build/Release/msgtrans.node');

type Answer = Record<string, unknown> & { id: number; ok: boolean; error: { code: string; message: string } };

/** A server process and its lines. */
class ArmProcess {
  readonly #child: ChildProcess;
  readonly #lines: AsyncIterator<string>;
  readonly exited: Promise<unknown[]>;

  constructor(arm: string, environment: Record<string, string>) {
    const { command, args } = armCommand(arm, 'sockets', ROOT);
    const env = { ...process.env, ...environment };
    this.#child = spawn(command, [...args], { stdio: ['pipe', 'pipe', 'inherit'], env });
    this.exited = once(this.#child, 'exit');
    this.#lines = createInterface({ input: this.#child.stdout! })[Symbol.asyncIterator]();
  }

  async line(): Promise<Record<string, unknown>> {
    const { value, done } = await this.#lines.next();
    if (done) throw new Error('the server ended without an answer');
    return JSON.parse(value);
  }

  write(text: string): void {
    this.#child.stdin!.write(text);
  }

  async command(command: object): Promise<Answer> {
    this.write(`${JSON.stringify(command)}\n`);
    return (await this.line()) as Answer;
  }

  /** Private memory of the process in bytes. */
  privateBytes(): number {
    const status = readFileSync(`/proc/${this.#child.pid}/status`, 'utf8');
    return Number(/^RssAnon:\s+(\d+) kB$/m.exec(status)?.[1]) * 1024;
  }

  endInput(): void {
    this.#child.stdin!.end();
  }

  kill(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }
}

const running: ArmProcess[] = [];

async function start(arm: string, environment: Record<string, string> = {}): Promise<ArmProcess> {
  const server = new ArmProcess(arm, environment);
  running.push(server);
  const { hello } = await server.line();
  expect(hello).toMatchObject({
    control: 1,
    role: 'server',
    arm,
    pid: expect.any(Number),
    version: expect.stringMatching(/^\d+\.\d+\.\d+$/),
  });
  return server;
}

afterEach(() => {
  for (const server of running.splice(0)) server.kill('SIGKILL');
});

function request(messageId: number, payload: Uint8Array): Packet {
  return {
    packetType: 'request',
    bizType: messageId & 0xff,
    messageId,
    payload,
    extHeader: NO_BYTES,
    highPriority: false,
  };
}

/** A request payload: token, then filler. */
function payloadOf(token: bigint, bytes: number): Buffer {
  const payload = Buffer.from(Uint8Array.from({ length: bytes }, (_, index) => fillerByte(index)));
  payload.writeBigUInt64LE(token, 0);
  return payload;
}

/** A one-way payload: token, sequence, filler. */
function oneWayPayload(token: bigint, sequence: number, bytes: number): Buffer {
  const payload = payloadOf(token, bytes);
  payload.writeUInt32LE(sequence, 8);
  return payload;
}

/** Begins (1) or ends (0) the ticks. */
function switchPayload(command: number): Buffer {
  const payload = Buffer.alloc(12);
  payload.writeUInt32LE(command, 8);
  return payload;
}

/** A session that keeps what it receives. */
class Player {
  readonly #received: Packet[] = [];
  readonly #socket: Socket;
  #messageId = 0;
  #onPacket = () => {};

  static async connect(url: string): Promise<Player> {
    const socket = connect(Number(new URL(url).port), '127.0.0.1');
    await once(socket, 'connect');
    return new Player(socket);
  }

  private constructor(socket: Socket) {
    this.#socket = socket;
    const decoder = new PacketDecoder();
    socket.on('data', (chunk: Buffer) => {
      this.#received.push(...decoder.push(chunk));
      this.#onPacket();
    });
    socket.on('error', () => undefined);
  }

  send(packetType: 'request' | 'one-way', payload: Buffer): void {
    this.#messageId += 1;
    this.#socket.write(encodePacket({ ...request(this.#messageId, payload), packetType }));
  }

  /** Resolves when so many frames are here. */
  has(frames: number): Promise<void> {
    return this.#until(() => this.#ofType('one-way').length >= frames);
  }

  answers(count: number): Promise<void> {
    return this.#until(() => this.#ofType('response').length >= count);
  }

  frames() {
    return this.#ofType('one-way').map(({ payload }) => {
      const bytes = Buffer.from(payload);
      expect(bytes).toHaveLength(40);
      return {
        intendedNs: bytes.readBigUInt64LE(0),
        tick: bytes.readUInt32LE(8),
        group: bytes.readUInt32LE(12),
        intact: [...bytes.subarray(16)].every((byte, at) => byte === fillerByte(at + 16)),
      };
    });
  }

  acknowledgements(): object[] {
    return this.#ofType('response').map(readAcknowledgement);
  }

  close(): void {
    this.#socket.destroy();
  }

  #ofType(packetType: string): Packet[] {
    return this.#received.filter((packet) => packet.packetType === packetType);
  }

  #until(isDone: () => boolean): Promise<void> {
    return new Promise((resolve) => {
      this.#onPacket = () => {
        if (isDone()) resolve();
      };
      this.#onPacket();
    });
  }
}

function readAcknowledgement({ packetType, payload }: Packet): object {
  const bytes = Buffer.from(payload);
  expect(bytes).toHaveLength(64);
  expect([...bytes.subarray(24)].every((byte, at) => byte === fillerByte(at + 24))).toBe(true);
  const [received, tokenSum, faults] = [0, 8, 16].map((offset) => bytes.readBigUInt64LE(offset));
  return { packetType, received, tokenSum, faults };
}

/** Writes `frames` in pieces of `pieceBytes` and resolves with as many packets, or as many as `answers` says. */
async function exchange(
  url: string,
  frames: Buffer[],
  pieceBytes: number,
  answers = frames.length,
): Promise<Packet[]> {
  const { hostname, port, pathname, protocol } = new URL(url);
  const socket = connect(protocol === 'unix:' ? { path: pathname } : { host: hostname, port: Number(port) });
  await once(socket, 'connect');
  const decoder = new PacketDecoder();
  const packets: Packet[] = [];
  const complete = new Promise<void>((resolve, reject) => {
    socket.on('data', (chunk: Buffer) => {
      packets.push(...decoder.push(chunk));
      if (packets.length >= answers) resolve();
    });
    socket.on('error', reject);
    socket.on('close', () => reject(new Error(`closed after ${packets.length} of ${answers} replies`)));
  });
  const bytes = Buffer.concat(frames);
  for (let offset = 0; offset < bytes.length; offset += pieceBytes) {
    socket.write(bytes.subarray(offset, offset + pieceBytes));
    await new Promise((resolve) => setImmediate(resolve));
  }
  await complete;
  socket.destroy();
  return packets;
}

function expectCounterReplies(replies: Packet[], requests: Packet[]): void {
  replies.forEach((reply, index) => {
    const { messageId, bizType, payload } = requests[index];
    expect(reply).toMatchObject({ packetType: 'response', messageId, bizType });
    const bytes = Buffer.from(reply.payload);
    expect(bytes).toHaveLength(64);
    expect(bytes.readBigUInt64LE(0)).toBe(BigInt(index + 1));
    expect(bytes.subarray(8, 16).equals(payload.subarray(0, 8))).toBe(true);
    expect([...bytes.subarray(16)].every((byte, at) => byte === fillerByte(at + 16))).toBe(true);
  });
}

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

    it('acknowledges one-way messages by the number, and at a fence, and sees what is wrong with them', async () => {
      const server = await start(arm);
      const { url } = await server.command({
        id: 1,
        command: 'listen',
        url: 'tcp://127.0.0.1:0',
        handler: 'sink',
        ackEvery: 3,
      });
      const tokens = Array.from(
        { length: 130 },
        (_, index) => (0xfedcba9876543210n * BigInt(index + 7)) % (1n << 64n),
      );
      const fence = request(4_000, payloadOf(0n, 8));
      const send = async (change: (messages: Buffer[]) => Buffer[], pieceBytes: number) => {
        const messages = change(
          tokens.map((token, index) => oneWayPayload(token, index, 40 + 500 * (index % 3))),
        );
        const packets = messages.map((payload) => ({
          ...request(9, payload),
          packetType: 'one-way' as const,
        }));
        const frames = [...packets, fence].map((packet) => encodePacket(packet));
        const answers = Math.floor(messages.length / 3) + 1;
        return (await exchange(String(url), frames, pieceBytes, answers)).map(readAcknowledgement);
      };
      const sumOf = (count: number) =>
        BigInt.asUintN(
          64,
          tokens.slice(0, count).reduce((sum, each) => sum + each, 0n),
        );
      for (const pieceBytes of [1_000_000, 777]) {
        const said = await send((messages) => messages, pieceBytes);
        expect(said.slice(0, -1)).toEqual(
          Array.from({ length: 43 }, (_, index) => ({
            packetType: 'one-way',
            received: BigInt(index * 3 + 3),
            tokenSum: sumOf(index * 3 + 3),
            faults: 0n,
          })),
        );
        expect(said.at(-1)).toEqual({
          packetType: 'response',
          received: 130n,
          tokenSum: sumOf(130),
          faults: 0n,
        });
      }
      const missing = await send((messages) => messages.filter((_, index) => index !== 50), 10_000);
      expect(missing.at(-1)).toMatchObject({ received: 129n, faults: 1n });
      const twice = await send((messages) => [...messages, messages[129]], 10_000);
      expect(twice.at(-1)).toMatchObject({ received: 131n, faults: 1n });
      const damaged = await send((messages) => {
        for (const message of messages) message[message.length - 1] ^= 1;
        return messages;
      }, 10_000);
      // One message in 64 is looked at in full.
      expect(damaged.at(-1)).toMatchObject({ received: 130n, tokenSum: sumOf(130), faults: 3n });
      const short = await send((messages) => [...messages, Buffer.alloc(11)], 10_000);
      expect(short.at(-1)).toMatchObject({ received: 131n, tokenSum: sumOf(130), faults: 1n });
    });

    it('broadcasts to its groups at every tick from the switch on, and takes inputs meanwhile', async () => {
      const server = await start(arm);
      const { url } = await server.command({
        ...{ id: 1, command: 'listen', url: 'tcp://127.0.0.1:0', handler: 'broadcast' },
        ...{ tickHz: 200, groupSize: 2, payloadBytes: 40 },
      });
      const players = await Promise.all([1, 2, 3].map(() => Player.connect(String(url))));
      players[1].send('one-way', oneWayPayload(77n, 0, 16));
      players[1].send('one-way', oneWayPayload(88n, 1, 16));
      players[0].send('request', switchPayload(1));
      await Promise.all(players.map((player) => player.has(8)));
      players[0].send('request', switchPayload(0));
      await players[0].answers(2);
      for (const player of players) player.send('request', payloadOf(0n, 8));
      await Promise.all(players.map((player, index) => player.answers(index === 0 ? 3 : 1)));
      const frames = players.map((player) => player.frames());
      for (const each of frames) {
        // All got the same ticks, numbered from 1, at the same times.
        expect(each.map(({ tick, intendedNs }) => ({ tick, intendedNs }))).toEqual(
          frames[0].map(({ tick, intendedNs }) => ({ tick, intendedNs })),
        );
        expect(each.map(({ tick }) => tick)).toEqual(each.map((_, index) => index + 1));
        expect(new Set(each.map(({ group }) => group)).size).toBe(1);
        const [first] = each;
        each.forEach(({ intendedNs, intact }, index) => {
          expect(Number(intendedNs - first.intendedNs)).toBeCloseTo(index * 5e6, -2);
          expect(intact).toBe(true);
        });
      }
      const groups = frames.map(([{ group }]) => group).sort();
      expect(groups).toEqual([0, 0, 1]);
      expect(players[1].acknowledgements().at(-1)).toMatchObject({
        received: 2n,
        tokenSum: 165n,
        faults: 0n,
      });
      expect(players[2].acknowledgements()).toEqual([
        { packetType: 'response', received: 0n, tokenSum: 0n, faults: 0n },
      ]);
      for (const player of players) player.close();
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
