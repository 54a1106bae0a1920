/** A command line that cannot be carried out as typed; the message ends with the next step. Exit code 2. */
export class UsageError extends Error {
  readonly code = 'ERR_SCENARIO_USAGE';
}
