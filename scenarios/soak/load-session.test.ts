import { createServer, type Socket } from 'node:net';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { encodePacket, NO_BYTES } from '../../core/protocol/packet-codec.js';
import { PacketDecoder } from '../../core/protocol/packet-decoder.js';
import { LoadSession, type LoadSessionOwner } from './load-session.js';
import { MessageIntake, noIntake } from './message-intake.js';
import { noLoadCounts } from './session-ledger.js';
import { ACKNOWLEDGEMENT_BYTES, Filler, writeAcknowledgement } from './soak-message.js';

const intake = noIntake();
const sockets: Socket[] = [];
const server = createServer((socket) => {
  sockets.push(socket);
  const decoder = new PacketDecoder();
  const own = new MessageIntake(intake);
  socket.on('error', () => undefined);
  socket.on('data', (chunk) => {
    for (const { messageId, bizType, payload } of decoder.push(chunk)) {
      const sequence = own.take(payload);
      const bytes = Buffer.alloc(ACKNOWLEDGEMENT_BYTES);
      const reply = writeAcknowledgement(bytes, own.session, sequence, own.received, 0, own.faults);
      const common = { messageId, bizType, extHeader: NO_BYTES, highPriority: false };
      socket.write(encodePacket({ packetType: 'response', payload: reply, ...common }));
    }
  });
});

let timed = 0;
let ended: (Error | null)[];
let session: LoadSession;
const owner: LoadSessionOwner = {
  counts: noLoadCounts(),
  filler: new Filler(1),
  answered: () => {
    timed += 1;
  },
  moved: () => undefined,
  ended: (_, error) => ended.push(error),
};

beforeEach(async () => {
  timed = 0;
  ended = [];
  Object.assign(owner.counts, noLoadCounts());
  Object.assign(intake, noIntake());
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  session = new LoadSession(1, '127.0.0.1', (server.address() as { port: number }).port, owner);
  await until(() => session.isOpen);
});
afterEach(() => {
  session.cut();
  for (const socket of sockets.splice(0)) socket.destroy();
  server.close();
});

/** Waits for what must come, however long it takes. */
async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await new Promise((resolve) => setTimeout(resolve, 2));
}

it('times what the server took, and not what it waited for itself while it did not read', async () => {
  session.pause();
  session.send('request', 64);
  session.send('request', 64);
  await until(() => intake.received === 2);
  session.resume();
  await until(() => session.ledger.outstanding === 0);
  expect(timed).toBe(0);
  session.send('request', 64);
  await until(() => session.ledger.outstanding === 0);
  expect(timed).toBe(1);
  expect(owner.counts).toMatchObject({ sent: 3, delivered: 3 });
});

it('takes no more than it may have out, of large frames fewer', async () => {
  session.pause();
  for (let sent = 0; sent < 4; sent++) session.send('large', 1000);
  expect([session.takes('large'), session.takes('request')]).toEqual([false, true]);
  while (session.takes('one-way')) session.send('one-way', 20);
  expect(session.ledger.outstanding).toBe(64);
  expect(session.takes('request')).toBe(false);
});

it('closes in order after one-way messages by a request that covers them', async () => {
  session.send('one-way', 20);
  session.send('one-way', 20);
  session.drain();
  for (const socket of sockets) socket.on('end', () => socket.end());
  await until(() => ended.length > 0);
  expect(ended).toEqual([null]);
  expect(session.isOver).toBe(true);
  expect(owner.counts).toMatchObject({ sent: 3, delivered: 3, lost: 0, unacknowledgedAtClose: 0 });
});

it('counts what was out as unacknowledged when it is cut', async () => {
  session.pause();
  session.send('request', 64);
  session.cut();
  expect(owner.counts).toMatchObject({ unacknowledgedAtClose: 1, lost: 0 });
  expect(ended).toEqual([null]);
});

it('tells an end that was not wanted', async () => {
  for (const socket of sockets) socket.destroy();
  await until(() => ended.length > 0);
  expect(ended[0]).toBeInstanceOf(Error);
});
