/** How long the processes that tests start may live. */

/**
 * A command that the kernel kills when the process that started it ends, however that comes to its end: a test runner
 * that is killed has no chance to clean up, and a program that computes does not hear that its input was closed. The
 * process id stays that of the command, and so do its signals.
 */
export function endingWithParent(command: readonly string[]): string[] {
  return ['setpriv', '--pdeathsig', 'KILL', ...command];
}
