/** The words of the SharedArrayBuffer: two cells that are waited on, on lines of their own, and one payload. */
export const CELL_THERE = 0;
export const CELL_BACK = 32;
export const WORD_PAYLOAD = 64;
export const PAYLOAD_WORDS = 16;
export const SHARED_BYTES = 4 * (WORD_PAYLOAD + PAYLOAD_WORDS);
/** Written to CELL_THERE when nothing more comes. */
export const END = -1;
