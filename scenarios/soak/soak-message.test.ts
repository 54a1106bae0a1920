import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MessageIntake, noIntake } from './message-intake.js';
import {
  ACKNOWLEDGEMENT_BYTES,
  Filler,
  isIntact,
  MESSAGE_BYTES_MIN,
  PAYLOAD_BYTES_MAX,
  readWord,
  sequenceOf,
  sessionOf,
  writeAcknowledgement,
} from './soak-message.js';

const filler = new Filler(7);

describe('a message', () => {
  it('says whose it is and which, at any size', () => {
    for (const bytes of [MESSAGE_BYTES_MIN, 13, 64, 4096, PAYLOAD_BYTES_MAX]) {
      const message = filler.message(0xdead_beef, 0xffff_fffe, bytes);
      expect(message.length).toBe(bytes);
      expect([sessionOf(message), sequenceOf(message), isIntact(message)]).toEqual([
        0xdead_beef,
        0xffff_fffe,
        true,
      ]);
    }
  });

  it('is not intact with any one bit changed, nor cut short', () => {
    const message = filler.message(5, 9, 96);
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 95 }), fc.integer({ min: 0, max: 7 }), (at, bit) => {
        const changed = Buffer.from(message);
        changed[at] ^= 1 << bit;
        return !isIntact(changed);
      }),
    );
    for (let bytes = 0; bytes < 96; bytes++) expect(isIntact(message.subarray(0, bytes))).toBe(false);
  });

  it('differs from its neighbours', () => {
    const texts = new Set(
      [1, 2, 3].flatMap((session) =>
        [0, 1, 2].map((sequence) => filler.message(session, sequence, 64).subarray(12).toString('hex')),
      ),
    );
    expect(texts.size).toBe(9);
  });

  it('acknowledges what it was told', () => {
    const bytes = writeAcknowledgement(Buffer.alloc(ACKNOWLEDGEMENT_BYTES), 3, 17, 18, 44, 2);
    expect(isIntact(bytes)).toBe(true);
    expect([sessionOf(bytes), sequenceOf(bytes)]).toEqual([3, 17]);
    expect([12, 16, 20].map((offset) => readWord(bytes, offset))).toEqual([18, 44, 2]);
  });
});

describe('the server’s side of a ledger', () => {
  const message = (sequence: number, session = 4) => filler.message(session, sequence, 32);

  it('takes what comes in order without a fault', () => {
    const totals = noIntake();
    const intake = new MessageIntake(totals);
    expect([0, 1, 2].map((sequence) => intake.take(message(sequence)))).toEqual([0, 1, 2]);
    expect(totals).toEqual({ ...noIntake(), received: 3 });
    expect([intake.session, intake.received, intake.faults]).toEqual([4, 3, 0]);
  });

  it.each([
    ['one that is missing', [message(0), message(2)], { lost: 1 }],
    ['one that comes again', [message(0), message(0)], { duplicated: 1 }],
    ['one that comes late', [message(0), message(1), message(2), message(0)], { reordered: 1 }],
    ['one of another session', [message(0), message(1, 5)], { corrupted: 1 }],
    ['one that was changed', [message(0).fill(0, 20)], { corrupted: 1 }],
    ['one that is no message', [Buffer.alloc(3)], { corrupted: 1 }],
  ])('counts %s', (_, messages, expected) => {
    const totals = noIntake();
    const intake = new MessageIntake(totals);
    for (const each of messages) intake.take(each);
    expect(totals).toEqual({ ...noIntake(), ...expected, received: messages.length });
    expect(intake.faults).toBe(1);
  });
});
