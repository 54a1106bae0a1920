/** What was asked of the gate's statistics and cannot be answered: a mistake of the caller, never a property of the code judged. */
export type GateErrorCode =
  /** A plan that no gate can follow. */
  | 'ERR_GATE_PLAN'
  /** A unit that is missing, of an unknown metric, or not a number. */
  | 'ERR_GATE_UNIT'
  /** An invocation after the verdict. */
  | 'ERR_GATE_DECIDED'
  /** Measured values that no log ratio can be made of. */
  | 'ERR_GATE_BLOCK'
  /** A number outside of what a formula is defined for. */
  | 'ERR_GATE_ARGUMENT';

export class GateError extends Error {
  override readonly name = 'GateError';

  constructor(
    readonly code: GateErrorCode,
    message: string,
  ) {
    super(message);
  }
}
