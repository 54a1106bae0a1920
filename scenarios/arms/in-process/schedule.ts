/** The fixed schedule of one window: message n is meant to leave at start + n / rate, until the window's nominal end. */
export class Schedule {
  /** When the next message is meant to leave. */
  nextNs: number;
  readonly endNs: number;
  readonly #startNs: number;
  readonly #periodNs: number;
  readonly #measuredFromNs: number;
  #left = 0;

  constructor(startNs: number, ratePerSecond: number, measuredFromNs: number, lengthNs: number) {
    this.#startNs = startNs;
    this.nextNs = startNs;
    this.endNs = startNs + lengthNs;
    this.#periodNs = 1e9 / ratePerSecond;
    this.#measuredFromNs = measuredFromNs;
  }

  advance(): void {
    this.#left += 1;
    // Multiplied, not summed: the rounding of one period would add up over a long window.
    this.nextNs = this.#startNs + this.#left * this.#periodNs;
  }

  isMeasured(meantNs: number): boolean {
    return meantNs >= this.#measuredFromNs && meantNs < this.endNs;
  }
}
