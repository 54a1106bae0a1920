import { hrtime } from 'node:process';
import type { Peer } from './peer.js';
import { type PeerTask, REST, Spinner } from './peer-protocol.js';
import type { Measured } from './suite.js';

/** A run takes milliseconds. What has not come back by then was lost, and waiting for it would hide that. */
const ANSWER_MS_MAX = 10_000;

const spinner = new Spinner();

/** Gives the peer its task, times `work`, and lets both threads rest again. `work` returns the number of wrong results. */
export async function timedRun(
  peer: Peer,
  task: PeerTask,
  work: () => number | Promise<number>,
): Promise<Measured> {
  await peer.give(task);
  spinner.set(task.spinning);
  const cpuBefore = process.cpuUsage();
  const startNs = hrtime.bigint();
  const faults = await answeredInTime(work(), task).finally(() => spinner.set(false));
  const nanoseconds = Math.max(1, Number(hrtime.bigint() - startNs));
  const cpu = process.cpuUsage(cpuBefore);
  await peer.give(REST);
  const cpuNanoseconds = (cpu.user + cpu.system) * 1_000;
  return { nanoseconds, operations: task.count, faults, threads: 1, cpuNanoseconds, figures: {} };
}

async function answeredInTime(work: number | Promise<number>, { mode, count }: PeerTask): Promise<number> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    const message = `of ${count} messages (${mode}) some had no answer within ${ANSWER_MS_MAX / 1_000} s`;
    timer = setTimeout(() => reject(new Error(message)), ANSWER_MS_MAX);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}
