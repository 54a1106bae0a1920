import { describe, expect, it } from 'vitest';
import { encodePacket, NO_BYTES } from '../protocol/packet-codec.js';
import { bytesOf, ConnectedPair, nextSession, RawPeer, Server, textOf, until } from './connected-pair.js';
import { IMPLEMENTATIONS, ofSockets } from './implementations.js';

describe.each(IMPLEMENTATIONS)('iterating sessions of $name', (implementation) => {
  describe.skipIf(!implementation.isAvailable)(`over ${implementation.medium}`, () => {
    it('gives every packet in order and ends with the session', async () => {
      await using pair = await ConnectedPair.open(implementation);
      const sent = Array.from({ length: 300 }, (_, index) => `message ${index}`);
      for (const text of sent) pair.session.send(bytesOf(text));
      pair.session.close();
      const texts: string[] = [];
      for await (const packet of pair.accepted) texts.push(textOf(packet));
      expect(texts).toEqual(sent);
    });

    it('gives what came before the loop began', async () => {
      await using pair = await ConnectedPair.open(implementation);
      for (const text of ['a', 'b']) pair.session.send(bytesOf(text));
      await pair.session.drained();
      await new Promise((resolve) => setTimeout(resolve, 30));
      pair.session.send(bytesOf('c'));
      const texts: string[] = [];
      for await (const packet of pair.accepted) {
        texts.push(textOf(packet));
        if (texts.length === 3) break;
      }
      expect(texts).toEqual(['a', 'b', 'c']);
    });

    it('leaves the session open after a break, and another loop goes on', async () => {
      await using pair = await ConnectedPair.open(implementation);
      for (const text of ['a', 'b', 'c', 'd']) pair.session.send(bytesOf(text));
      const texts: string[] = [];
      for (let round = 0; round < 2; round += 1) {
        for await (const packet of pair.accepted) {
          texts.push(textOf(packet));
          if (texts.length % 2 === 0) break;
        }
      }
      expect(texts).toEqual(['a', 'b', 'c', 'd']);
      expect(pair.accepted.closed).toBe(false);
      pair.client.on('message', (session, packet) => session.reply(packet, packet.payload));
      expect(textOf(await pair.accepted.request(bytesOf('open?')))).toBe('open?');
    });

    it('answers requests from inside the loop', async () => {
      await using pair = await ConnectedPair.open(implementation);
      const serving = (async () => {
        for await (const packet of pair.accepted) pair.accepted.reply(packet, packet.payload);
      })();
      const answers = await Promise.all(['x', 'y', 'z'].map((text) => pair.session.request(bytesOf(text))));
      expect(answers.map(textOf)).toEqual(['x', 'y', 'z']);
      await pair.session.close();
      await serving;
    });

    ofSockets(implementation, it)(
      'throws the reason when the session ended with an error, after the packets before it',
      async () => {
        await using server = await Server.open(implementation);
        const accepted = nextSession(server.transport);
        await using peer = await RawPeer.connect(server.listener.port);
        const session = await accepted;
        const fields = { packetType: 'one-way', bizType: 0, messageId: 1, highPriority: false } as const;
        const good = encodePacket({ ...fields, extHeader: NO_BYTES, payload: bytesOf('good') });
        await peer.write(Buffer.concat([good, Buffer.alloc(16, 0x77)]));
        const texts: string[] = [];
        const loop = (async () => {
          for await (const packet of session) texts.push(textOf(packet));
        })();
        await expect(loop).rejects.toThrow(
          expect.objectContaining({ code: 'ERR_MSGTRANS_PROTOCOL_VERSION' }),
        );
        expect(texts).toEqual(['good']);
      },
    );

    it('delivers to a listener what came before it listened', async () => {
      await using pair = await ConnectedPair.open(implementation);
      for (const text of ['a', 'b']) pair.session.send(bytesOf(text));
      await pair.session.drained();
      await new Promise((resolve) => setTimeout(resolve, 30));
      const texts: string[] = [];
      pair.server.transport.on('message', (_session, packet) => texts.push(textOf(packet)));
      pair.session.send(bytesOf('c'));
      await until(() => texts.length === 3);
      expect(texts).toEqual(['a', 'b', 'c']);
    });
  });
});
