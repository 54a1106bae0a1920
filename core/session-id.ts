import { SLOT_MASK } from './layout.generated.js';
import type { SessionId } from './transport.js';

/**
 * The slot of a session: a small integer, unique among open sessions of a transport and reused after they close. An
 * array indexed by it holds per-session state without a hash; reset the entry when the session opens.
 */
export function sessionSlot(id: SessionId): number {
  return (id % 0x1_0000_0000) & SLOT_MASK;
}

/** How often the slot was used before, plus 1; with the slot it makes the id. */
export function sessionGeneration(id: SessionId): number {
  return Math.floor(id / 0x1_0000_0000);
}

/** The id of a session from its two words (slot word, generation). */
export function sessionIdOf(slotWord: number, generation: number): SessionId {
  return generation * 0x1_0000_0000 + (slotWord >>> 0);
}
