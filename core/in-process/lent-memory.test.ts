/**
 * Memory that crosses threads, and is lent to handlers: the programs of `../faults`, with sessions in process instead of
 * sockets, under the Node.js of this test and those that MSGTRANS_NODE_22 and MSGTRANS_NODE_24 name.
 */
import { describe, expect, it } from 'vitest';
import { ChildProgram } from '../faults/child-program.js';

const NODES = [
  ['this Node.js', process.execPath],
  ['Node.js 22', process.env.MSGTRANS_NODE_22],
  ['Node.js 24', process.env.MSGTRANS_NODE_24],
].filter((row): row is [string, string] => row[1] !== undefined);

async function resultsOf(program: string, node: string): Promise<unknown> {
  await using child = new ChildProgram(program, { node, nodeArgs: ['--expose-gc'], args: ['mem://'] });
  const end = await child.ended;
  expect(end).toEqual({ code: 0, signal: null, stderr: '' });
  return Object.assign({}, ...(child.all() as object[]));
}

describe.each(NODES)('memory that crosses threads under %s', (_name, node) => {
  it('shows a handler its own turn and nothing else', async () => {
    expect(await resultsOf('lent-views-program', node)).toEqual({
      // Small payloads are copied, and stay; the large ones lie where they were sent from, and become empty.
      keptViewsBecomeEmpty: expect.objectContaining({ readInTurn: 9 }),
      buffersHoldThisTurnOnly: { looked: true, secretsFound: 0 },
      staleMessagesThrow: { kept: expect.any(Number), codes: ['ERR_MSGTRANS_STALE_MESSAGE'] },
      sizesCannotBeChanged: ['TypeError', 'RangeError'],
      overwritingHarmsNoLaterTurn: { wrong: 0, sessionsOpen: 2 },
    });
  }, 60_000);

  it('is never another session’s when a handler moves it away', async () => {
    expect(await resultsOf('moved-memory-program', node)).toEqual({
      movedMemoryIsNobodyElses: { wrong: [], tried: 8 },
      movingEverythingStarvesNobody: { handled: 300, count: 300, isCounted: true, slicesLent: 0 },
      nothingIsDetachedUnderUs: [],
    });
  }, 60_000);
});
