/** Arm `native`: the native engine inside the event loop, messages read and answered in place. */
import { IN_PLACE } from './in-place-handlers.js';
import { serveNative } from './native-transports.js';

serveNative('native', IN_PLACE);
