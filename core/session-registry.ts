import type { Deadlines } from './deadlines.js';
import { SLOT_BITS, SLOT_MASK } from './layout.generated.js';
import { NativeSession } from './native-session.js';
import type { Reactor } from './reactor.js';

/** The session objects of a transport by reactor and slot; they are made on first use. */
export class SessionRegistry {
  /** Sessions that ended for another reason than an orderly close. */
  abnormalCloses = 0;
  private readonly byReactor: (NativeSession | undefined)[][] = [];
  private readonly reactor: Reactor;
  private readonly deadlines: Deadlines;

  constructor(reactor: Reactor, deadlines: Deadlines) {
    this.reactor = reactor;
    this.deadlines = deadlines;
  }

  find(slotWord: number, generation: number): NativeSession | undefined {
    const session = this.byReactor[slotWord >>> SLOT_BITS]?.[slotWord & SLOT_MASK];
    return session?.generation === generation ? session : undefined;
  }

  ensure(slotWord: number, generation: number): NativeSession {
    const known = this.find(slotWord, generation);
    if (known !== undefined) return known;
    const number = slotWord >>> SLOT_BITS;
    const slot = slotWord & SLOT_MASK;
    const session = new NativeSession(this.reactor, this.deadlines, slotWord, generation);
    // Filled without holes, so that the arrays keep their fast form.
    while (this.byReactor.length <= number) this.byReactor.push([]);
    const bySlot = this.byReactor[number];
    while (bySlot.length <= slot) bySlot.push(undefined);
    bySlot[slot] = session;
    return session;
  }

  remove(slotWord: number, generation: number): void {
    if (this.find(slotWord, generation) === undefined) return;
    this.byReactor[slotWord >>> SLOT_BITS][slotWord & SLOT_MASK] = undefined;
  }

  *[Symbol.iterator](): Generator<NativeSession> {
    for (const bySlot of this.byReactor) {
      for (const session of bySlot) if (session !== undefined) yield session;
    }
  }
}
