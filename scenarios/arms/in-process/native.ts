/** Arm `native` in process: `mem://` sessions, messages read and answered in place. */
import { HighPerformanceTransport, type SessionId, type TransportCounters } from '../../../core/index.js';
import { CounterReply } from '../counter-reply.js';
import { type BroadcastPlan, BroadcastTicker } from './broadcast-ticker.js';
import { type ListenerWork, serveInProcess } from './in-process-server.js';
import { NATIVE_OPTIONS } from './native-options.js';
import type { Sink } from './sink-memory.js';

/** Names of CONTROL.md, and those of the transport's counters. */
const COUNTER_NAMES: Readonly<Record<string, string>> = {
  messages_received: 'messagesReceived',
  messages_sent: 'messagesSent',
  sessions_accepted: 'sessionsAccepted',
  sessions_open: 'sessionsOpen',
  payload_copies: 'payloadCopies',
  straddle_copies: 'straddleCopies',
  pool_hits: 'poolHits',
  pool_misses: 'poolMisses',
  messages_dropped: 'messagesDropped',
};

const transports: HighPerformanceTransport[] = [];

function count(transport: HighPerformanceTransport): void {
  const records: { counter: number }[] = [];
  const reply = new CounterReply();
  transport.on('session', ({ id }) => {
    records[transport.sessionSlot(id)] = { counter: 0 };
  });
  transport.onBatch((batch) => {
    for (const message of batch) {
      const record = records[message.sessionSlot];
      record.counter += 1;
      message.reply(reply.write(record.counter, message.getUint32(0, true), message.getUint32(4, true)));
    }
  });
}

function forward(transport: HighPerformanceTransport): void {
  transport.onBatch((batch) => {
    for (const message of batch) message.reply(message);
  });
}

function sinkInto(transport: HighPerformanceTransport, sink: Sink): void {
  transport.onBatch((batch) => {
    for (const message of batch) sink.take(message.sessionSlot, message);
    sink.ledger.publish();
  });
}

function broadcastTo(transport: HighPerformanceTransport, sink: Sink, plan: BroadcastPlan): void {
  const ticker = new BroadcastTicker<SessionId>(plan, (frame, players) => {
    transport.broadcast(frame, { sessions: players });
  });
  transport.on('session', ({ id }) => ticker.add(id));
  transport.on('close', ({ id }) => ticker.remove(id));
  sinkInto(transport, sink);
}

function install(transport: HighPerformanceTransport, work: ListenerWork): void {
  if (work.handler === 'broadcast') broadcastTo(transport, work.sink, work.plan);
  else if (work.handler === 'sink') sinkInto(transport, work.sink);
  else if (work.handler === 'counter') count(transport);
  else forward(transport);
}

serveInProcess({
  name: 'native',
  loadProgram: new URL('./native-load.js', import.meta.url),
  async listen(url, work) {
    const transport = await HighPerformanceTransport.create(NATIVE_OPTIONS);
    transports.push(transport);
    install(transport, work);
    return (await transport.listen(url)).url;
  },
  counters() {
    const all: TransportCounters[] = transports.map((transport) => transport.counters());
    const sums: Record<string, number> = {};
    for (const [name, source] of Object.entries(COUNTER_NAMES)) {
      sums[name] = all.reduce((sum, counters) => sum + counters[source], 0);
    }
    return sums;
  },
  async close() {
    await Promise.all(transports.map((transport) => transport.close({ drainTimeoutMs: 0 })));
  },
});
