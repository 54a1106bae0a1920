/** What a program is told about bytes that never left, and about answers that lie in memory it can write to. */
import { rm } from 'node:fs/promises';
import { createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { HighPerformanceTransport } from '../high-performance-transport.js';

test('drained() rejects with the close reason when what was queued is lost', async () => {
  const path = join(tmpdir(), `msgtrans-lost-${process.pid}.sock`);
  const sockets: Socket[] = [];
  const server = createServer((socket) => sockets.push(socket)).listen(path);
  await using transport = await HighPerformanceTransport.create();
  const session = await transport.connect(`unix://${path}`);
  await expect.poll(() => sockets.length).toBe(1);
  sockets[0].destroy();
  session.send(new Uint8Array(64));
  await expect(session.drained()).rejects.toMatchObject({ code: 'ERR_MSGTRANS_CONNECTION_RESET' });
  server.close();
  await rm(path, { force: true });
});

test.each(['before', 'after'])(
  'a handler that overwrites the buffer %s it answers in place breaks no stream',
  async (when) => {
    await using server = await HighPerformanceTransport.create();
    await using client = await HighPerformanceTransport.create();
    const overwrite = (view: Uint8Array) => new Uint8Array(view.buffer).fill(0xff);
    server.onBatch((batch) => {
      for (const message of batch) {
        if (when === 'before') overwrite(message.payload());
        message.reply(message);
        if (when === 'after') overwrite(message.payload());
      }
    });
    const listener = await server.listen('tcp://127.0.0.1:0');
    const sessions = await Promise.all([client.connect(listener.url), client.connect(listener.url)]);
    for (let round = 0; round < 20; round++) {
      const answers = await Promise.all(
        sessions.flatMap((session) => [1, 2, 3].map(() => session.request(new Uint8Array(100).fill(round)))),
      );
      for (const answer of answers) expect(answer.payload.length).toBe(100);
    }
    expect(sessions.map(({ closed }) => closed)).toEqual([false, false]);
  },
);
