import { constants } from 'node:os';
import type { Children } from './arm-process.js';
import { EXIT } from './exit-code.js';

/** What SIGINT and SIGTERM do while a run is under way. */
export interface SignalTrap {
  /** Aborts on the first signal. */
  signal: AbortSignal;
  release(): void;
}

/**
 * The first signal ends the run in order: processes are stopped and what was measured is kept. The second kills them
 * and leaves at once. Whatever way the harness ends, no child outlives it.
 */
export function trapSignals(children: Children): SignalTrap {
  const controller = new AbortController();
  const onSignal = (name: NodeJS.Signals): void => {
    if (controller.signal.aborted) {
      children.killAll();
      process.exit(EXIT.interrupted);
    }
    // First, so that a live view is gone before the line that follows.
    controller.abort();
    process.stderr.write(
      `\n${name}: ending the processes and keeping what was measured; once more kills them\n`,
    );
  };
  const onExit = (): void => children.killAll();
  const names = (['SIGINT', 'SIGTERM', 'SIGHUP'] as const).filter((name) => name in constants.signals);
  for (const name of names) process.on(name, onSignal);
  process.on('exit', onExit);
  return {
    signal: controller.signal,
    release() {
      for (const name of names) process.off(name, onSignal);
      process.off('exit', onExit);
    },
  };
}
