import { SLOT_BITS, SLOT_MASK } from './layout.generated.js';
import type { NativeReactor } from './native-addon.js';
import type { SessionTable } from './session-table.js';
import type { ReactorReport } from './statistics/counters-source.js';

/** The reactors of one transport: the one of its thread, and those on threads of their own. */
export class OwnReactors {
  readonly numbers: readonly number[];
  private readonly native: NativeReactor;
  private readonly table: SessionTable;
  /** By reactor number: which of this transport's it is, plus 1; 0: none. */
  private readonly places = new Uint16Array(2 ** (32 - SLOT_BITS));

  constructor(native: NativeReactor, table: SessionTable) {
    this.native = native;
    this.table = table;
    this.numbers = [native.number, ...native.threadNumbers];
    this.numbers.forEach((number, index) => {
      this.places[number] = index + 1;
    });
  }

  /** Whether sessions with that slot word are this transport's. */
  holds(slotWord: number): boolean {
    return this.places[slotWord >>> SLOT_BITS] !== 0;
  }

  /** Small integers over all reactors of the transport: their slots take turns. */
  sessionSlot(slotWord: number): number {
    return (slotWord & SLOT_MASK) * this.numbers.length + this.places[slotWord >>> SLOT_BITS] - 1;
  }

  /** Every open session. */
  *openSessions(): Generator<[slotWord: number, generation: number]> {
    for (const number of this.numbers) yield* this.table.openSessions(number);
  }

  /** What the reactors say of themselves. */
  reports(): readonly ReactorReport[] {
    return this.numbers.map((reactor) => ({
      reactor,
      values: this.native.counters(reactor),
      turnLatency: this.native.turnLatency(reactor),
    }));
  }
}
