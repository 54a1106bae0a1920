import { describe, expect, it } from 'vitest';
import { sessionKey, tokenOf } from './message-words.js';
import { SequenceLedger } from './sequence-ledger.js';

const KEY = sessionKey(1, 0);
const OTHER = sessionKey(1, 1);

function takeAll(ledger: SequenceLedger, slot: number, key: number, sequences: number[]): void {
  for (const sequence of sequences) ledger.take(slot, key, tokenOf(key, sequence), sequence);
  ledger.publish();
}

const CLEAN = { duplicated: 0, reordered: 0, corrupted: 0 };

describe('the ledger of sequences', () => {
  it.each([
    ['in order', [0, 1, 2, 3], { ...CLEAN, delivered: 4 }],
    ['with a gap', [0, 1, 3], { ...CLEAN, delivered: 3 }],
    ['with one late', [0, 2, 1, 3], { ...CLEAN, delivered: 4, reordered: 1 }],
    ['with one twice', [0, 1, 1, 2], { ...CLEAN, delivered: 3, duplicated: 1 }],
    ['with the first twice', [0, 0, 1], { ...CLEAN, delivered: 2, duplicated: 1 }],
    ['with one late and then again', [0, 2, 1, 1], { ...CLEAN, delivered: 3, reordered: 1, duplicated: 1 }],
  ])('judges messages %s', (_name, sequences, counts) => {
    const ledger = new SequenceLedger();
    takeAll(ledger, 5, KEY, sequences);
    expect(ledger.counts()).toEqual(counts);
    const later = new SequenceLedger();
    for (const sequence of sequences) later.postpone(5, KEY, tokenOf(KEY, sequence), sequence);
    later.publish();
    expect(later.counts()).toEqual(counts);
  });

  it('judges what was postponed before what is taken next, and as it came, however much it is', () => {
    const ledger = new SequenceLedger();
    for (let sequence = 0; sequence < 50; sequence += 1) {
      ledger.postpone(5, KEY, tokenOf(KEY, sequence), sequence);
      ledger.postpone(6, OTHER, tokenOf(OTHER, sequence), sequence);
    }
    ledger.settle();
    ledger.take(5, KEY, tokenOf(KEY, 50), 50);
    // Of another session, with the token of another number, and one that comes twice.
    ledger.postpone(5, OTHER, tokenOf(OTHER, 51), 51);
    ledger.postpone(5, KEY, tokenOf(KEY, 52), 51);
    ledger.postpone(6, OTHER, tokenOf(OTHER, 49), 49);
    expect(ledger.arrived()).toBe(0);
    ledger.publish();
    expect(ledger.arrived()).toBe(104);
    expect(ledger.counts()).toEqual({ ...CLEAN, delivered: 101, corrupted: 2, duplicated: 1 });
  });

  it('takes no message of another session, and none whose token is not that of its number', () => {
    const ledger = new SequenceLedger();
    takeAll(ledger, 5, KEY, [0, 1]);
    takeAll(ledger, 5, OTHER, [2]);
    ledger.take(5, KEY, tokenOf(KEY, 3), 2);
    ledger.publish();
    expect(ledger.counts()).toEqual({ ...CLEAN, delivered: 2, corrupted: 2 });
  });

  it('begins anew where a session follows another in its slot', () => {
    const ledger = new SequenceLedger();
    takeAll(ledger, 5, KEY, [0, 1, 2]);
    takeAll(ledger, 5, OTHER, [0, 1]);
    takeAll(ledger, 6, KEY, [0]);
    expect(ledger.counts()).toEqual({ ...CLEAN, delivered: 6 });
  });

  it('has every message checked, or one in 64 of each session', () => {
    const checkedOf = (ledger: SequenceLedger) =>
      Array.from({ length: 640 }, (_, sequence) => ledger.take(1, KEY, tokenOf(KEY, sequence), sequence));
    expect(checkedOf(new SequenceLedger(true)).every((isChecked) => isChecked)).toBe(true);
    expect(checkedOf(new SequenceLedger()).filter((isChecked) => isChecked)).toHaveLength(10);
  });

  it('is read through its memory, once what it took is published', () => {
    const ledger = new SequenceLedger();
    const reader = new SequenceLedger(false, ledger.memory);
    ledger.take(1, KEY, tokenOf(KEY, 0), 0);
    expect(reader.arrived()).toBe(0);
    ledger.publish();
    expect(reader.arrived()).toBe(1);
    expect(reader.counts()).toEqual({ ...CLEAN, delivered: 1 });
  });

  it('gives no two sessions of a group the same key', () => {
    const keys = new Set(Array.from({ length: 100_000 }, (_, index) => sessionKey(77, index)));
    expect(keys.size).toBe(100_000);
  });
});
