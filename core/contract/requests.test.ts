import { once } from 'node:events';
import { createServer, type Socket } from 'node:net';
import { Worker } from 'node:worker_threads';
import { describe, expect, it } from 'vitest';
import { decodePacket, encodePacket, NO_BYTES } from '../protocol/packet-codec.js';
import type { Packet } from '../transport.js';
import { bytesOf, ConnectedPair, RawPeer, textOf, until } from './connected-pair.js';
import { IMPLEMENTATIONS, ofSockets } from './implementations.js';

function code(name: string) {
  return expect.objectContaining({ code: name });
}

/** A listener of bytes, for answers that no transport gives. */
async function rawServer(): Promise<{ url: string; peer: Promise<RawPeer> } & AsyncDisposable> {
  const server = createServer();
  const peer = once(server, 'connection').then(([socket]) => RawPeer.of(socket as Socket));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  return {
    url: `tcp://127.0.0.1:${port}`,
    peer,
    async [Symbol.asyncDispose]() {
      server.close();
      (await peer).socket.destroy();
    },
  };
}

function response(messageId: number, text: string): Uint8Array {
  const payload = bytesOf(text);
  return encodePacket({
    packetType: 'response',
    bizType: 0,
    messageId,
    payload,
    extHeader: NO_BYTES,
    highPriority: false,
  });
}

/** A server on a thread of its own that answers each request with its own bytes, made a response. */
const ECHO_THREAD = `
  const { parentPort } = require('node:worker_threads');
  const server = require('node:net').createServer((socket) => {
    socket.on('data', (bytes) => { bytes[2] = 2; socket.write(bytes); });
  });
  server.listen(0, '127.0.0.1', () => parentPort.postMessage(server.address().port));
`;

describe.each(IMPLEMENTATIONS)('requests of $name', (implementation) => {
  describe.skipIf(!implementation.isAvailable)(`over ${implementation.medium}`, () => {
    it('matches concurrent requests to their responses by id, in whatever order they come', async () => {
      await using pair = await ConnectedPair.open(implementation);
      const waiting: Packet[] = [];
      pair.server.transport.on('message', (session, packet) => {
        waiting.push(packet);
        if (waiting.length < 100) return;
        for (const each of waiting.reverse()) session.reply(each, bytesOf(`answer to ${textOf(each)}`));
      });
      const answers = await Promise.all(
        Array.from({ length: 100 }, (_, index) =>
          pair.session.request(bytesOf(`${index}`), { bizType: index % 3 }),
        ),
      );
      expect(answers.map(textOf)).toEqual(answers.map((_, index) => `answer to ${index}`));
      expect(answers.map(({ bizType }) => bizType)).toEqual(answers.map((_, index) => index % 3));
    });

    it('lets both sides request at once with the same ids', async () => {
      await using pair = await ConnectedPair.open(implementation);
      for (const [transport, name] of [
        [pair.server.transport, 'server'],
        [pair.client, 'client'],
      ] as const) {
        transport.on('message', (session, packet) =>
          session.reply(packet, bytesOf(`${name} got ${textOf(packet)}`)),
        );
      }
      const answers = await Promise.all(
        Array.from({ length: 50 }, (_, index) => [
          pair.session.request(bytesOf(`c${index}`)),
          pair.accepted.request(bytesOf(`s${index}`)),
        ]).flat(),
      );
      const expected = Array.from({ length: 50 }, (_, index) => [
        `server got c${index}`,
        `client got s${index}`,
      ]).flat();
      expect(answers.map(textOf)).toEqual(expected);
    });

    it('fails a request that is not answered in time, by its own or the default time', async () => {
      await using pair = await ConnectedPair.open(implementation, { client: { requestTimeoutMs: 40 } });
      await expect(pair.session.request(NO_BYTES)).rejects.toThrow(code('ERR_MSGTRANS_REQUEST_TIMEOUT'));
      await expect(pair.accepted.request(NO_BYTES, { timeoutMs: 20 })).rejects.toThrow(
        code('ERR_MSGTRANS_REQUEST_TIMEOUT'),
      );
      // The session lives on.
      pair.server.transport.on('message', (session, packet) => session.reply(packet, bytesOf('here')));
      expect(textOf(await pair.session.request(NO_BYTES, { timeoutMs: 10_000 }))).toBe('here');
    });

    it('refuses a timeout that is none', async () => {
      await using pair = await ConnectedPair.open(implementation);
      for (const timeoutMs of [0, -1, Number.NaN]) {
        await expect(pair.session.request(NO_BYTES, { timeoutMs })).rejects.toThrow(
          code('ERR_MSGTRANS_INVALID_ARGUMENT'),
        );
      }
    });

    ofSockets(implementation, it)(
      'loses no answer that came while JavaScript was busy past the timeout',
      async () => {
        const worker = new Worker(ECHO_THREAD, { eval: true });
        const [port] = (await once(worker, 'message')) as [number];
        try {
          await using client = await implementation.create();
          const session = await client.connect(`tcp://127.0.0.1:${port}`);
          await session.request(bytesOf('warm'));
          const answer = session.request(bytesOf('in time'), { timeoutMs: 100 });
          // What was sent leaves first; then this thread computes while the answer waits in the kernel.
          await session.drained();
          Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 500);
          expect(textOf(await answer)).toBe('in time');
        } finally {
          await worker.terminate();
        }
      },
    );

    it('sends nothing for a signal that was aborted before', async () => {
      await using pair = await ConnectedPair.open(implementation);
      const texts: string[] = [];
      pair.server.transport.on('message', (_session, packet) => texts.push(textOf(packet)));
      const signal = AbortSignal.abort(new Error('no longer wanted'));
      const error = await pair.session.request(bytesOf('never'), { signal }).catch((thrown) => thrown);
      expect(error).toMatchObject({ code: 'ERR_MSGTRANS_ABORTED', cause: signal.reason });
      pair.session.send(bytesOf('after'));
      await until(() => texts.length > 0);
      expect(texts).toEqual(['after']);
    });

    it('fails a request when its signal aborts, and drops the late answer', async () => {
      await using pair = await ConnectedPair.open(implementation);
      const requests: Packet[] = [];
      pair.server.transport.on('message', (_session, packet) => requests.push(packet));
      const controller = new AbortController();
      const aborted = pair.session.request(bytesOf('1'), { signal: controller.signal });
      const kept = pair.session.request(bytesOf('2'), { signal: new AbortController().signal });
      await until(() => requests.length === 2);
      controller.abort();
      await expect(aborted).rejects.toThrow(code('ERR_MSGTRANS_ABORTED'));
      for (const request of requests) pair.accepted.reply(request, bytesOf(`answer ${textOf(request)}`));
      expect(textOf(await kept)).toBe('answer 2');
    });

    ofSockets(implementation, it)(
      'never hands a response that answers nothing to anybody: foreign, duplicate, late',
      async () => {
        await using server = await rawServer();
        await using client = await implementation.create();
        const strays: Packet[] = [];
        client.on('message', (_session, packet) => strays.push(packet));
        const session = await client.connect(server.url);
        await using peer = await server.peer;
        const first = session.request(bytesOf('first'));
        await until(() => peer.received.length === 21);
        const { messageId } = decodePacket(peer.received);
        await peer.write(response(messageId + 1, 'foreign'));
        await peer.write(response(0, 'unset'));
        await peer.write(response(messageId, 'right'));
        await peer.write(response(messageId, 'duplicate'));
        expect(textOf(await first)).toBe('right');
        const late = session.request(bytesOf('slow'), { timeoutMs: 20 });
        await expect(late).rejects.toThrow(code('ERR_MSGTRANS_REQUEST_TIMEOUT'));
        await peer.write(response(messageId + 1, 'late'));
        const last = session.request(bytesOf('last!'));
        await peer.write(response(messageId + 2, 'fine'));
        expect(textOf(await last)).toBe('fine');
        expect(strays).toEqual([]);
        expect(session.closed).toBe(false);
      },
    );

    ofSockets(implementation, it)(
      'does not take a response of one session for the request of another',
      async () => {
        await using server = await rawServer();
        await using other = await rawServer();
        await using client = await implementation.create();
        const session = await client.connect(server.url);
        const bystander = await client.connect(other.url);
        await using peer = await server.peer;
        await using otherPeer = await other.peer;
        const answer = session.request(NO_BYTES);
        const bystanderAnswer = bystander.request(NO_BYTES);
        await until(() => peer.received.length === 16 && otherPeer.received.length === 16);
        // Both requests have id 1.
        await otherPeer.write(response(1, 'for the bystander'));
        expect(textOf(await bystanderAnswer)).toBe('for the bystander');
        await peer.write(response(1, 'for the first'));
        expect(textOf(await answer)).toBe('for the first');
      },
    );

    it('bounds the requests that wait', async () => {
      await using pair = await ConnectedPair.open(implementation, { client: { pendingRequestsMax: 3 } });
      const requests: Packet[] = [];
      pair.server.transport.on('message', (_session, packet) => requests.push(packet));
      const pending = [1, 2, 3].map(() => pair.session.request(NO_BYTES));
      await expect(pair.session.request(NO_BYTES)).rejects.toThrow(code('ERR_MSGTRANS_TOO_MANY_REQUESTS'));
      await until(() => requests.length === 3);
      for (const request of requests) pair.accepted.reply(request, NO_BYTES);
      await Promise.all(pending);
      pair.server.transport.on('message', (session, packet) => session.reply(packet, NO_BYTES));
      await pair.session.request(NO_BYTES);
      expect(requests).toHaveLength(4);
    });

    it('fails all pending requests at once when the connection ends', async () => {
      await using pair = await ConnectedPair.open(implementation);
      const pending = Array.from({ length: 10 }, () =>
        pair.session.request(NO_BYTES).catch((error) => error.code),
      );
      const own = pair.accepted.request(NO_BYTES).catch((error) => error.code);
      await pair.session.drained();
      await pair.accepted.close();
      expect(await Promise.all(pending)).toEqual(pending.map(() => 'ERR_MSGTRANS_CLOSED'));
      expect(await own).toBe('ERR_MSGTRANS_CLOSED');
    });
  });
});
