/** What `mem://` names are to listeners and connects, and what the ends of a session say of each other. */
import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { describe, expect, it } from 'vitest';
import { bytesOf, ConnectedPair, nextSession, textOf } from '../contract/connected-pair.js';
import { IMPLEMENTATIONS } from '../contract/implementations.js';
import { programPath } from '../faults/child-program.js';
import { HighPerformanceTransport } from '../high-performance-transport.js';

const IN_PROCESS = IMPLEMENTATIONS.find(({ hasSockets }) => !hasSockets)!;

function code(name: string) {
  return expect.objectContaining({ code: name });
}

describe('names in a process', () => {
  it('are found where none was given, each once', async () => {
    await using transport = await HighPerformanceTransport.create();
    const listeners = await Promise.all([1, 2, 3].map(() => transport.listen('mem://')));
    expect(new Set(listeners.map(({ url }) => url)).size).toBe(3);
    for (const { url, port } of listeners) {
      expect(url).toMatch(/^mem:\/\/.+/);
      expect(port).toBe(0);
    }
  });

  it('are refused when taken, in the same transport and in another, and named', async () => {
    await using one = await HighPerformanceTransport.create();
    await using other = await HighPerformanceTransport.create();
    await one.listen('mem://taken');
    for (const transport of [one, other]) {
      const error = await transport.listen('mem://taken').catch((thrown) => thrown);
      expect(error).toMatchObject({ code: 'ERR_MSGTRANS_ADDRESS_IN_USE' });
      expect(error.message).toContain('mem://taken');
    }
  });

  it('are free again when their listener is closed, while its sessions live on', async () => {
    await using server = await HighPerformanceTransport.create();
    await using client = await HighPerformanceTransport.create();
    server.on('message', (session, packet) => session.reply(packet, packet.payload));
    const listener = await server.listen('mem://again');
    const session = await client.connect('mem://again');
    await listener.close();
    await expect(client.connect('mem://again')).rejects.toThrow(code('ERR_MSGTRANS_CONNECT_FAILED'));
    expect(textOf(await session.request(bytesOf('still here')))).toBe('still here');
    await using another = await HighPerformanceTransport.create();
    await another.listen('mem://again');
    const accepted = nextSession(another);
    await client.connect('mem://again');
    await accepted;
  });

  it('that nobody listens at are a failed connect', async () => {
    await using client = await HighPerformanceTransport.create();
    const error = await client.connect('mem://nobody').catch((thrown) => thrown);
    expect(error).toMatchObject({ code: 'ERR_MSGTRANS_CONNECT_FAILED' });
    expect(error.message).toMatch(/mem:\/\/nobody.*ECONNREFUSED.*listening/);
    await expect(client.connectMany('mem://nobody', 10)).rejects.toThrow(code('ERR_MSGTRANS_CONNECT_FAILED'));
  });

  it('whose listener closes while connects are under way fail all of them that were not accepted', async () => {
    await using server = await HighPerformanceTransport.create();
    await using client = await HighPerformanceTransport.create();
    const listener = await server.listen('mem://closing');
    const connecting = client.connectMany('mem://closing', 1000).catch((error) => error.code);
    await listener.close();
    expect(await connecting).toBe('ERR_MSGTRANS_CONNECT_FAILED');
    expect(client.counters().sessionsOpen).toBe(0);
  });

  it('are free again when the Worker that listened is gone', async () => {
    await using client = await HighPerformanceTransport.create();
    for (let round = 0; round < 3; round += 1) {
      const worker = new Worker(programPath('../in-process/dying-worker'), {
        workerData: { name: 'mortal', end: 'none' },
      });
      await once(worker, 'message');
      await client.connect('mem://mortal');
      await expect(client.listen('mem://mortal')).rejects.toThrow(code('ERR_MSGTRANS_ADDRESS_IN_USE'));
      await worker.terminate();
    }
    await client.listen('mem://mortal');
  });

  it.each(['mem://a b', 'mem://a/b', 'mem://ä', `mem://${'x'.repeat(256)}`])('refuses %j', async (url) => {
    await using transport = await HighPerformanceTransport.create();
    for (const attempt of [transport.listen(url), transport.connect(url)]) {
      await expect(attempt).rejects.toThrow(code('ERR_MSGTRANS_INVALID_URL'));
    }
  });
});

describe('the ends of a session in the process', () => {
  it('name each other by their ids', async () => {
    await using pair = await ConnectedPair.open(IN_PROCESS);
    expect(pair.session.remoteAddress).toBe(`mem://session-${pair.accepted.id}`);
    expect(pair.accepted.remoteAddress).toBe(`mem://session-${pair.session.id}`);
    await pair.session.close();
    expect(pair.session.remoteAddress).toBe(`mem://session-${pair.accepted.id}`);
  });

  it('are made by the thousand, and have an object when asked for', async () => {
    await using server = await HighPerformanceTransport.create();
    await using client = await HighPerformanceTransport.create();
    server.onBatch((batch) => {
      for (const message of batch) message.reply(message);
    });
    const { url } = await server.listen('mem://');
    const ids = await client.connectMany(url, 5000);
    expect(new Set(ids).size).toBe(5000);
    expect(client.counters().sessionsOpen).toBe(5000);
    const some = [ids[0], ids[2500], ids[4999]].map((id) => client.session(id)!);
    for (const session of some) expect(textOf(await session.request(bytesOf('you?')))).toBe('you?');
    expect(client.session(ids[0])).toBe(some[0]);
    expect(server.session(ids[0])).toBeUndefined();
    await some[0].close();
    expect(client.session(ids[0])).toBeUndefined();
  });

  it('are refused in numbers that are none, and at addresses of sockets', async () => {
    await using client = await HighPerformanceTransport.create();
    for (const count of [0, -1, 1.5, 2 ** 24, Number.NaN]) {
      await expect(client.connectMany('mem://x', count)).rejects.toThrow(
        code('ERR_MSGTRANS_INVALID_ARGUMENT'),
      );
    }
    await expect(client.connectMany('tcp://127.0.0.1:1', 2)).rejects.toThrow(
      code('ERR_MSGTRANS_INVALID_URL'),
    );
  });
});
