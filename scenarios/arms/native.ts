/**
 * Arm `native`: the native engine inside the event loop, messages read and answered in place. Its twins are started
 * with their name.
 */
import { IN_PLACE } from './in-place-handlers.js';
import { serveNative } from './native-transports.js';

serveNative(process.argv[2] ?? 'native', IN_PLACE);
