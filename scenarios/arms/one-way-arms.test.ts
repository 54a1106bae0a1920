/** What the arms do with one-way messages, and with a broadcast: real processes from the built files. */
import { existsSync } from 'node:fs';
import { afterEach, describe, expect, it } from 'vitest';
import { encodePacket } from '../../core/protocol/packet-codec.js';
import { ARM_NAMES } from './registry.js';
import {
  ADDON,
  exchange,
  oneWayPayload,
  Player,
  payloadOf,
  readAcknowledgement,
  request,
  start,
  stopArms,
  switchPayload,
} from './testing/arm-under-test.js';

afterEach(stopArms);

describe.each(ARM_NAMES)('the server of %s', (arm) => {
  const needsBuild = arm.startsWith('native') || arm === 'limit';
  describe.skipIf(needsBuild && process.env.CI !== 'true' && !existsSync(ADDON))('as a process', () => {
    it('acknowledges one-way messages by the number, and at a fence, and sees what is wrong with them', async () => {
      const server = await start(arm);
      const { url } = await server.command({
        id: 1,
        command: 'listen',
        url: 'tcp://127.0.0.1:0',
        handler: 'sink',
        ackEvery: 3,
      });
      const tokens = Array.from(
        { length: 130 },
        (_, index) => (0xfedcba9876543210n * BigInt(index + 7)) % (1n << 64n),
      );
      const fence = request(4_000, payloadOf(0n, 8));
      const send = async (change: (messages: Buffer[]) => Buffer[], pieceBytes: number) => {
        const messages = change(
          tokens.map((token, index) => oneWayPayload(token, index, 40 + 500 * (index % 3))),
        );
        const packets = messages.map((payload) => ({
          ...request(9, payload),
          packetType: 'one-way' as const,
        }));
        const frames = [...packets, fence].map((packet) => encodePacket(packet));
        const answers = Math.floor(messages.length / 3) + 1;
        return (await exchange(String(url), frames, pieceBytes, answers)).map(readAcknowledgement);
      };
      const sumOf = (count: number) =>
        BigInt.asUintN(
          64,
          tokens.slice(0, count).reduce((sum, each) => sum + each, 0n),
        );
      for (const pieceBytes of [1_000_000, 777]) {
        const said = await send((messages) => messages, pieceBytes);
        expect(said.slice(0, -1)).toEqual(
          Array.from({ length: 43 }, (_, index) => ({
            packetType: 'one-way',
            received: BigInt(index * 3 + 3),
            tokenSum: sumOf(index * 3 + 3),
            faults: 0n,
          })),
        );
        expect(said.at(-1)).toEqual({
          packetType: 'response',
          received: 130n,
          tokenSum: sumOf(130),
          faults: 0n,
        });
      }
      const missing = await send((messages) => messages.filter((_, index) => index !== 50), 10_000);
      expect(missing.at(-1)).toMatchObject({ received: 129n, faults: 1n });
      const twice = await send((messages) => [...messages, messages[129]], 10_000);
      expect(twice.at(-1)).toMatchObject({ received: 131n, faults: 1n });
      const damaged = await send((messages) => {
        for (const message of messages) message[message.length - 1] ^= 1;
        return messages;
      }, 10_000);
      // One message in 64 is looked at in full.
      expect(damaged.at(-1)).toMatchObject({ received: 130n, tokenSum: sumOf(130), faults: 3n });
      const short = await send((messages) => [...messages, Buffer.alloc(11)], 10_000);
      expect(short.at(-1)).toMatchObject({ received: 131n, tokenSum: sumOf(130), faults: 1n });
    });

    it('broadcasts to its groups at every tick from the switch on, and takes inputs meanwhile', async () => {
      const server = await start(arm);
      const { url } = await server.command({
        ...{ id: 1, command: 'listen', url: 'tcp://127.0.0.1:0', handler: 'broadcast' },
        ...{ tickHz: 200, groupSize: 2, payloadBytes: 40 },
      });
      const players = await Promise.all([1, 2, 3].map(() => Player.connect(String(url))));
      players[1].send('one-way', oneWayPayload(77n, 0, 16));
      players[1].send('one-way', oneWayPayload(88n, 1, 16));
      // Whoever has an answer has been accepted, and gets every tick.
      for (const player of players) player.send('request', payloadOf(0n, 8));
      await Promise.all(players.map((player) => player.answers(1)));
      players[0].send('request', switchPayload(1));
      await Promise.all(players.map((player) => player.has(8)));
      players[0].send('request', switchPayload(0));
      await players[0].answers(3);
      for (const player of players) player.send('request', payloadOf(0n, 8));
      await Promise.all(players.map((player, index) => player.answers(index === 0 ? 4 : 2)));
      const frames = players.map((player) => player.frames());
      for (const each of frames) {
        // All got the same ticks, numbered from 1, at the same times.
        expect(each.map(({ tick, intendedNs }) => ({ tick, intendedNs }))).toEqual(
          frames[0].map(({ tick, intendedNs }) => ({ tick, intendedNs })),
        );
        expect(each.map(({ tick }) => tick)).toEqual(each.map((_, index) => index + 1));
        expect(new Set(each.map(({ group }) => group)).size).toBe(1);
        const [first] = each;
        each.forEach(({ intendedNs, intact }, index) => {
          expect(Number(intendedNs - first.intendedNs)).toBeCloseTo(index * 5e6, -2);
          expect(intact).toBe(true);
        });
      }
      const groups = frames.map(([{ group }]) => group).sort();
      expect(groups).toEqual([0, 0, 1]);
      expect(players[1].acknowledgements().at(-1)).toMatchObject({
        received: 2n,
        tokenSum: 165n,
        faults: 0n,
      });
      expect(players[2].acknowledgements().at(-1)).toEqual({
        ...{ packetType: 'response', received: 0n, tokenSum: 0n, faults: 0n },
      });
      for (const player of players) player.close();
    });
  });
});
