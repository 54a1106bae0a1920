/** The other end of `ChildProgram`, inside the program. */
import { writeSync } from 'node:fs';
import { createInterface } from 'node:readline';

/** Prints one value for the test; complete when it returns, so that a crash right after it loses nothing. */
export function say(value: unknown): void {
  writeSync(1, `${JSON.stringify(value)}\n`);
}

/** The lines the test writes. Listening keeps the program alive. */
export async function nextLine(): Promise<string> {
  const lines = createInterface({ input: process.stdin });
  for await (const line of lines) {
    lines.close();
    process.stdin.pause();
    return line;
  }
  return '';
}
