/** Of every message of this suite. */
export const PAYLOAD_BYTES = 64;
