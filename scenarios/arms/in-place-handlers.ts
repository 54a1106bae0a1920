/** What the native engine's quickest handlers do: messages are read and answered in place, through `onBatch`. */
import type { SessionId } from '../../core/index.js';
import { CounterReply } from './counter-reply.js';
import type { Handlers } from './native-transports.js';
import { SinkRecord } from './sink-record.js';
import { TickBroadcaster } from './tick-broadcaster.js';

interface ApplicationRecord {
  counter: number;
}

export const IN_PLACE: Handlers = {
  counter(transport) {
    const records: ApplicationRecord[] = [];
    const reply = new CounterReply();
    transport.on('session', (session) => {
      records[transport.sessionSlot(session.id)] = { counter: 0 };
    });
    transport.onBatch((batch) => {
      for (const message of batch) {
        const record = records[message.sessionSlot];
        record.counter += 1;
        message.reply(reply.write(record.counter, message.getUint32(0, true), message.getUint32(4, true)));
      }
    });
  },
  forward(transport) {
    transport.onBatch((batch) => {
      for (const message of batch) message.reply(message);
    });
  },
  sink(transport, { ackEvery }) {
    const records: SinkRecord[] = [];
    transport.on('session', (session) => {
      records[transport.sessionSlot(session.id)] = new SinkRecord();
    });
    transport.onBatch((batch) => {
      for (const message of batch) {
        const record = records[message.sessionSlot];
        if (message.packetType === 'one-way') {
          record.take(message, message.length, () => message.payload());
          if (record.received % ackEvery !== 0) continue;
        }
        message.reply(record.acknowledgement());
      }
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
    transport.onBatch((batch) => {
      for (const message of batch) {
        const record = records[message.sessionSlot];
        if (message.packetType === 'one-way') {
          record.take(message, message.length, () => message.payload());
          continue;
        }
        broadcaster.handleRequest(message, message.length);
        message.reply(record.acknowledgement());
      }
    });
  },
};
