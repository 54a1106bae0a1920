/**
 * The process of `load: threads`: makes work for a number of threads and measures windows of it. Speaks the control
 * protocol (scenarios/harness/CONTROL.md, "Commands of a process of threads") on standard input and output.
 */
import { setImmediate as turnOfTheLoop } from 'node:timers/promises';
import type { WindowTask, WorkWindow } from '../harness/scaling/thread-work.js';
import { THREAD_WORK_NAMES, type ThreadWorkName } from '../harness/scaling/thread-works.js';
import { badCommand, type Command, ControlError, serveCommands } from './serve-commands.js';
import { type PreparedWork, prepareWork } from './thread-work/prepared-work.js';

let prepared: PreparedWork | null = null;

async function prepare({ work, arms, threadsMax, processors }: Command): Promise<object> {
  const known = THREAD_WORK_NAMES.find((name) => name === work);
  if (known === undefined) throw badCommand(`"work" must be one of ${THREAD_WORK_NAMES.join(', ')}`);
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
      throw new ControlError('ERR_THREAD_WORK_UNKNOWN_ARM', `nothing was prepared for the arm ${arm}`);
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

serveCommands({
  role: 'server',
  arm: 'threads',
  handlers: { prepare, run },
  // Threads and memory end with the process.
  stop: async () => {},
  failedCode: 'ERR_THREAD_WORK_FAILED',
});
