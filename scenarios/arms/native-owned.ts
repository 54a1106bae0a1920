/** Arm `native:owned`: the native engine through `on('message')`, each message a packet of its own. */
import type { SessionId } from '../../core/index.js';
import { CounterReply } from './counter-reply.js';
import { serveNative } from './native-transports.js';
import { SinkRecord } from './sink-record.js';
import { TickBroadcaster } from './tick-broadcaster.js';

interface ApplicationRecord {
  counter: number;
}

serveNative('native:owned', {
  counter(transport) {
    const records: ApplicationRecord[] = [];
    const reply = new CounterReply();
    transport.on('session', (session) => {
      records[transport.sessionSlot(session.id)] = { counter: 0 };
    });
    transport.on('message', (session, packet) => {
      const record = records[transport.sessionSlot(session.id)];
      const { payload } = packet;
      const token = new DataView(payload.buffer, payload.byteOffset, 8);
      record.counter += 1;
      session.reply(packet, reply.write(record.counter, token.getUint32(0, true), token.getUint32(4, true)));
    });
  },
  forward(transport) {
    transport.on('message', (session, packet) => session.reply(packet, packet.payload));
  },
  sink(transport, { ackEvery }) {
    const records: SinkRecord[] = [];
    transport.on('session', (session) => {
      records[transport.sessionSlot(session.id)] = new SinkRecord();
    });
    transport.on('message', (session, packet) => {
      const record = records[transport.sessionSlot(session.id)];
      if (packet.packetType === 'one-way') {
        const { payload } = packet;
        const reader = new DataView(payload.buffer, payload.byteOffset, payload.length);
        record.take(reader, payload.length, () => payload);
        if (record.received % ackEvery !== 0) return;
      }
      session.reply(packet, record.acknowledgement());
    });
  },
  broadcast(transport, { ticks }) {
    if (ticks === undefined) throw new Error('a broadcast needs to know its ticks');
    const records: SinkRecord[] = [];
    const broadcaster = new TickBroadcaster<SessionId>(ticks, (frame, members) => {
      transport.broadcast(frame, { sessions: members });
    });
    transport.on('session', (session) => {
      records[transport.sessionSlot(session.id)] = new SinkRecord();
      broadcaster.join(session.id);
    });
    transport.on('close', (session) => broadcaster.leave(session.id));
    transport.on('message', (session, packet) => {
      const record = records[transport.sessionSlot(session.id)];
      const { payload } = packet;
      const reader = new DataView(payload.buffer, payload.byteOffset, payload.length);
      if (packet.packetType === 'one-way') {
        record.take(reader, payload.length, () => payload);
        return;
      }
      broadcaster.handleRequest(reader, payload.length);
      session.reply(packet, record.acknowledgement());
    });
  },
});
