import type { TransportOptions } from '../../../core/index.js';

/** Both ends of the arm `native`, with what the documentation offers for threads that wait for each other. */
export const NATIVE_OPTIONS: TransportOptions = { spinTimeUs: 200 };
