import { describe, expect, it } from 'vitest';
import { noLoadCounts, SessionLedger } from './session-ledger.js';
import {
  ACKNOWLEDGEMENT_BYTES,
  BIZ_BROADCAST,
  BIZ_LARGE,
  BIZ_REQUEST,
  Filler,
  writeAcknowledgement,
} from './soak-message.js';

const filler = new Filler(1);
const SESSION = 9;

function setUp() {
  const counts = noLoadCounts();
  return { counts, ledger: new SessionLedger(SESSION, counts) };
}

function acknowledge(sequence: number, received = sequence + 1, broadcast = 0, session = SESSION): Buffer {
  const bytes = Buffer.alloc(ACKNOWLEDGEMENT_BYTES);
  return writeAcknowledgement(bytes, session, sequence, received, broadcast, 0);
}

const broadcast = (number: number) => filler.message(0, number, 64);

describe('a session’s ledger', () => {
  it('is even after requests, one-way messages and large frames that were all answered', () => {
    const { counts, ledger } = setUp();
    ledger.send('one-way', 20, 0n);
    ledger.send('request', 20, 5n);
    ledger.send('large', 100, 6n);
    expect([ledger.outstanding, ledger.largePending, ledger.endsInRequest]).toEqual([3, 1, true]);
    expect(ledger.answer(acknowledge(1), BIZ_REQUEST)).toEqual({ isLarge: false, sentNs: 5n });
    expect(ledger.answer(filler.message(SESSION, 2, 100), BIZ_LARGE)).toEqual({ isLarge: true, sentNs: 6n });
    expect([ledger.outstanding, ledger.largePending]).toEqual([0, 0]);
    ledger.close(false);
    expect(counts).toEqual({ ...noLoadCounts(), sent: 3, delivered: 3 });
  });

  it('believes the server that says it misses one, once', () => {
    const { counts, ledger } = setUp();
    ledger.send('one-way', 20, 0n);
    ledger.send('request', 20, 0n);
    ledger.answer(acknowledge(1, 1), BIZ_REQUEST);
    ledger.send('request', 20, 0n);
    ledger.answer(acknowledge(2, 2), BIZ_REQUEST);
    expect(counts).toEqual({ ...noLoadCounts(), sent: 3, delivered: 2, lost: 1 });
  });

  it('counts what is open when the scenario cuts the session, and calls it lost when it ends otherwise', () => {
    for (const [isCut, expected] of [
      [true, { unacknowledgedAtClose: 2 }],
      [false, { lost: 2 }],
    ] as const) {
      const { counts, ledger } = setUp();
      ledger.send('request', 20, 0n);
      ledger.send('one-way', 20, 0n);
      ledger.close(isCut);
      expect(counts).toEqual({ ...noLoadCounts(), sent: 2, ...expected });
      expect(ledger.outstanding).toBe(0);
    }
  });

  it.each([
    ['the answer to a request that was answered', [acknowledge(0)], { duplicated: 1 }],
    ['an answer that overtook another', [acknowledge(2)], { reordered: 1 }],
    ["another session's answer", [acknowledge(1, 2, 0, SESSION + 1)], { corrupted: 1 }],
    ['a changed answer', [acknowledge(1).fill(0, 12, 16)], { corrupted: 1 }],
    ['a large frame where an acknowledgement is due', [filler.message(SESSION, 1, 100)], { corrupted: 1 }],
  ])('counts %s', (_, answers, expected) => {
    const { counts, ledger } = setUp();
    for (let sent = 0; sent < 3; sent++) ledger.send('request', 20, 0n);
    ledger.answer(acknowledge(0), BIZ_REQUEST);
    for (const answer of answers) expect(ledger.answer(answer, BIZ_REQUEST)).toBeUndefined();
    expect(counts).toEqual({ ...noLoadCounts(), sent: 3, delivered: 1, ...expected });
  });

  it('counts an answer that nobody waits for', () => {
    const { counts, ledger } = setUp();
    expect(ledger.answer(acknowledge(0), BIZ_REQUEST)).toBeUndefined();
    expect(counts.corrupted).toBe(1);
  });
});

describe('broadcasts', () => {
  it('are even from the first that was seen', () => {
    const { counts, ledger } = setUp();
    for (const number of [41, 42, 43]) expect(ledger.broadcast(broadcast(number), BIZ_BROADCAST)).toBe(true);
    expect(counts).toEqual({ ...noLoadCounts(), sent: 3, delivered: 3 });
  });

  it.each([
    ['a gap', [41, 44], { sent: 4, delivered: 2, lost: 2 }],
    ['one that comes again', [41, 42, 42], { sent: 2, delivered: 2, duplicated: 1 }],
    ['one that comes late', [41, 42, 43, 41], { sent: 3, delivered: 3, reordered: 1 }],
  ])('count %s', (_, numbers, expected) => {
    const { counts, ledger } = setUp();
    for (const number of numbers) ledger.broadcast(broadcast(number), BIZ_BROADCAST);
    expect(counts).toEqual({ ...noLoadCounts(), ...expected });
  });

  it('must be here when an answer says that they were sent before it', () => {
    const { counts, ledger } = setUp();
    ledger.send('request', 20, 0n);
    ledger.answer(acknowledge(0, 1, 7), BIZ_REQUEST);
    ledger.broadcast(broadcast(8), BIZ_BROADCAST);
    ledger.send('request', 20, 0n);
    ledger.answer(acknowledge(1, 2, 10), BIZ_REQUEST);
    // Up to 7 were sent before it came; 8 arrived, 9 and 10 did not.
    expect(counts).toEqual({ ...noLoadCounts(), sent: 5, delivered: 3, lost: 2 });
  });

  it('count as corrupted when they were changed or are something else', () => {
    const { counts, ledger } = setUp();
    ledger.broadcast(broadcast(1).fill(1, 30), BIZ_BROADCAST);
    ledger.broadcast(broadcast(1), BIZ_REQUEST);
    expect(counts.corrupted).toBe(2);
  });
});
