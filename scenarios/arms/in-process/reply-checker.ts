import { fillerByte } from '../counter-reply.js';
import { isFillerIntact, type PayloadReader } from './message-words.js';
import { SequenceLedger } from './sequence-ledger.js';

const COUNTER_REPLY_BYTES = 64;
const WORD = 0x1_0000_0000;
const COUNTER_REPLY_WORDS = COUNTER_REPLY_BYTES / 4;
/** Words 4 to 15 of the reply of the handler `counter`. */
const COUNTER_FILLER = new Uint32Array(
  Uint8Array.from({ length: COUNTER_REPLY_BYTES }, (_, index) => fillerByte(index)).buffer,
);

/** Judges the replies of a group: each session's in order, with the token of its request, and whole. */
export class ReplyChecker {
  readonly ledger = new SequenceLedger();
  readonly #keyOf: (index: number) => number;
  readonly #reply: 'counter' | 'forward';
  readonly #payloadBytes: number;
  /** The reply in hand. */
  readonly #words = new Uint32Array(COUNTER_REPLY_WORDS);

  constructor(reply: 'counter' | 'forward', payloadBytes: number, keyOf: (index: number) => number) {
    this.#reply = reply;
    this.#payloadBytes = payloadBytes;
    this.#keyOf = keyOf;
  }

  /** @returns sequence of the request that is answered, -1 when none is */
  take(index: number, reader: PayloadReader): number {
    return this.#reply === 'counter' ? this.#takeCounter(index, reader) : this.#takeForward(index, reader);
  }

  #takeCounter(index: number, reader: PayloadReader): number {
    if (reader.length !== COUNTER_REPLY_BYTES) return this.#refuse();
    const words = this.#words;
    // One place that reads: it is compiled into the loop, where several would be calls.
    for (let word = 0; word < COUNTER_REPLY_WORDS; word += 1) words[word] = reader.getUint32(word * 4, true);
    // The handler counts from 1.
    const sequence = words[0] + words[1] * WORD - 1;
    const key = words[2] | 0;
    if (key !== this.#keyOf(index)) return this.#refuse();
    this.ledger.take(index, key, words[3] | 0, sequence);
    let difference = 0;
    for (let word = 4; word < COUNTER_REPLY_WORDS; word += 1)
      difference |= words[word] ^ COUNTER_FILLER[word];
    if (difference !== 0) this.ledger.noteCorrupted();
    return sequence;
  }

  #takeForward(index: number, reader: PayloadReader): number {
    if (reader.length !== this.#payloadBytes) return this.#refuse();
    const key = reader.getUint32(0, true) | 0;
    const token = reader.getUint32(4, true) | 0;
    const sequence = reader.getUint32(8, true);
    if (key !== this.#keyOf(index)) return this.#refuse();
    const isChecked = this.ledger.take(index, key, token, sequence);
    if (isChecked && !isFillerIntact(reader, token)) this.ledger.noteCorrupted();
    return sequence;
  }

  /** It answers nothing that this session asked. */
  #refuse(): number {
    this.ledger.refuse();
    return -1;
  }
}
