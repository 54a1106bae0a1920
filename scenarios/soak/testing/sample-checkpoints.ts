import type { ArmCheckpoint } from '../checkpoint-entry.js';
import type { RunFacts } from '../checkpoint-log.js';

/** Checkpoints as a soak writes them, for tests. */
export function runFacts(): RunFacts {
  return {
    run: 'a-run',
    scenario: 'stability-24h',
    scenarioHash: 'a1',
    nativeHash: 'b2',
    fingerprint: 'c3',
    seed: 1,
    durationSeconds: 3600,
    checkpointSeconds: 60,
    quick: false,
    plant: null,
    startedAt: '2026-01-01T00:00:00.000Z',
  };
}

export function armCheckpoint(changes: Partial<ArmCheckpoint> = {}): ArmCheckpoint {
  const none = { lost: 0, duplicated: 0, reordered: 0, corrupted: 0 };
  return {
    samples: [
      { atSeconds: 30, operations: 500, gauges: { heapUsedBytes: 9e6, slicesLent: 3, mallocBytes: null } },
    ],
    operations: 1000,
    bytes: 64_000,
    latency: null,
    latencySamples: 0,
    counts: { sent: 1010, delivered: 1000, unacknowledgedAtClose: 0, ...none },
    intake: { received: 800, ...none },
    dropped: 0,
    inFlight: 10,
    sessionsOpen: 20,
    heldBack: 0,
    churned: 2,
    cut: 0,
    errors: 0,
    firstErrors: [],
    ...changes,
  };
}
