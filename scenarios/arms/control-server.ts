/**
 * The server side of the control protocol (scenarios/harness/CONTROL.md): reads commands from standard input, one
 * JSON object per line, and answers on standard output in the same order. An arm provides what the commands do.
 */
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { FRAME_BYTES_MIN, type TickOptions } from './tick-broadcaster.js';

const CONTROL_VERSION = 1;
/** A longer line is no command of this protocol. */
const LINE_BYTES_MAX = 1024 * 1024;
/** An arm that is slow to stop must not keep the process of a finished run alive, in milliseconds. */
const STOP_TIMEOUT_MS = 1000;
const COMMAND_NAMES = ['listen', 'counters', 'settle', 'admin', 'close'];
const SETTLE_ROUNDS_MAX = 30;
/** Memory counts as steady when two rounds of collection differ by less than this. */
const SETTLE_BYTES = 32 * 1024;

export const HANDLER_NAMES = ['counter', 'forward', 'sink', 'broadcast'] as const;
/** What a server does with what it receives. */
export type HandlerName = (typeof HANDLER_NAMES)[number];

/** What a listener is asked for, besides its address. */
export interface HandlerOptions {
  readonly handler: HandlerName;
  /** Sink: one-way messages of a session for each acknowledgement; 1 otherwise. */
  readonly ackEvery: number;
  /** Broadcast only. */
  readonly ticks: TickOptions | undefined;
}

/** A session may have this many messages unacknowledged. */
const ACK_EVERY_MAX = 65_536;
const TICK_HZ_MAX = 1_000;
const GROUP_SIZE_MAX = 1_000_000;
const FRAME_BYTES_MAX = 1_048_576;

/** Names what a listener does among those of a server: listeners that are asked for the same share it. */
export function handlerKey(options: HandlerOptions): string {
  return JSON.stringify(options);
}

/** What an arm does for the commands. */
export interface ArmServer {
  /** Listens and returns the URL with the real port. May be called several times, with different handlers. */
  listen(url: string, options: HandlerOptions): Promise<string>;
  /** Monotonic counts by the names of CONTROL.md; those it cannot count are absent. */
  counters(): Record<string, number>;
  /** Opens an admin endpoint for the transport that listened last, and returns its URL. Absent where there are none. */
  admin?(): Promise<string>;
  /** Stops listening and cuts every session. */
  close(): Promise<void>;
}

/** One line of the protocol, read. */
export type Command = { id: number; command: string } & Record<string, unknown>;

/** What a command is refused with. */
export class ControlError extends Error {
  constructor(
    readonly code: string,
    message: string,
    readonly id = 0,
  ) {
    super(message);
  }
}

/** Commands that an arm carries out itself, by name: those that others do not have, or do otherwise. */
export type OwnCommands = Readonly<Record<string, (command: Command) => Promise<object>>>;

/** Says hello and serves commands until `close`, end of input or SIGTERM; the process then exits with 0. */
export function serveControl(arm: string, server: ArmServer, own: OwnCommands = {}): void {
  let isStopping = false;
  const stop = async () => {
    if (isStopping) return;
    isStopping = true;
    await Promise.race([server.close().catch(() => undefined), sleep(STOP_TIMEOUT_MS)]);
    process.exit(0);
  };
  // Answers must keep the order of the commands, so one command is carried out after the other.
  let work: Promise<void> = Promise.resolve();
  const onLine = (line: string) => {
    work = work.then(async () => {
      const { answer, isLast } = await carryOut(line, server, own);
      // The harness may be gone: there is nobody left to answer, and end of input stops us.
      await new Promise<void>((resolve) =>
        process.stdout.write(`${JSON.stringify(answer)}\n`, () => resolve()),
      );
      if (isLast) await stop();
    });
  };
  process.stdout.on('error', () => void stop());
  process.on('SIGTERM', () => void stop());
  const { version } = JSON.parse(readFileSync(new URL('../../../package.json', import.meta.url), 'utf8')) as {
    version: string;
  };
  const hello = { control: CONTROL_VERSION, role: 'server', arm, pid: process.pid, version };
  process.stdout.write(`${JSON.stringify({ hello })}\n`);
  readLines(onLine, () => void stop());
}

function readLines(onLine: (line: string) => void, onEnd: () => void): void {
  let tail = '';
  let skipping = false;
  process.stdin.setEncoding('utf8');
  process.stdin.on('data', (text: string) => {
    const lines = (tail + text).split('\n');
    tail = lines.pop() ?? '';
    for (const line of lines) {
      // The end of a line whose beginning was already refused.
      if (skipping) skipping = false;
      else if (line.trim() !== '') onLine(line);
    }
    if (tail.length > LINE_BYTES_MAX) {
      if (!skipping) onLine(tail);
      skipping = true;
      tail = '';
    }
  });
  process.stdin.on('end', onEnd);
}

/** Never rejects: what goes wrong is the answer. `isLast` follows the command `close`. */
async function carryOut(
  line: string,
  server: ArmServer,
  own: OwnCommands,
): Promise<{ answer: object; isLast?: boolean }> {
  let id = 0;
  try {
    const command = parseCommand(line);
    id = command.id;
    if (Object.hasOwn(own, command.command)) {
      return { answer: { id, ok: true, ...(await own[command.command](command)) } };
    }
    switch (command.command) {
      case 'listen':
        return { answer: { id, ok: true, url: await listen(command, server) } };
      case 'counters':
        return { answer: { id, ok: true, counters: server.counters() } };
      case 'settle':
        await settle();
        return { answer: { id, ok: true } };
      case 'admin':
        if (server.admin === undefined)
          throw new ControlError('ERR_CONTROL_NO_ADMIN', 'this arm has no admin endpoint', id);
        return { answer: { id, ok: true, url: await server.admin() } };
      case 'close':
        return { answer: { id, ok: true }, isLast: true };
      default:
        throw new ControlError(
          'ERR_CONTROL_UNKNOWN_COMMAND',
          `unknown command ${JSON.stringify(command.command)}; known are ${[...new Set([...COMMAND_NAMES, ...Object.keys(own)])].join(', ')}`,
          id,
        );
    }
  } catch (error) {
    const { code = 'ERR_CONTROL_FAILED', message } = error as { code?: string; message: string };
    return {
      answer: {
        id: error instanceof ControlError && error.id !== 0 ? error.id : id,
        ok: false,
        error: { code, message },
      },
    };
  }
}

function parseCommand(line: string): Command {
  let parsed: unknown;
  try {
    if (line.length > LINE_BYTES_MAX) throw new Error(`it is longer than ${LINE_BYTES_MAX} bytes`);
    parsed = JSON.parse(line);
  } catch (error) {
    throw bad(0, `a command must be one line of JSON: ${(error as Error).message}`);
  }
  if (typeof parsed !== 'object' || parsed === null || Array.isArray(parsed)) {
    throw bad(0, 'a command must be a JSON object');
  }
  const { id, command } = parsed as Record<string, unknown>;
  if (!Number.isSafeInteger(id) || (id as number) < 0) throw bad(0, '"id" must be a whole number');
  if (typeof command !== 'string') throw bad(id as number, '"command" must be a text');
  return parsed as Command;
}

function bad(id: number, message: string): ControlError {
  return new ControlError('ERR_CONTROL_BAD_COMMAND', message, id);
}

function listen(command: Command, server: ArmServer): Promise<string> {
  const { id, url, handler } = command;
  const problems: string[] = [];
  if (typeof url !== 'string') problems.push('"url" must be a text such as tcp://127.0.0.1:0');
  const known = HANDLER_NAMES.find((name) => name === handler);
  if (known === undefined) problems.push(`"handler" must be one of ${HANDLER_NAMES.join(', ')}`);
  const integer = (name: string, least: number, most: number): number => {
    const value = command[name];
    if (Number.isInteger(value) && Number(value) >= least && Number(value) <= most) return Number(value);
    problems.push(`"${name}" must be a whole number from ${least} to ${most}`);
    return least;
  };
  const ackEvery = known === 'sink' ? integer('ackEvery', 1, ACK_EVERY_MAX) : 1;
  const ticks =
    known === 'broadcast'
      ? {
          tickHz: integer('tickHz', 1, TICK_HZ_MAX),
          groupSize: integer('groupSize', 1, GROUP_SIZE_MAX),
          payloadBytes: integer('payloadBytes', FRAME_BYTES_MIN, FRAME_BYTES_MAX),
        }
      : undefined;
  if (known === undefined || problems.length > 0) throw bad(id, problems.join('; '));
  return server.listen(String(url), { handler: known, ackEvery, ticks });
}

/** Collects garbage until the memory of the heap and its buffers stays the same; needs `--expose-gc`. */
export async function settle(): Promise<void> {
  const collect = globalThis.gc;
  if (collect === undefined) return;
  let before = Number.POSITIVE_INFINITY;
  let steadyRounds = 0;
  for (let round = 0; round < SETTLE_ROUNDS_MAX && steadyRounds < 3; round += 1) {
    collect();
    // Finalizers and the closing of handles run between the collections.
    await sleep(10);
    const { heapUsed, external } = process.memoryUsage();
    const now = heapUsed + external;
    steadyRounds = Math.abs(before - now) < SETTLE_BYTES ? steadyRounds + 1 : 0;
    before = now;
  }
}
