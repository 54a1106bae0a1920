import { loopArms } from './harness/loop-arm.js';
import type { Suite } from './harness/suite.js';
import { fasterThan, nanosecondsAtMost } from './harness/targets.js';

const sessions = 100_000;
const readers = ['native', 'baseline'];

/** Whether the session of an id is open, asked for random ids by threads that do not own the session. */
export const sessionDirectory: Suite = {
  name: 'session-directory',
  title: 'Looking up sessions by id, against unordered_map behind shared_mutex',
  cases: [
    {
      name: 'read/threads=1',
      parameters: { sessions, threads: 1 },
      arms: loopArms('session-directory/read', readers),
      targets: [nanosecondsAtMost(15)],
    },
    {
      name: 'read/threads=2',
      parameters: { sessions, threads: 2 },
      arms: loopArms('session-directory/read', readers),
      targets: [fasterThan('baseline', 10), nanosecondsAtMost(15)],
    },
    {
      // The same ids, sixteen to a question or one.
      name: 'batch/threads=1',
      parameters: { sessions, threads: 1 },
      arms: loopArms('session-directory/batch', ['native', 'native:single']),
      targets: [fasterThan('native:single', 1)],
    },
  ],
};
