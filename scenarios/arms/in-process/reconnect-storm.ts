import type { LoadEnds } from './load-ends.js';
import type { MessageSender } from './message-sender.js';
import type { SessionTurns } from './session-turns.js';

/** Many sessions of a group that are closed and opened anew at once, others each time, while the rest goes on. */
export class ReconnectStorm {
  /** Whether sessions are still to be opened. */
  isOn = false;
  readonly #ends: LoadEnds;
  readonly #sender: MessageSender;
  readonly #turns: SessionTurns;
  readonly #count: number;
  readonly #isOpening: Uint8Array;
  #failure: Error | null = null;

  /** @param count of the sessions that each storm takes */
  constructor(ends: LoadEnds, sender: MessageSender, turns: SessionTurns, count: number) {
    this.#ends = ends;
    this.#sender = sender;
    this.#turns = turns;
    this.#count = count;
    this.#isOpening = new Uint8Array(sender.sent.length);
  }

  isOpening(index: number): boolean {
    return this.isOn && this.#isOpening[index] === 1;
  }

  begin(): void {
    if (this.isOn) return;
    this.isOn = true;
    const indices = Array.from({ length: this.#count }, () => this.#turns.take());
    for (const index of indices) this.#isOpening[index] = 1;
    this.#ends.reconnect(indices).then(
      () => {
        for (const index of indices) {
          this.#sender.reopen(index);
          this.#isOpening[index] = 0;
        }
        this.isOn = false;
      },
      (error: Error) => {
        this.#failure = error;
      },
    );
  }

  /** @throws what kept the sessions from being opened */
  check(): void {
    if (this.#failure !== null) throw this.#failure;
  }
}
