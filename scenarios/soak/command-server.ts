/**
 * A process that speaks `scenarios/harness/CONTROL.md` with commands of its own: the servers and load generators of a
 * soak. One JSON object per line on standard input and output; end of input or SIGTERM ends it.
 */
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';

export type Command = Readonly<Record<string, unknown>>;
export type CommandHandlers = Readonly<Record<string, (command: Command) => Promise<object> | object>>;

export class CommandError extends Error {
  constructor(
    readonly code: string,
    message: string,
  ) {
    super(message);
  }
}

const CONTROL_VERSION = 1;

/** Says hello as `role` and `arm` and serves commands; `close` is answered here, after `stop`. */
export function serveCommands(
  role: 'server' | 'generator',
  arm: string,
  handlers: CommandHandlers,
  stop: () => Promise<void>,
): void {
  const say = (line: object): void => void process.stdout.write(`${JSON.stringify(line)}\n`);
  // Answers keep the order of the commands, so one is carried out after the other.
  let work: Promise<void> = Promise.resolve();
  const end = (): void => {
    work = work.then(stop).finally(() => process.exit(0));
  };
  const lines = createInterface({ input: process.stdin, crlfDelay: Number.POSITIVE_INFINITY });
  lines.on('line', (line) => {
    work = work.then(async () => {
      const { answer, isLast } = await carryOut(line, handlers);
      say(answer);
      if (isLast) end();
    });
  });
  // The harness is gone, in order or not: there is nobody left to work for.
  lines.on('close', () => process.exit(0));
  process.stdout.on('error', () => process.exit(0));
  process.on('SIGTERM', () => process.exit(0));
  const { version } = JSON.parse(readFileSync(new URL('../../../package.json', import.meta.url), 'utf8'));
  say({ hello: { control: CONTROL_VERSION, role, arm, pid: process.pid, version } });
}

async function carryOut(
  line: string,
  handlers: CommandHandlers,
): Promise<{ answer: object; isLast: boolean }> {
  let id = 0;
  try {
    const command = parse(line);
    if (!Number.isSafeInteger(command.id)) throw bad('"id" must be a whole number');
    id = command.id as number;
    const name = textField(command, 'command');
    if (name === 'close') return { answer: { id, ok: true }, isLast: true };
    if (!Object.hasOwn(handlers, name)) {
      const known = [...Object.keys(handlers), 'close'].join(', ');
      throw new CommandError(
        'ERR_CONTROL_UNKNOWN_COMMAND',
        `unknown command ${JSON.stringify(name)}; known are ${known}`,
      );
    }
    return { answer: { id, ok: true, ...(await handlers[name](command)) }, isLast: false };
  } catch (error) {
    const { code = 'ERR_CONTROL_FAILED', message } = error as { code?: string; message: string };
    return { answer: { id, ok: false, error: { code, message } }, isLast: false };
  }
}

function bad(why: string): CommandError {
  return new CommandError('ERR_CONTROL_BAD_COMMAND', why);
}

function parse(line: string): Command {
  let parsed: unknown;
  try {
    parsed = JSON.parse(line);
  } catch (error) {
    throw bad(`a command is one line of JSON: ${(error as Error).message}`);
  }
  const command = parsed as Command | null;
  if (typeof command !== 'object' || command === null || Array.isArray(command)) {
    throw bad('a command is a JSON object');
  }
  return command;
}

/** A field that must be a number, at least `min`. */
export function numberField(command: Command, name: string, min: number): number {
  const value = command[name];
  if (typeof value === 'number' && Number.isFinite(value) && value >= min) return value;
  throw bad(`"${name}" must be a number from ${min} on`);
}

/** A field that must be a text. */
export function textField(command: Command, name: string): string {
  const value = command[name];
  if (typeof value === 'string') return value;
  throw bad(`"${name}" must be a text`);
}
