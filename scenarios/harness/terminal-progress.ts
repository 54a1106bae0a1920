import { createProgress, type ProgressSink, SILENT } from './progress.js';

/**
 * The live view of a command on standard error, silent unless `shown`.
 * @param secondsTotal estimate of the whole run; `progressSecondsTotal` is what `advance` adds up to
 * @param signal ends the view before whoever aborts says why
 */
export function terminalProgress(
  shown: boolean,
  secondsTotal: number,
  progressSecondsTotal: number,
  signal: AbortSignal,
): ProgressSink {
  if (!shown) return SILENT;
  return createProgress({
    output: process.stderr,
    ...{ secondsTotal, progressSecondsTotal, signal },
    color: process.env.NO_COLOR === undefined || process.env.NO_COLOR === '',
    nowMs: () => performance.now(),
    terminal: process.stderr.isTTY === true && process.env.TERM !== 'dumb',
  });
}
