export type SelftestErrorCode =
  /** A bank that cannot be read, or not together with another one. */
  | 'ERR_SELFTEST_BANK'
  /** No amount of work was found that slows the candidate by what was asked for. */
  | 'ERR_SELFTEST_CALIBRATION'
  /** Invocation after invocation failed. */
  | 'ERR_SELFTEST_FAILURES'
  /** What was to disturb the machine ended by itself. */
  | 'ERR_SELFTEST_STRESS'
  /** This machine, or this build, cannot be tried in that way. */
  | 'ERR_SELFTEST_UNSUPPORTED'
  /** Generated files that are not what the banks give. */
  | 'ERR_SELFTEST_STALE';

export class SelftestError extends Error {
  override readonly name = 'SelftestError';

  constructor(
    readonly code: SelftestErrorCode,
    message: string,
  ) {
    super(message);
  }
}
