/** A stored baseline that is missing, damaged, foreign or of another version; the message names the file. Exit code 5. */
export class BaselineError extends Error {
  readonly code: 'ERR_BASELINE_MISSING' | 'ERR_BASELINE_INVALID' | 'ERR_BASELINE_FOREIGN';

  constructor(code: BaselineError['code'], message: string) {
    super(message);
    this.name = 'BaselineError';
    this.code = code;
  }
}
