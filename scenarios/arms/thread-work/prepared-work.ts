import type { ThreadWork } from '../../harness/scaling/thread-work.js';
import { ALU_ARM, ALU_LOOP, THREAD_WORKS, type ThreadWorkName } from '../../harness/scaling/thread-works.js';
import { EchoPairs } from './echo-pairs.js';
import { LoopWork } from './loop-work.js';

export interface WorkRequest {
  work: ThreadWorkName;
  arms: readonly string[];
  /** Most threads that a window will ask for. */
  threadsMax: number;
  processors: readonly number[];
}

export interface PreparedWork {
  /** By arm, the ALU loop among them. */
  works: ReadonlyMap<string, ThreadWork>;
  /** Arms that this build does not have, with the reason. */
  absentArms: Record<string, string>;
}

/** Makes the work of all arms, to be run by turns. */
export async function prepareWork(request: WorkRequest): Promise<PreparedWork> {
  const works = new Map<string, ThreadWork>();
  const absentArms: Record<string, string> = {};
  const { loop, transport } = THREAD_WORKS[request.work];
  const addLoop = (arm: string, name: string, parameters: Readonly<Record<string, number>>): void => {
    const made = LoopWork.make(name, parameters);
    if (typeof made === 'string') absentArms[arm] = made;
    else works.set(arm, made);
  };
  addLoop(ALU_ARM, ALU_LOOP, { threads: 1 });
  try {
    for (const arm of request.arms) {
      if (loop !== null) addLoop(arm, `${loop.name}/${arm}`, loop.parameters);
      else if (transport !== 'none') {
        const place = { transport, pairs: request.threadsMax, processors: request.processors };
        works.set(arm, await EchoPairs.open(place));
      }
    }
  } catch (error) {
    for (const work of works.values()) await work.release();
    throw error;
  }
  return { works, absentArms };
}
