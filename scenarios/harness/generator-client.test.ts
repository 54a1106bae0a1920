import { expect, it } from 'vitest';
import type { ArmProcess } from './arm-process.js';
import { BUILT_IN_DEFAULTS } from './case-parameters.js';
import { GeneratorClient } from './generator-client.js';

/** What the harness sends, and how long it waits, for a window of so many sessions with `depth` requests on each. */
async function runWith(sessions: number, depth: number): Promise<{ replyTimeoutMs: number; waitMs: number }> {
  const asked: { replyTimeoutMs: number; waitMs: number }[] = [];
  const command = async (_name: string, fields: { replyTimeoutMs: number }, waitMs: number) => {
    asked.push({ replyTimeoutMs: fields.replyTimeoutMs, waitMs });
    return { windows: [] };
  };
  const client = new GeneratorClient({ command } as unknown as ArmProcess);
  await client.run([], { ...BUILT_IN_DEFAULTS, sessions, depth });
  return asked[0];
}

it('lets replies stay out for 10 s, and longer where more than a million requests wait their turn', async () => {
  expect((await runWith(1, 1)).replyTimeoutMs).toBe(10_000);
  expect((await runWith(100_000, 10)).replyTimeoutMs).toBe(10_000);
  expect((await runWith(100_000, 50)).replyTimeoutMs).toBe(50_000);
  expect((await runWith(1_000_000, 4_096)).replyTimeoutMs, 'the most that a generator takes').toBe(600_000);
});

it('waits longer for the generator than the generator does for its replies', async () => {
  for (const depth of [1, 50, 4_096]) {
    const { replyTimeoutMs, waitMs } = await runWith(100_000, depth);
    expect(waitMs).toBeGreaterThan(replyTimeoutMs);
  }
});
