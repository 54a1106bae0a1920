/**
 * Memory that the engine lent, or borrowed. The programs run under the Node.js of this test, and under those that MSGTRANS_NODE_22 and
 * MSGTRANS_NODE_24 name.
 */
import { describe, expect, it } from 'vitest';
import { ChildProgram } from './child-program.js';

const NODES = [
  ['this Node.js', process.execPath],
  ['Node.js 22', process.env.MSGTRANS_NODE_22],
  ['Node.js 24', process.env.MSGTRANS_NODE_24],
].filter((row): row is [string, string] => row[1] !== undefined);

/** Everything a program printed, as one object; the program must end well. */
async function resultsOf(program: string, node: string): Promise<unknown> {
  await using child = new ChildProgram(program, { node, nodeArgs: ['--expose-gc'] });
  const end = await child.ended;
  expect(end).toEqual({ code: 0, signal: null, stderr: '' });
  return Object.assign({}, ...(child.all() as object[]));
}

describe.each(NODES)('memory lent and borrowed under %s', (_name, node) => {
  it('shows a handler its own turn and nothing else', async () => {
    expect(await resultsOf('lent-views-program', node)).toEqual({
      keptViewsBecomeEmpty: { readInTurn: 9, left: [], undefinedRead: true },
      buffersHoldThisTurnOnly: { looked: true, secretsFound: 0 },
      staleMessagesThrow: { kept: expect.any(Number), codes: ['ERR_MSGTRANS_STALE_MESSAGE'] },
      sizesCannotBeChanged: ['TypeError', 'RangeError'],
      overwritingHarmsNoLaterTurn: { wrong: 0, sessionsOpen: 2 },
    });
  });

  it('is never another session’s when a handler moves it away', async () => {
    expect(await resultsOf('moved-memory-program', node)).toEqual({
      movedMemoryIsNobodyElses: { wrong: [], tried: 8 },
      movingEverythingStarvesNobody: { handled: 300, count: 300, isCounted: true, slicesLent: 0 },
      nothingIsDetachedUnderUs: [],
    });
  });

  it('stays as it is while it is retained, and is given back', async () => {
    expect(await resultsOf('retained-memory-program', node)).toEqual({
      retainedMemoryStays: {
        intact: true,
        pinned: [false, true],
        isCharged: true,
        emptyWherePinned: true,
        codes: ['ERR_MSGTRANS_STALE_MESSAGE'],
        retainedBytes: 0,
        slicesLent: 0,
      },
      retainingEverythingStarvesNobody: {
        intact: true,
        someArePinned: true,
        someAreCopied: true,
        retainedBytes: 0,
      },
      forgottenOnesAreCounted: { allCounted: true, retainedBytes: 0, slicesLent: 0 },
      releasingAfterTheTransportClosed: { left: 0, copies: true, codes: ['undefined'] },
    });
  });

  it('is sent as it was, or not at all, when a program moves or forgets it', async () => {
    expect(await resultsOf('sent-memory-program', node)).toEqual({
      movedMemoryIsNotSent: { wrong: [], someAreGone: true },
      overwrittenMemoryIsAllThatArrives: [],
      forgottenMemoryStays: { wrong: [], allocatedBytes: 0, slicesLent: 0 },
      memoryComesBack: { isWhole: true, made: 500, allocatedBytes: 0, slicesLent: 0, dedicatedBytes: 0 },
    });
  }, 240_000);

  it('is lent on when a handler fails', async () => {
    expect(await resultsOf('handler-errors-program', node)).toEqual({
      throwingMidway: { seen: ['a', 'b', 'c', 'd', 'e'], calls: 3, uncaught: ['at b', 'at d'] },
      throwingBeforeTheFirst: { seen: 'bcde', calls: true, uncaught: ['call 1', 'call 2'] },
      asynchronousHandler: {
        handled: 5,
        codes: ['ERR_MSGTRANS_STALE_MESSAGE'],
        uncaught: ['ERR_MSGTRANS_ASYNC_BATCH_HANDLER'],
      },
      thenableResult: { first: ['ERR_MSGTRANS_ASYNC_BATCH_HANDLER'], seen: ['b'], uncaught: [] },
      everyListenerMayThrow: { texts: ['a', 'b'], uncaught: ['session', 'message', 'message', 'close'] },
      lateListenerThrows: { texts: 'abcdef', uncaught: 6 },
    });
  });
});
