import type { SessionId } from './transport.js';

/** How often the slot was used before, plus 1; with the slot it makes the id. */
export function sessionGeneration(id: SessionId): number {
  return Math.floor(id / 0x1_0000_0000);
}

/** Reactor and slot of an id in one signed word, as slots are named inside. */
export function sessionSlotWord(id: SessionId): number {
  // A division by a power of two is exact, and cheaper than a remainder of doubles.
  return (id - Math.floor(id / 0x1_0000_0000) * 0x1_0000_0000) | 0;
}

/** The id of a session from its two words (slot word, generation). */
export function sessionIdOf(slotWord: number, generation: number): SessionId {
  return generation * 0x1_0000_0000 + (slotWord >>> 0);
}
