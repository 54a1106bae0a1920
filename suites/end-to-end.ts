import { servedArm } from './end-to-end/served-arm.js';
import type { Suite, SuiteCase } from './harness/suite.js';

const SESSIONS = 1_000;
const MESSAGES_PER_SESSION = 1_000;

/** One job: every session connects, sends its messages with `depth` of them unanswered, and closes. */
function job(depth: number, operationsPerSecondAbout: number, arms: readonly string[]): SuiteCase {
  return {
    name: `tcp/depth=${depth}`,
    parameters: { sessions: SESSIONS, messagesPerSession: MESSAGES_PER_SESSION, depth, payloadBytes: 64 },
    job: { operations: SESSIONS * MESSAGES_PER_SESSION, operationsPerSecondAbout },
    arms: arms.map(servedArm),
  };
}

/** The whole way of a message, a million times: what a batch job over real connections takes from its first to its last. */
export const endToEnd: Suite = {
  name: 'end-to-end',
  title: '1 000 TCP sessions send 1 000 requests of 64 bytes each: whole jobs',
  cases: [
    job(1, 70_000, ['native', 'baseline', 'rival:node-net', 'limit']),
    job(16, 150_000, ['native', 'native:owned', 'baseline', 'rival:node-net', 'limit']),
  ],
};
