/**
 * A run that only tells about itself: `progress-program STEPS STEP_MS ARMS`. A step is a window of one arm, and nothing
 * is done between two of them, so the processor time is what the live view takes; it is written to standard output at
 * the end.
 */
import { Children } from '../arm-process.js';
import { createProgress } from '../progress.js';
import { trapSignals } from '../signals.js';

const [steps, stepMs, arms] = process.argv.slice(2).map(Number);
const { signal } = trapSignals(new Children());
process.stderr.write('before\n');
const progress = createProgress({
  output: process.stderr,
  secondsTotal: (steps * stepMs) / 1000,
  progressSecondsTotal: steps,
  color: process.env.NO_COLOR === undefined,
  nowMs: () => performance.now(),
  signal,
});
const before = process.cpuUsage();
const startMs = performance.now();
progress.phase('round 1/1: tcp/depth=16,sessions=64');
for (let step = 0; step < steps && !signal.aborted; step++) {
  const arm = `rival:number-${step % arms}`;
  progress.rate(arm, 1e5 + 1e3 * step);
  progress.observe(arm, { latencyNsP50: 9e4 + (step % 7) * 1e4, latencyNsP99: 3e5 + (step % 5) * 2e5 });
  progress.observe(arm, { rssBytes: 1.2e8 });
  progress.condition({ stealPercent: step % 12, errors: 0, nextCheckpointSeconds: 60 - (step % 60) });
  progress.advance(1);
  await new Promise((resolve) => setTimeout(resolve, stepMs));
}
progress.end();
const { user, system } = process.cpuUsage(before);
process.stdout.write(
  `after: ${((user + system) / 10 / (performance.now() - startMs)).toFixed(2)} % of a processor\n`,
);
process.exit(signal.aborted ? 130 : 0);
