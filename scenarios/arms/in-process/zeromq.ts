/**
 * Arm `rival:zeromq` in process: a pair of ZeroMQ sockets over `inproc://` for all sessions of a group. Why these sockets, and
 * why both threads wait for them in their loops, is in scenarios/rivals/DESIGN.md.
 */
import { once } from 'node:events';
import type { MessagePort } from 'node:worker_threads';
import { openZeromqPair } from '../../rivals/zeromq-pair.js';
import { COUNTER_REPLY_BYTES, CounterReply } from '../counter-reply.js';
import { badCommand } from '../serve-commands.js';
import { type ListenerWork, serveInProcess } from './in-process-server.js';
import { NUMBER_BYTES, ZeromqMessage, type ZeromqOffer } from './zeromq-messages.js';

const counters = { messages_received: 0, messages_sent: 0 };
/** Of the groups whose load has its sockets open. */
const ends = new Set<MessagePort>();
let isEnding = false;

/** What is done with the parts of one multipart message; returns what is answered, if anything is. */
type Handler = (parts: Buffer[]) => Buffer[] | null;

function handlerOf(work: ListenerWork): Handler {
  const message = new ZeromqMessage();
  // Long payloads go back in the memory they came in, short ones are copied.
  if (work.handler === 'forward') return (parts) => parts;
  if (work.handler === 'counter') {
    const records: number[] = [];
    const reply = new CounterReply();
    return (parts) =>
      parts.map((part) => {
        message.part = part;
        const { number } = message;
        records[number] = (records[number] ?? 0) + 1;
        reply.write(records[number], message.getUint32(0), message.getUint32(4));
        // Its buffer is ours, and of a request as long as its reply it is the one that is sent.
        const isFitting = part.length === NUMBER_BYTES + COUNTER_REPLY_BYTES;
        const answer = isFitting ? part : Buffer.allocUnsafeSlow(NUMBER_BYTES + COUNTER_REPLY_BYTES);
        if (!isFitting) answer.writeUInt32LE(number, 0);
        answer.set(reply.bytes, NUMBER_BYTES);
        return answer;
      });
  }
  const { sink } = work as Extract<ListenerWork, { handler: 'sink' }>;
  return (parts) => {
    for (const part of parts) {
      message.part = part;
      sink.take(message.number, message);
    }
    sink.ledger.publish();
    return null;
  };
}

async function serve(work: ListenerWork, { address, end }: ZeromqOffer): Promise<void> {
  const handle = handlerOf(work);
  const pair = openZeromqPair();
  pair.connect(address);
  ends.add(end);
  end.on('close', () => {
    ends.delete(end);
    pair.close();
  });
  for await (const parts of pair) {
    counters.messages_received += parts.length;
    const answers = handle(parts);
    if (answers === null) continue;
    counters.messages_sent += answers.length;
    // At the end of the process the other socket may be gone; else what is refused ends the arm, with what the package says.
    pair.send(answers).catch((error) => {
      if (!isEnding) throw error;
    });
  }
}

serveInProcess({
  name: 'rival:zeromq',
  loadProgram: new URL('./zeromq-load.js', import.meta.url),
  async listen(url, work, load) {
    if (work.handler === 'broadcast') throw badCommand('a PAIR socket has one peer: there is no broadcast');
    load.on('message', (offer: ZeromqOffer) => {
      if (offer.offer === url) void serve(work, offer);
    });
    return url;
  },
  counters: () => ({ ...counters }),
  /** The load's sockets first: the package aborts the process when a Worker ends while one of its sockets waits. */
  async close() {
    isEnding = true;
    const closing = [...ends].map((end) => once(end, 'close'));
    for (const end of ends) end.postMessage(null);
    await Promise.all(closing);
  },
});
