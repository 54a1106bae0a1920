import type { DeliveryTarget } from './delivery-dispatcher.js';
import type { PendingConnects } from './pending-connects.js';
import type { TransportHandlers } from './transport-handlers.js';

/** Where the deliveries of a transport end: with the program's handlers, and with whoever waits for a connection. */
export function deliveryTarget(
  handlers: TransportHandlers,
  connects: PendingConnects,
  sessionEnded: () => void,
): DeliveryTarget {
  return {
    get batchHandler() {
      return handlers.batchHandler;
    },
    wants: (event) => handlers.wants(event),
    emitSession: (session) => handlers.emitSession(session),
    emitMessage: (session, packet) => handlers.emitMessage(session, packet),
    emitClose: (session, reason) => handlers.emitClose(session, reason),
    emitDrain: (session) => handlers.emitDrain(session),
    emitError: (error) => handlers.emitError(error),
    connected: (id, slotWord, generation) => connects.connected(id, slotWord, generation),
    connectFailed: (id, errno) => connects.failed(id, errno),
    sessionEnded,
  };
}
