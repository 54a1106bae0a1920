/** What the arms of the Map/Mutex transport on `node:net` share: everything but an option. */
import type { BaselineOptions } from '../../core/baseline/baseline-options.js';
import { BaselineTransport } from '../../core/baseline/baseline-transport.js';
import type { Session } from '../../core/transport.js';
import { type HandlerName, type HandlerOptions, handlerKey, serveControl } from './control-server.js';
import { CounterReply } from './counter-reply.js';
import { SinkRecord } from './sink-record.js';
import { TickBroadcaster } from './tick-broadcaster.js';

interface ApplicationRecord {
  counter: number;
}

function handleCounter(transport: BaselineTransport): void {
  const records = new Map<number, ApplicationRecord>();
  const reply = new CounterReply();
  transport.on('session', (session) => records.set(session.id, { counter: 0 }));
  transport.on('close', (session) => records.delete(session.id));
  transport.on('message', (session, packet) => {
    const record = records.get(session.id);
    if (record === undefined) throw new Error(`session ${session.id} has no record`);
    const { payload } = packet;
    const token = new DataView(payload.buffer, payload.byteOffset, 8);
    record.counter += 1;
    session.reply(packet, reply.write(record.counter, token.getUint32(0, true), token.getUint32(4, true)));
  });
}

function handleForward(transport: BaselineTransport): void {
  transport.on('message', (session, packet) => session.reply(packet, packet.payload));
}

function handleSink(transport: BaselineTransport, { ackEvery }: HandlerOptions): void {
  const records = new Map<number, SinkRecord>();
  transport.on('session', (session) => records.set(session.id, new SinkRecord()));
  transport.on('close', (session) => records.delete(session.id));
  transport.on('message', (session, packet) => {
    const record = records.get(session.id);
    if (record === undefined) throw new Error(`session ${session.id} has no record`);
    if (packet.packetType === 'one-way') {
      const { payload } = packet;
      const reader = new DataView(payload.buffer, payload.byteOffset, payload.length);
      record.take(reader, payload.length, () => payload);
      if (record.received % ackEvery !== 0) return;
    }
    session.reply(packet, record.acknowledgement());
  });
}

function handleBroadcast(transport: BaselineTransport, { ticks }: HandlerOptions): void {
  if (ticks === undefined) throw new Error('a broadcast needs to know its ticks');
  const records = new Map<number, SinkRecord>();
  const broadcaster = new TickBroadcaster<Session>(ticks, (frame, members) => {
    for (const session of members) session.send(frame);
  });
  transport.on('session', (session) => {
    records.set(session.id, new SinkRecord());
    broadcaster.join(session);
  });
  transport.on('close', (session) => {
    records.delete(session.id);
    broadcaster.leave(session);
  });
  transport.on('message', (session, packet) => {
    const record = records.get(session.id);
    if (record === undefined) throw new Error(`session ${session.id} has no record`);
    const { payload } = packet;
    const reader = new DataView(payload.buffer, payload.byteOffset, payload.length);
    if (packet.packetType === 'one-way') {
      record.take(reader, payload.length, () => payload);
      return;
    }
    broadcaster.handleRequest(reader, payload.length);
    session.reply(packet, record.acknowledgement());
  });
}

const HANDLERS: Readonly<
  Record<HandlerName, (transport: BaselineTransport, options: HandlerOptions) => void>
> = {
  counter: handleCounter,
  forward: handleForward,
  sink: handleSink,
  broadcast: handleBroadcast,
};

/** Serves the control protocol as `arm`. */
export function serveBaseline(arm: string, options: BaselineOptions): void {
  // A session does not say which listener accepted it, so each handler has a transport of its own.
  const transports = new Map<string, BaselineTransport>();

  async function transportFor(asked: HandlerOptions): Promise<BaselineTransport> {
    const known = transports.get(handlerKey(asked));
    if (known !== undefined) return known;
    const transport = await BaselineTransport.create(options);
    HANDLERS[asked.handler](transport, asked);
    transports.set(handlerKey(asked), transport);
    return transport;
  }

  serveControl(arm, {
    async listen(url, asked) {
      const transport = await transportFor(asked);
      return (await transport.listen(url)).url;
    },
    counters() {
      const sums = {
        messages_received: 0,
        messages_sent: 0,
        sessions_accepted: 0,
        sessions_open: 0,
        messages_dropped: 0,
      };
      for (const { counters } of transports.values()) {
        sums.messages_received += counters.messagesReceived;
        sums.messages_sent += counters.messagesSent;
        sums.sessions_accepted += counters.sessionsAccepted;
        sums.sessions_open += counters.sessionsOpen;
        sums.messages_dropped += counters.responsesUnmatched;
      }
      return sums;
    },
    async close() {
      await Promise.all([...transports.values()].map((transport) => transport.close({ drainTimeoutMs: 0 })));
    },
  });
}
