import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { bytesOf, ConnectedPair, nextSession, Server, textOf } from './connected-pair.js';
import { IMPLEMENTATIONS, ofSockets } from './implementations.js';

function code(name: string) {
  return expect.objectContaining({ code: name });
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  server.close();
  await once(server, 'close');
  return port;
}

describe.each(IMPLEMENTATIONS)('addresses of $name', (implementation) => {
  let folder = '';
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'msgtrans-'));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  describe.skipIf(!implementation.isAvailable)(`over ${implementation.medium}`, () => {
    ofSockets(implementation, it)('gives the real port back where 0 was asked for', async () => {
      await using server = await Server.open(implementation);
      expect(server.listener.port).toBeGreaterThan(0);
      expect(server.url).toBe(`tcp://127.0.0.1:${server.listener.port}`);
    });

    ofSockets(implementation, it)('names the peer of a session', async () => {
      await using pair = await ConnectedPair.open(implementation);
      expect(pair.session.remoteAddress).toBe(pair.server.url);
      expect(pair.accepted.remoteAddress).toMatch(/^tcp:\/\/127\.0\.0\.1:\d+$/);
      expect(pair.accepted.remoteAddress).not.toBe(pair.server.url);
    });

    ofSockets(implementation, it)('speaks over unix sockets and leaves no file behind', async () => {
      const path = join(folder, 'socket');
      {
        await using pair = await ConnectedPair.open(implementation, {}, `unix://${path}`);
        expect(pair.server.listener).toMatchObject({ url: `unix://${path}`, port: 0 });
        expect(pair.session.remoteAddress).toBe(`unix://${path}`);
        expect(pair.accepted.remoteAddress).toBe('');
        pair.server.transport.on('message', (session, packet) => session.reply(packet, packet.payload));
        expect(textOf(await pair.session.request(bytesOf('by path')))).toBe('by path');
      }
      expect(existsSync(path)).toBe(false);
    });

    ofSockets(implementation, it)(
      'refuses an address that is taken, tcp and unix, and names it',
      async () => {
        await using tcp = await Server.open(implementation);
        await using unix = await Server.open(implementation, {}, `unix://${folder}/taken`);
        for (const { url } of [tcp, unix]) {
          const error = await Server.open(implementation, {}, url).catch((thrown) => thrown);
          expect(error).toMatchObject({ code: 'ERR_MSGTRANS_ADDRESS_IN_USE' });
          expect(error.message).toContain(url);
        }
      },
    );

    it('frees the address when the listener closes, while its sessions live on', async () => {
      await using pair = await ConnectedPair.open(implementation);
      const { url } = pair.server;
      await pair.server.listener.close();
      await pair.server.listener.close();
      await expect(pair.client.connect(url)).rejects.toThrow(code('ERR_MSGTRANS_CONNECT_FAILED'));
      pair.server.transport.on('message', (session, packet) => session.reply(packet, packet.payload));
      expect(textOf(await pair.session.request(bytesOf('still here')))).toBe('still here');
      await using again = await Server.open(implementation, {}, url);
      expect(again.url).toBe(url);
    });

    ofSockets(implementation, it)('listens at several addresses at once', async () => {
      await using server = await Server.open(implementation);
      const second = await server.transport.listen(`unix://${folder}/second`);
      server.transport.on('message', (session, packet) => session.reply(packet, packet.payload));
      await using client = await implementation.create();
      for (const url of [server.url, second.url]) {
        const session = await client.connect(url);
        expect(textOf(await session.request(bytesOf(url)))).toBe(url);
      }
    });

    ofSockets(implementation, it)('says why it cannot listen', async () => {
      await using transport = await implementation.create();
      const failed = code('ERR_MSGTRANS_LISTEN_FAILED');
      // An address of the documentation range (RFC 5737), which is no machine's own.
      await expect(transport.listen('tcp://192.0.2.1:0')).rejects.toThrow(failed);
      await expect(transport.listen(`unix://${folder}/missing/socket`)).rejects.toThrow(failed);
    });

    it.each([
      '',
      'tcp://',
      'tcp://127.0.0.1',
      'tcp://127.0.0.1:99999',
      'http://127.0.0.1:80',
      'unix://relative',
    ])('refuses the URL %j by name', async (url) => {
      await using transport = await implementation.create();
      for (const attempt of [transport.listen(url), transport.connect(url)]) {
        const error = await attempt.catch((thrown) => thrown);
        expect(error).toMatchObject({ code: 'ERR_MSGTRANS_INVALID_URL' });
        expect(error.message).toContain(url);
      }
    });

    ofSockets(implementation, it)('refuses a unix path that the system would cut short', async () => {
      await using transport = await implementation.create();
      const url = `unix:///${'x'.repeat(200)}`;
      await expect(transport.listen(url)).rejects.toThrow(code('ERR_MSGTRANS_INVALID_URL'));
    });

    ofSockets(implementation, it)('says when nobody listens', async () => {
      await using client = await implementation.create();
      const failed = code('ERR_MSGTRANS_CONNECT_FAILED');
      await expect(client.connect(`tcp://127.0.0.1:${await freePort()}`)).rejects.toThrow(failed);
      await expect(client.connect(`unix://${folder}/nobody`)).rejects.toThrow(failed);
    });

    it('obeys the signal of a connect, before and during', async () => {
      await using server = await Server.open(implementation);
      await using client = await implementation.create();
      const before = AbortSignal.abort(new Error('changed my mind'));
      const error = await client.connect(server.url, { signal: before }).catch((thrown) => thrown);
      expect(error).toMatchObject({ code: 'ERR_MSGTRANS_ABORTED', cause: before.reason });
      const controller = new AbortController();
      const connecting = client.connect(server.url, { signal: controller.signal });
      controller.abort();
      await expect(connecting).rejects.toThrow(code('ERR_MSGTRANS_ABORTED'));
      // A signal that aborts once the connect is over changes nothing.
      const late = new AbortController();
      const accepted = nextSession(server.transport);
      const session = await client.connect(server.url, { signal: late.signal });
      await accepted;
      late.abort();
      server.transport.on('message', (each, packet) => each.reply(packet, packet.payload));
      expect(textOf(await session.request(bytesOf('connected')))).toBe('connected');
    });

    it('refuses options it does not know or cannot keep, all problems at once', async () => {
      const options = { payloadBytesMax: -1, requestTimeoutMs: 'soon', colour: 'red' };
      const error = await implementation.create(options as object).catch((thrown) => thrown);
      expect(error).toMatchObject({ code: 'ERR_MSGTRANS_INVALID_OPTION' });
      for (const problem of ['payloadBytesMax', '-1', 'requestTimeoutMs', 'soon', 'colour']) {
        expect(error.message).toContain(problem);
      }
    });
  });
});
