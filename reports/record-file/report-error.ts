export type ReportErrorCode =
  /** The command line makes no sense. */
  | 'ERR_REPORT_USAGE'
  /** A record is missing, truncated, of another version or carries impossible values. */
  | 'ERR_REPORT_RECORD'
  /** A file that quotes numbers has not those of the published records. */
  | 'ERR_REPORT_STALE'
  /** README.md lacks the markers between which the numbers stand. */
  | 'ERR_REPORT_MARKERS'
  /** The port to serve at is taken or not ours to take. */
  | 'ERR_REPORT_PORT'
  /** A part of the page is missing from the package. */
  | 'ERR_REPORT_ASSET';

const EXIT_CODES: Record<ReportErrorCode, number> = {
  ERR_REPORT_USAGE: 2,
  ERR_REPORT_RECORD: 5,
  ERR_REPORT_STALE: 1,
  ERR_REPORT_MARKERS: 1,
  ERR_REPORT_PORT: 1,
  ERR_REPORT_ASSET: 1,
};

/** An error of the report commands: stable code, exit code, and a text that names the next step. */
export class ReportError extends Error {
  override readonly name = 'ReportError';
  readonly code: ReportErrorCode;

  constructor(code: ReportErrorCode, message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.code = code;
  }

  get exitCode(): number {
    return EXIT_CODES[this.code];
  }
}
