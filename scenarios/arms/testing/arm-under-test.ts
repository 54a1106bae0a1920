/** The server of an arm as a process, and a session to it that keeps what it receives. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { expect } from 'vitest';
import { encodePacket, NO_BYTES } from '../../../core/protocol/packet-codec.js';
import { PacketDecoder } from '../../../core/protocol/packet-decoder.js';
import type { Packet } from '../../../core/transport.js';
import { fillerByte } from '../counter-reply.js';
import { armCommand } from '../registry.js';

export const ROOT = fileURLToPath(new URL('../../../', import.meta.url));
export const ADDON = join(ROOT, 'native/build/Release/msgtrans.node');

export type Answer = Record<string, unknown> & {
  id: number;
  ok: boolean;
  error: { code: string; message: string };
};

/** A server process and its lines. */
export class ArmProcess {
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

export async function start(arm: string, environment: Record<string, string> = {}): Promise<ArmProcess> {
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

/** Ends what a test has started; for its `afterEach`. */
export function stopArms(): void {
  for (const server of running.splice(0)) server.kill('SIGKILL');
}

export function request(messageId: number, payload: Uint8Array): Packet {
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
export function payloadOf(token: bigint, bytes: number): Buffer {
  const payload = Buffer.from(Uint8Array.from({ length: bytes }, (_, index) => fillerByte(index)));
  payload.writeBigUInt64LE(token, 0);
  return payload;
}

/** A one-way payload: token, sequence, filler. */
export function oneWayPayload(token: bigint, sequence: number, bytes: number): Buffer {
  const payload = payloadOf(token, bytes);
  payload.writeUInt32LE(sequence, 8);
  return payload;
}

/** Begins (1) or ends (0) the ticks. */
export function switchPayload(command: number): Buffer {
  const payload = Buffer.alloc(12);
  payload.writeUInt32LE(command, 8);
  return payload;
}

/** A session that keeps what it receives. */
export class Player {
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

export function readAcknowledgement({ packetType, payload }: Packet): object {
  const bytes = Buffer.from(payload);
  expect(bytes).toHaveLength(64);
  expect([...bytes.subarray(24)].every((byte, at) => byte === fillerByte(at + 24))).toBe(true);
  const [received, tokenSum, faults] = [0, 8, 16].map((offset) => bytes.readBigUInt64LE(offset));
  return { packetType, received, tokenSum, faults };
}

/** Writes `frames` in pieces of `pieceBytes` and resolves with as many packets, or as many as `answers` says. */
export async function exchange(
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

export function expectCounterReplies(replies: Packet[], requests: Packet[]): void {
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
