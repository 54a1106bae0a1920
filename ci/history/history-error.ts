/** What stands between a reader and the history; the message ends with the next step. */
export type HistoryErrorCode =
  /** A line that no build has written so. */
  | 'ERR_HISTORY_MALFORMED'
  /** A line of a schema that this build does not know. */
  | 'ERR_HISTORY_VERSION'
  /** The file is there and cannot be read. */
  | 'ERR_HISTORY_READ'
  /** The gate's lines could not be added; what was there before is unchanged. */
  | 'ERR_HISTORY_WRITE';

export class HistoryError extends Error {
  readonly code: HistoryErrorCode;

  constructor(code: HistoryErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'HistoryError';
    this.code = code;
  }
}
