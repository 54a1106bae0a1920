/** Why there is no base to compare with; the message ends with the next step. */
export type BaseErrorCode =
  /** `--base` names nothing that git knows. */
  | 'ERR_BASE_UNKNOWN_REF'
  /** The history that would say which commit it is, is not here. */
  | 'ERR_BASE_SHALLOW'
  /** No git, no commit, or a commit without a parent. */
  | 'ERR_BASE_NONE'
  /** The commit is there, but cannot be built or served here. */
  | 'ERR_BASE_BUILD_FAILED'
  /** The cache that builds are kept in cannot be written. */
  | 'ERR_BASE_CACHE';

export class BaseError extends Error {
  readonly code: BaseErrorCode;

  constructor(code: BaseErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'BaseError';
    this.code = code;
  }
}
