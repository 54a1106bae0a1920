import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { Children } from '../harness/arm-process.js';
import { readPressure } from '../harness/pressure.js';
import { SILENT } from '../harness/progress.js';
import { CheckpointLog } from './checkpoint-log.js';
import { LeakWatch } from './leak-watch.js';
import type { SoakPlan } from './soak-plan.js';
import { runSoak } from './soak-run.js';
import { SoakState } from './soak-state.js';
import { runFacts } from './testing/sample-checkpoints.js';

/** Leaks a thousand times as fast as those that a run of 20 minutes must find, so that seconds show them. */

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'msgtrans-plants-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

it.each([
  ['js', 'heapUsedBytes', 2_000_000],
  ['native', 'mallocBytes', 2_000_000],
  // One slice for each 8 KB; the pool has some two hundred to give away before it copies instead.
  ['slice', 'slicesLent', 160_000],
] as const)(
  'a planted leak of the kind %s is named by its gauge %s',
  { timeout: 120_000 },
  async (plant, gauge, speed) => {
    const limits = { warmupSeconds: 1, judgedSecondsMin: 4 };
    const plan: SoakPlan = {
      durationSeconds: 8,
      checkpointSeconds: 2,
      sampleSeconds: 0.3,
      broadcastsPerSecond: 5,
      arms: [
        {
          arm: 'native',
          rates: {
            sessions: 8,
            requestsPerSecond: 50,
            oneWayPerSecond: 20,
            largePerSecond: plant === 'slice' ? 40 : 1,
            churnPerSecond: 0,
          },
        },
      ],
      phases: [{ kind: 'steady', seconds: 60 }],
      seed: 1,
      quick: false,
      plant,
      plantBytesPerSecond: speed,
      limits,
    };
    const state = new SoakState(['native']);
    const outcome = await runSoak({
      plan,
      state,
      log: new CheckpointLog(folder, runFacts()),
      children: new Children(),
      rootDir: join(import.meta.dirname, '..', '..'),
      signal: new AbortController().signal,
      progress: SILENT,
      readPressure,
      onCheckpoint() {},
    });
    expect(outcome).toEqual({ reason: 'complete', failure: null });
    const watch = new LeakWatch(limits);
    watch.judge(state);
    const found = watch.findings.native.find((finding) => finding.gauge === gauge);
    expect(found).toMatchObject({ verdict: 'leak', sinceSeconds: state.atSeconds });
    // Whatever else moves while a process warms up, nothing comes near.
    const others = watch.findings.native.filter(
      (finding) => finding.gauge !== gauge && finding.gauge !== 'rssBytes' && finding.verdict === 'leak',
    );
    for (const other of others) {
      expect(other.slopeBytesPerSecond).toBeLessThan((found?.slopeBytesPerSecond as number) / 2);
    }
  },
);
