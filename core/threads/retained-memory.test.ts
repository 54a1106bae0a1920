/**
 * Retained messages of reactors on threads of their own, by the program of `../faults`, under the Node.js of this test
 * and those that MSGTRANS_NODE_22 and MSGTRANS_NODE_24 name.
 */
import { describe, expect, it } from 'vitest';
import { ChildProgram } from '../faults/child-program.js';

const NODES = [
  ['this Node.js', process.execPath],
  ['Node.js 22', process.env.MSGTRANS_NODE_22],
  ['Node.js 24', process.env.MSGTRANS_NODE_24],
].filter((row): row is [string, string] => row[1] !== undefined);

async function resultsOf(program: string, node: string): Promise<unknown> {
  const args = ['tcp://127.0.0.1:0', '1'];
  await using child = new ChildProgram(program, { node, nodeArgs: ['--expose-gc'], args });
  const end = await child.ended;
  expect(end).toEqual({ code: 0, signal: null, stderr: '' });
  return Object.assign({}, ...(child.all() as object[]));
}

describe.each(NODES)('memory of reactors on threads of their own under %s', (_name, node) => {
  it('is retained without a copy where it is large, and given back', async () => {
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
  }, 60_000);

  it('is never another session’s when a handler moves it away', async () => {
    expect(await resultsOf('moved-memory-program', node)).toEqual({
      movedMemoryIsNobodyElses: { wrong: [], tried: 8 },
      movingEverythingStarvesNobody: { handled: 300, count: 300, isCounted: true, slicesLent: 0 },
      nothingIsDetachedUnderUs: [],
    });
  }, 60_000);
});
