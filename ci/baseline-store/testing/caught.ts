import { expect } from 'vitest';
import { BaselineError } from '../baseline-error.js';

/** The `BaselineError` that an action ends with; fails the test where it ends otherwise. */
export async function caught(action: () => unknown): Promise<BaselineError> {
  try {
    await action();
  } catch (thrown) {
    expect(thrown).toBeInstanceOf(BaselineError);
    return thrown as BaselineError;
  }
  throw new Error('there was no error');
}
