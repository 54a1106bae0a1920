/**
 * The sessions of a group one after the other, over and over. Which session has which index is a matter of chance
 * (`LoadConnector`), so that what a load keeps of each lies in the order of its turns, and what the arm keeps does not.
 */
export class SessionTurns {
  readonly #sessions: number;
  #at = 0;

  constructor(sessions: number) {
    this.#sessions = sessions;
  }

  /** Whose turn it is. */
  get current(): number {
    return this.#at;
  }

  /** Whose turn it is, and the next one's from now on. */
  take(): number {
    const at = this.#at;
    this.#at = at + 1 === this.#sessions ? 0 : at + 1;
    return at;
  }
}
