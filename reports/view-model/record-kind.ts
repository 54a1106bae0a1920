import type { RunRecord } from '../../scenarios/harness/record.js';

/** Whether the record is that of a suite: parts of the engine in one process, instead of servers under load. */
export function isSuite(record: RunRecord): boolean {
  return record.scenario.startsWith('suite:');
}
