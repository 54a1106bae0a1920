import { createServer, type Server, type Socket } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { encodePacket, NO_BYTES } from '../../core/protocol/packet-codec.js';
import { PacketDecoder } from '../../core/protocol/packet-decoder.js';
import type { Packet } from '../../core/transport.js';
import { MessageIntake, noIntake } from './message-intake.js';
import { type LoadRates, MixedLoad } from './mixed-load.js';
import {
  ACKNOWLEDGEMENT_BYTES,
  BIZ_BROADCAST,
  BIZ_LARGE,
  BIZ_ONE_WAY,
  Filler,
  writeAcknowledgement,
} from './soak-message.js';

/** A server of a few lines, which a test can make misbehave. */
class ScriptedServer {
  readonly intake = noIntake();
  readonly sockets = new Set<Socket>();
  accepted = 0;
  /** Changes an answer, or keeps it back (null). */
  tamper: (reply: Buffer, count: number) => Buffer | null = (reply) => reply;
  #answers = 0;
  #broadcasts = 0;
  readonly #server: Server = createServer((socket) => this.#serve(socket));

  async listen(): Promise<number> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
    return (this.#server.address() as { port: number }).port;
  }

  broadcast(number = ++this.#broadcasts): void {
    const payload = new Filler(0).message(0, number, 64);
    for (const socket of this.sockets) socket.write(packet('one-way', BIZ_BROADCAST, 0, payload));
  }

  close(): void {
    for (const socket of this.sockets) socket.destroy();
    this.#server.close();
  }

  #serve(socket: Socket): void {
    this.accepted += 1;
    this.sockets.add(socket);
    const decoder = new PacketDecoder();
    const own = new MessageIntake(this.intake);
    socket.on('close', () => this.sockets.delete(socket));
    socket.on('error', () => undefined);
    socket.on('data', (chunk) => {
      for (const { bizType, messageId, payload } of decoder.push(chunk)) {
        const sequence = own.take(payload);
        if (bizType === BIZ_ONE_WAY) continue;
        const acknowledgement = Buffer.alloc(ACKNOWLEDGEMENT_BYTES);
        const reply =
          bizType === BIZ_LARGE
            ? Buffer.from(payload)
            : writeAcknowledgement(
                acknowledgement,
                own.session,
                sequence,
                own.received,
                this.#broadcasts,
                own.faults,
              );
        const sent = this.tamper(reply, ++this.#answers);
        if (sent !== null) socket.write(packet('response', bizType, messageId, sent));
      }
    });
  }
}

function packet(
  packetType: Packet['packetType'],
  bizType: number,
  messageId: number,
  payload: Buffer,
): Buffer {
  return encodePacket({ packetType, bizType, messageId, payload, extHeader: NO_BYTES, highPriority: false });
}

const RATES: LoadRates = {
  sessions: 10,
  requestsPerSecond: 400,
  oneWayPerSecond: 200,
  largePerSecond: 20,
  churnPerSecond: 0,
};

let server: ScriptedServer;
let load: MixedLoad;
afterEach(async () => {
  server.close();
  await load.stop();
});

async function start(rates: Partial<LoadRates> = {}): Promise<void> {
  server = new ScriptedServer();
  load = new MixedLoad('127.0.0.1', await server.listen(), 1, { ...RATES, ...rates });
  load.start();
}

/** Waits for what must come, however long it takes. */
async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await new Promise((resolve) => setTimeout(resolve, 5));
}

describe('a mixed load', () => {
  it('is even in the end, every kind of message among it', async () => {
    await start();
    await until(() => load.counts.delivered > 50);
    // A session knows of broadcasts from the first that it sees.
    for (let number = 1; number <= 3; number++) server.broadcast();
    await until(() => load.counts.delivered > 300);
    await load.stop();
    const { counts, inFlight, errors, latencySamples, bytes } = load.take();
    expect(counts).toEqual({
      sent: counts.sent,
      delivered: counts.sent,
      unacknowledgedAtClose: 0,
      lost: 0,
      duplicated: 0,
      reordered: 0,
      corrupted: 0,
    });
    expect([inFlight, errors]).toEqual([0, 0]);
    expect(latencySamples).toBeGreaterThan(0);
    expect(bytes).toBeGreaterThan(100_000);
    expect(server.intake).toMatchObject({ lost: 0, duplicated: 0, reordered: 0, corrupted: 0 });
  });

  it('gives its interval once', async () => {
    await start();
    await until(() => load.counts.delivered > 100);
    const first = load.take();
    const second = load.take();
    expect(first.operations).toBeGreaterThan(100);
    expect([second.operations, second.bytes, second.latency]).toEqual([0, 0, null]);
  });

  it('opens sessions anew that it closes in order, without a message open', async () => {
    await start({ churnPerSecond: 100 });
    await until(() => load.take().churned > 30);
    await load.stop();
    const { counts, errors } = load.take();
    expect(server.accepted).toBeGreaterThan(30);
    expect(counts).toMatchObject({ delivered: counts.sent, unacknowledgedAtClose: 0, lost: 0 });
    expect(errors).toBe(0);
  });

  it('cuts sessions in the phase of resets, and accounts for what they had out', async () => {
    await start();
    load.enter({ kind: 'resets', seconds: 1, perSecond: 200 });
    await until(() => load.take().cut > 50);
    await load.stop();
    const { counts, cut, errors } = load.take();
    expect(counts.sent).toBe(counts.delivered + counts.unacknowledgedAtClose);
    expect(counts).toMatchObject({ lost: 0, duplicated: 0, reordered: 0, corrupted: 0 });
    expect(server.accepted).toBeGreaterThanOrEqual(cut);
    expect(errors).toBe(0);
  });

  it('cuts a share at once in a storm, and they come back', async () => {
    await start();
    await until(() => load.take().sessionsOpen === 10);
    load.enter({ kind: 'storm', seconds: 1, share: 0.5 });
    expect(load.take().cut).toBe(5);
    await until(() => load.take().sessionsOpen === 10);
  });

  it('lets a share of the sessions read nothing, and read again when the phase is over', async () => {
    await start();
    await until(() => load.counts.delivered > 50);
    load.enter({ kind: 'slow-readers', seconds: 1, share: 1 });
    await until(() => load.take().heldBack > 0);
    load.enter({ kind: 'steady', seconds: 1 });
    const before = load.counts.delivered;
    await until(() => load.counts.delivered > before + 50);
    await load.stop();
    const { counts } = load.take();
    expect(counts).toMatchObject({ delivered: counts.sent, lost: 0 });
  });
});

describe('faults of the server are found', () => {
  it('a changed answer', async () => {
    await start({ largePerSecond: 0 });
    server.tamper = (reply, count) => (count === 20 ? reply.fill(9, 12, 13) : reply);
    await until(() => load.counts.corrupted > 0);
    expect(load.counts.corrupted).toBe(1);
  });

  it('a connection that it closes', async () => {
    await start();
    await until(() => server.sockets.size === 10 && load.counts.delivered > 20);
    for (const socket of server.sockets) socket.destroy();
    await until(() => load.take().errors >= 10);
    expect(load.take().firstErrors[0]).toMatch(/^session \d+: /);
  });

  it('a broadcast that is left out', async () => {
    await start();
    await until(() => load.counts.delivered > 20);
    server.broadcast(5);
    server.broadcast(7);
    await until(() => load.counts.lost > 0);
  });
});
