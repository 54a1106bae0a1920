/** Arm `native:own-thread`: the handlers of `native`, with sockets read and written by a reactor on a thread of its own. */
import { IN_PLACE } from './in-place-handlers.js';
import { serveNative } from './native-transports.js';

serveNative('native:own-thread', IN_PLACE, { workersPerNumaNode: 1 });
