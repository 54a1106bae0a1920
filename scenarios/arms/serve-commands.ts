/**
 * The process side of the control protocol (scenarios/harness/CONTROL.md): reads commands from standard input, one JSON
 * object per line, and answers on standard output in the same order. What the commands do comes from whoever serves them.
 */
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

const CONTROL_VERSION = 1;
/** A longer line is no command of this protocol. */
const LINE_BYTES_MAX = 1024 * 1024;
/** Who is slow to stop must not keep the process of a finished run alive, in milliseconds. */
const STOP_TIMEOUT_MS = 1000;

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

/** By name; what a handler returns is the answer's fields. `close` is answered here. */
export type CommandHandlers = Readonly<Record<string, (command: Command) => Promise<object> | object>>;

export interface CommandService {
  role: 'server' | 'generator';
  arm: string;
  handlers: CommandHandlers;
  /** Gives back what outlives the process; it ends all the same when that takes long. */
  stop(): Promise<void>;
  /** Code of what goes wrong without one of its own. */
  failedCode?: string;
}

/** Says hello and serves commands until `close`, end of input or SIGTERM; the process then exits with 0. */
export function serveCommands(service: CommandService): void {
  let isStopping = false;
  const stop = async () => {
    if (isStopping) return;
    isStopping = true;
    await Promise.race([service.stop().catch(() => undefined), sleep(STOP_TIMEOUT_MS)]);
    process.exit(0);
  };
  // Answers must keep the order of the commands, so one command is carried out after the other.
  let work: Promise<void> = Promise.resolve();
  const onLine = (line: string) => {
    work = work.then(async () => {
      const { answer, isLast } = await carryOut(line, service);
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
  const hello = { control: CONTROL_VERSION, role: service.role, arm: service.arm, pid: process.pid, version };
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
  { handlers, failedCode = 'ERR_CONTROL_FAILED' }: CommandService,
): Promise<{ answer: object; isLast?: boolean }> {
  let id = 0;
  try {
    const command = parseCommand(line);
    id = command.id;
    if (command.command === 'close') return { answer: { id, ok: true }, isLast: true };
    if (!Object.hasOwn(handlers, command.command)) {
      const known = [...Object.keys(handlers), 'close'].join(', ');
      throw new ControlError(
        'ERR_CONTROL_UNKNOWN_COMMAND',
        `unknown command ${JSON.stringify(command.command)}; known are ${known}`,
      );
    }
    return { answer: { id, ok: true, ...(await handlers[command.command](command)) } };
  } catch (error) {
    const { code = failedCode, message } = error as { code?: string; message: string };
    const of = error instanceof ControlError && error.id !== 0 ? error.id : id;
    return { answer: { id: of, ok: false, error: { code, message } } };
  }
}

function parseCommand(line: string): Command {
  let parsed: unknown;
  try {
    if (line.length > LINE_BYTES_MAX) throw new Error(`it is longer than ${LINE_BYTES_MAX} bytes`);
    parsed = JSON.parse(line);
  } catch (error) {
    throw badCommand(`a command must be one line of JSON: ${(error as Error).message}`);
  }
  if (typeof parsed !== 'object' || parsed === null || Array.isArray(parsed)) {
    throw badCommand('a command must be a JSON object');
  }
  const { id, command } = parsed as Record<string, unknown>;
  if (!Number.isSafeInteger(id) || (id as number) < 0) throw badCommand('"id" must be a whole number');
  if (typeof command !== 'string') throw badCommand('"command" must be a text', id as number);
  return parsed as Command;
}

/** A command that cannot be read, or lacks what it needs. */
export function badCommand(message: string, id = 0): ControlError {
  return new ControlError('ERR_CONTROL_BAD_COMMAND', message, id);
}

/** A field that must be a number, at least `min`. */
export function numberField(command: Readonly<Record<string, unknown>>, name: string, min: number): number {
  const value = command[name];
  if (typeof value === 'number' && Number.isFinite(value) && value >= min) return value;
  throw badCommand(`"${name}" must be a number from ${min} on`);
}

/** A field that must be a text. */
export function textField(command: Readonly<Record<string, unknown>>, name: string): string {
  const value = command[name];
  if (typeof value === 'string') return value;
  throw badCommand(`"${name}" must be a text`);
}
