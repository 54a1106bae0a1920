/** What is written into a payload, and what its receiver must find: a number in its first word, or in all of them. */

/** What the case asks of both ends. */
export interface PayloadShape {
  bytes: number;
  /** Whether the sender writes every word of each payload, and the receiver reads them all. */
  touchesAll: boolean;
}

export function payloadShape({ bytes, touch }: Readonly<Record<string, number>>): PayloadShape {
  return { bytes, touchesAll: touch === 1 };
}

export function wordsOf({ buffer, byteOffset, byteLength }: Uint8Array): Int32Array {
  return new Int32Array(buffer, byteOffset, byteLength / 4);
}

export function writePayload(words: Int32Array, number: number, { touchesAll }: PayloadShape): void {
  if (touchesAll) words.fill(number);
  else words[0] = number;
}

/** 1 when the payload is not the one with that number, of that length; else 0. */
export function faultIn(payload: Uint8Array, number: number, { bytes, touchesAll }: PayloadShape): number {
  if (payload.byteLength !== bytes) return 1;
  const words = wordsOf(payload);
  if (!touchesAll) return words[0] === (number | 0) ? 0 : 1;
  let sum = 0;
  for (let index = 0; index < words.length; index++) sum = (sum + words[index]) | 0;
  return sum === Math.imul(number, words.length) ? 0 : 1;
}
