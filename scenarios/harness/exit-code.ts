/** Exit codes, and which of them wins when several apply. */
export const EXIT = {
  pass: 0,
  error: 1,
  usage: 2,
  regression: 3,
  inconclusive: 4,
  baseline: 5,
  checkFailed: 6,
  interrupted: 130,
} as const;

export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

const PRECEDENCE: readonly ExitCode[] = [130, 2, 1, 5, 6, 3, 4, 0];

export function strongest(codes: Iterable<ExitCode>): ExitCode {
  const present = new Set(codes);
  return PRECEDENCE.find((code) => present.has(code)) ?? EXIT.pass;
}
