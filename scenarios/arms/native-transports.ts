/** The transports of a native arm: one per handler, because a session does not say which listener accepted it. */
import { HighPerformanceTransport, type TransportCounters, type TransportOptions } from '../../core/index.js';
import {
  type ArmServer,
  type HandlerName,
  type HandlerOptions,
  handlerKey,
  serveControl,
} from './control-server.js';

/** Names of CONTROL.md, and those of the transport's counters. */
const COUNTER_NAMES: Readonly<Record<string, string>> = {
  messages_received: 'messagesReceived',
  messages_sent: 'messagesSent',
  sessions_accepted: 'sessionsAccepted',
  sessions_open: 'sessionsOpen',
  syscalls: 'syscalls',
  payload_copies: 'payloadCopies',
  straddle_copies: 'straddleCopies',
  pool_hits: 'poolHits',
  pool_misses: 'poolMisses',
  messages_dropped: 'messagesDropped',
};

/** What makes a transport do the work of a handler. */
export type Install = (transport: HighPerformanceTransport, asked: HandlerOptions) => void;

/** What a native arm does for each handler of CONTROL.md. */
export type Handlers = Readonly<Record<HandlerName, Install>>;

/**
 * Serves the control protocol for a native arm.
 * @param ownCounters what the arm counts besides its transports
 */
export function serveNative(
  arm: string,
  handlers: Handlers,
  options: TransportOptions = {},
  ownCounters: () => Record<string, number> = () => ({}),
): void {
  const transports = new Map<string, HighPerformanceTransport>();
  const server: ArmServer = {
    async listen(url, asked) {
      let transport = transports.get(handlerKey(asked));
      if (transport === undefined) {
        transport = await HighPerformanceTransport.create(options);
        handlers[asked.handler](transport, asked);
        transports.set(handlerKey(asked), transport);
      }
      return (await transport.listen(url)).url;
    },
    counters: () => ({
      ...sumCounters([...transports.values()].map((transport) => transport.counters())),
      ...ownCounters(),
    }),
    async admin() {
      const transport = [...transports.values()].at(-1);
      if (transport === undefined) throw new Error('there is no transport to administer before `listen`');
      return (await transport.admin()).url;
    },
    async close() {
      await Promise.all([...transports.values()].map((transport) => transport.close({ drainTimeoutMs: 0 })));
    },
  };
  serveControl(arm, server);
}

function sumCounters(all: TransportCounters[]): Record<string, number> {
  const sums: Record<string, number> = {};
  for (const [name, source] of Object.entries(COUNTER_NAMES)) {
    sums[name] = all.reduce((sum, counters) => sum + counters[source], 0);
  }
  return sums;
}
