import type { Deadlines } from './deadlines.js';
import { SLOT_MASK } from './layout.generated.js';
import { NativeSession } from './native-session.js';
import type { Reactor } from './reactor.js';

/** The session objects of a transport by slot; they are made on first use. */
export class SessionRegistry {
  /** Sessions that ended for another reason than an orderly close. */
  abnormalCloses = 0;
  private readonly bySlot: (NativeSession | undefined)[] = [];
  private readonly reactor: Reactor;
  private readonly deadlines: Deadlines;

  constructor(reactor: Reactor, deadlines: Deadlines) {
    this.reactor = reactor;
    this.deadlines = deadlines;
  }

  find(slotWord: number, generation: number): NativeSession | undefined {
    const session = this.bySlot[slotWord & SLOT_MASK];
    return session?.generation === generation ? session : undefined;
  }

  ensure(slotWord: number, generation: number): NativeSession {
    const known = this.find(slotWord, generation);
    if (known !== undefined) return known;
    const slot = slotWord & SLOT_MASK;
    const session = new NativeSession(this.reactor, this.deadlines, slotWord, generation);
    // Filled without holes, so that the array keeps its fast form.
    while (this.bySlot.length <= slot) this.bySlot.push(undefined);
    this.bySlot[slot] = session;
    return session;
  }

  remove(slotWord: number, generation: number): void {
    if (this.find(slotWord, generation) !== undefined) this.bySlot[slotWord & SLOT_MASK] = undefined;
  }

  *[Symbol.iterator](): Generator<NativeSession> {
    for (const session of this.bySlot) if (session !== undefined) yield session;
  }
}
