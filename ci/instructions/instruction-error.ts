/** What can be wrong with counting instructions, and the exit code that each means. */
const EXIT_CODES = {
  /** There is no valgrind to count with. */
  ERR_INSTRUCTIONS_NO_VALGRIND: 1,
  /** The counted program could not be run, or found a wrong result. */
  ERR_INSTRUCTIONS_RUN: 1,
  /** What callgrind wrote cannot be believed. */
  ERR_INSTRUCTIONS_PROFILE: 1,
  /** The counts could not be written. */
  ERR_INSTRUCTIONS_WRITE: 1,
  /** A path executes more instructions than stored, and nobody said why that is right. */
  ERR_INSTRUCTIONS_GREW: 3,
  /** No counts are stored for this toolchain. */
  ERR_INSTRUCTIONS_MISSING: 5,
  /** The stored counts are truncated, changed by hand, or of another version. */
  ERR_INSTRUCTIONS_INVALID: 5,
} as const;

export type InstructionErrorCode = keyof typeof EXIT_CODES;

/** An error of the instruction counts: a stable code, an exit code, and a text that names value and next step. */
export class InstructionError extends Error {
  override readonly name = 'InstructionError';
  readonly code: InstructionErrorCode;

  constructor(code: InstructionErrorCode, message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.code = code;
  }

  get exitCode(): (typeof EXIT_CODES)[InstructionErrorCode] {
    return EXIT_CODES[this.code];
  }
}
