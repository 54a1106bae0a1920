/**
 * The process of `load: threads`: makes work for a number of threads and measures windows of it. Speaks the control
 * protocol (scenarios/harness/CONTROL.md, "Commands of a process of threads") on standard input and output.
 */
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { setImmediate as turnOfTheLoop } from 'node:timers/promises';
import type { WindowTask, WorkWindow } from '../harness/scaling/thread-work.js';
import { THREAD_WORK_NAMES, type ThreadWorkName } from '../harness/scaling/thread-works.js';
import { type PreparedWork, prepareWork } from './thread-work/prepared-work.js';

type Command = { id: number; command: string } & Record<string, unknown>;

let prepared: PreparedWork | null = null;

async function prepare({ work, arms, threadsMax, processors }: Command): Promise<object> {
  const known = THREAD_WORK_NAMES.find((name) => name === work);
  if (known === undefined)
    throw coded('ERR_CONTROL_BAD_COMMAND', `"work" must be one of ${THREAD_WORK_NAMES.join(', ')}`);
  await release();
  prepared = await prepareWork({
    work: known satisfies ThreadWorkName,
    arms: arms as string[],
    threadsMax: threadsMax as number,
    processors: processors as number[],
  });
  return { absentArms: prepared.absentArms };
}

async function run({ windows }: Command): Promise<object> {
  const results: WorkWindow[] = [];
  for (const { arm, ...task } of windows as (WindowTask & { arm: string })[]) {
    const work = prepared?.works.get(arm);
    if (work === undefined)
      throw coded('ERR_THREAD_WORK_UNKNOWN_ARM', `nothing was prepared for the arm ${arm}`);
    // A loop in C++ keeps the event loop from going round; the end of the harness is seen here.
    await turnOfTheLoop();
    results.push(await work.window(task));
  }
  return { windows: results };
}

async function release(): Promise<void> {
  const works = [...(prepared?.works.values() ?? [])];
  prepared = null;
  await Promise.all(works.map((work) => work.release()));
}

const COMMANDS: Readonly<Record<string, (command: Command) => Promise<object>>> = {
  prepare,
  run,
  close: async () => ({}),
};

/** Never rejects: what goes wrong is the answer. */
async function carryOut(line: string): Promise<{ answer: object; isLast: boolean }> {
  let id = 0;
  try {
    const command = JSON.parse(line) as Command;
    if (!Number.isSafeInteger(command?.id))
      throw coded('ERR_CONTROL_BAD_COMMAND', 'a command has a whole "id"');
    id = command.id;
    if (!Object.hasOwn(COMMANDS, command.command)) {
      const known = Object.keys(COMMANDS).join(', ');
      throw coded(
        'ERR_CONTROL_UNKNOWN_COMMAND',
        `unknown command ${JSON.stringify(command.command)}; known are ${known}`,
      );
    }
    const fields = await COMMANDS[command.command](command);
    return { answer: { id, ok: true, ...fields }, isLast: command.command === 'close' };
  } catch (error) {
    const badLine = error instanceof SyntaxError;
    const { code = badLine ? 'ERR_CONTROL_BAD_COMMAND' : 'ERR_THREAD_WORK_FAILED', message } = error as {
      code?: string;
      message: string;
    };
    return { answer: { id, ok: false, error: { code, message } }, isLast: false };
  }
}

function coded(code: string, message: string): Error {
  return Object.assign(new Error(message), { code });
}

function send(message: object): Promise<void> {
  return new Promise((resolve) => process.stdout.write(`${JSON.stringify(message)}\n`, () => resolve()));
}

process.stdout.on('error', () => process.exit(0));
process.on('SIGTERM', () => process.exit(0));
const { version } = JSON.parse(readFileSync(new URL('../../../package.json', import.meta.url), 'utf8')) as {
  version: string;
};
let work: Promise<void> = send({
  hello: { control: 1, role: 'server', arm: 'threads', pid: process.pid, version },
});
createInterface({ input: process.stdin })
  .on('line', (line) => {
    // Answers must keep the order of the commands, so one command is carried out after the other.
    work = work.then(async () => {
      const { answer, isLast } = await carryOut(line);
      await send(answer);
      if (isLast) process.exit(0);
    });
  })
  .on('close', () => process.exit(0));
