/** The run was asked to end (SIGINT, SIGTERM); what was measured so far is kept. */
export class InterruptedError extends Error {
  readonly code = 'ERR_SCENARIO_INTERRUPTED';

  constructor() {
    super('interrupted');
  }
}

export function throwIfInterrupted(signal: AbortSignal): void {
  if (signal.aborted) throw new InterruptedError();
}
