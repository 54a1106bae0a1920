/** What can be wrong with stored baselines, and the exit code that each means. */
const EXIT_CODES = {
  /** There is none of that name, or none of that scenario. */
  ERR_BASELINE_MISSING: 5,
  /** Truncated, changed by hand, of another schema version, or carrying impossible values. */
  ERR_BASELINE_INVALID: 5,
  /** Of another machine, another opponent, another scenario file: its ratios mean something else here. */
  ERR_BASELINE_FOREIGN: 5,
  /** The run record to be saved is missing, damaged or of another version. */
  ERR_BASELINE_RECORD: 5,
  /** A run that must not become the measure of later ones. */
  ERR_BASELINE_UNFIT: 1,
  /** Another process keeps the store locked. */
  ERR_BASELINE_BUSY: 1,
  /** The file could not be written. */
  ERR_BASELINE_WRITE: 1,
  /** What is asked for would leave the store without its anchor, or promote a build that nobody can tell. */
  ERR_BASELINE_REFUSED: 1,
  /** The build to be promoted is slower than the anchor. */
  ERR_BASELINE_REGRESSION: 3,
} as const;

export type BaselineErrorCode = keyof typeof EXIT_CODES;

/** An error of the stored baselines: a stable code, an exit code, and a text that names file, value and next step. */
export class BaselineError extends Error {
  override readonly name = 'BaselineError';
  readonly code: BaselineErrorCode;

  constructor(code: BaselineErrorCode, message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.code = code;
  }

  get exitCode(): (typeof EXIT_CODES)[BaselineErrorCode] {
    return EXIT_CODES[this.code];
  }
}
