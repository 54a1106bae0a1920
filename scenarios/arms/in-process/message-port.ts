/**
 * Arm `rival:message-port` in process: `postMessage` on one MessagePort for all sessions of a group. A port for each session
 * costs kilobytes and a handle of the loop, and carries no message faster: the loop takes ports one after the other.
 */
import type { MessagePort } from 'node:worker_threads';
import { CounterReply } from '../counter-reply.js';
import { badCommand } from '../serve-commands.js';
import { type ListenerWork, serveInProcess } from './in-process-server.js';
import { PortMessage, type PortOffer, TRANSFER_BYTES_MIN } from './port-words.js';

const counters = { messages_received: 0, messages_sent: 0 };
const ports = new Set<MessagePort>();

/** What is done with the messages of one port. */
function handlerOf(work: ListenerWork, port: MessagePort): (buffer: ArrayBuffer) => void {
  if (work.handler === 'forward') {
    return (buffer) => port.postMessage(buffer, buffer.byteLength >= TRANSFER_BYTES_MIN ? [buffer] : []);
  }
  if (work.handler === 'counter') {
    const records: number[] = [];
    const reply = new CounterReply();
    const answer = new Int32Array(1 + reply.bytes.length / 4);
    return (buffer) => {
      const message = new PortMessage(buffer);
      records[message.index] = (records[message.index] ?? 0) + 1;
      reply.write(records[message.index], message.getUint32(0), message.getUint32(4));
      answer[0] = message.index;
      new Uint8Array(answer.buffer, 4).set(reply.bytes);
      port.postMessage(answer.buffer);
    };
  }
  const { sink } = work as Extract<ListenerWork, { handler: 'sink' }>;
  return (buffer) => {
    const message = new PortMessage(buffer);
    sink.take(message.index, message);
    sink.ledger.publish();
  };
}

function serve(work: ListenerWork, port: MessagePort): void {
  const handle = handlerOf(work, port);
  ports.add(port);
  port.on('message', (buffer: ArrayBuffer) => {
    counters.messages_received += 1;
    if (work.handler !== 'sink') counters.messages_sent += 1;
    handle(buffer);
  });
  port.on('close', () => ports.delete(port));
}

serveInProcess({
  name: 'rival:message-port',
  loadProgram: new URL('./message-port-load.js', import.meta.url),
  async listen(url, work, load) {
    if (work.handler === 'broadcast')
      throw badCommand('a MessagePort has one receiver: there is no broadcast');
    load.on('message', ({ offer, port }: PortOffer) => {
      if (offer === url) serve(work, port);
    });
    return url;
  },
  counters: () => ({ ...counters }),
  async close() {
    for (const port of ports) port.close();
  },
});
