/** The commands of a server under load (scenarios/harness/CONTROL.md); an arm provides what they do. */
import { setTimeout as sleep } from 'node:timers/promises';
import {
  badCommand,
  type Command,
  type CommandHandlers,
  ControlError,
  serveCommands,
} from './serve-commands.js';
import { FRAME_BYTES_MIN, type TickOptions } from './tick-broadcaster.js';

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

/**
 * Serves an arm until `close`, end of input or SIGTERM; the process then exits with 0.
 * @param own commands that others do not have, or do otherwise
 */
export function serveControl(arm: string, server: ArmServer, own: CommandHandlers = {}): void {
  const handlers: CommandHandlers = {
    listen: async (command) => ({ url: await listen(command, server) }),
    counters: () => ({ counters: server.counters() }),
    async settle() {
      await settle();
      return {};
    },
    async admin() {
      if (server.admin === undefined) {
        throw new ControlError('ERR_CONTROL_NO_ADMIN', 'this arm has no admin endpoint');
      }
      return { url: await server.admin() };
    },
    ...own,
  };
  serveCommands({ role: 'server', arm, handlers, stop: () => server.close() });
}

function listen(command: Command, server: ArmServer): Promise<string> {
  const { url, handler } = command;
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
  if (known === undefined || problems.length > 0) throw badCommand(problems.join('; '));
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
