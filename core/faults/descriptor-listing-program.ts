/**
 * Opens listeners and sessions of every kind, then prints what a child process can see of them. With the argument
 * `sigpipe` it makes SIGPIPE deadly first and sends to peers that are gone.
 */
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { HighPerformanceTransport } from '../high-performance-transport.js';
import type { Session } from '../transport.js';
import { say } from './program-voice.js';

/** Opens a session to a server of another kind and has that server's end reset it. */
async function sessionToResetPeer(transport: HighPerformanceTransport): Promise<Session> {
  const sockets: Socket[] = [];
  const server = createServer((socket) => sockets.push(socket));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const session = await transport.connect(`tcp://127.0.0.1:${(server.address() as { port: number }).port}`);
  while (sockets.length === 0) await new Promise((resolve) => setTimeout(resolve, 1));
  sockets[0].resetAndDestroy();
  server.close();
  return session;
}

async function survivesBrokenPipes(): Promise<void> {
  // Removing the last listener gives the signal its default action, which is death.
  const ignore = () => undefined;
  process.on('SIGPIPE', ignore);
  process.off('SIGPIPE', ignore);
  const transport = await HighPerformanceTransport.create();
  let closes = 0;
  transport.on('close', () => {
    closes += 1;
  });
  for (let round = 1; round <= 20; round++) {
    const session = await sessionToResetPeer(transport);
    // Large and small: `send` and `sendmsg`, at once and from the queue.
    const payloads = [new Uint8Array(10), new Uint8Array(200_000), new Uint8Array(2_000_000)];
    for (let i = 0; !session.closed && i < 1000; i++) {
      session.send(payloads[i % payloads.length]);
      // Synchronously: the write must meet the reset before the reader does.
      if (i % 2 === 0) await Promise.allSettled([session.drained()]);
    }
    while (closes < round) await new Promise((resolve) => setTimeout(resolve, 1));
  }
  await transport.close();
  say({ closes });
}

/** The descriptors of a child process; the listing itself has one for the folder it reads. */
function inheritedDescriptors(): string[] {
  return execFileSync('ls', ['/proc/self/fd'], { encoding: 'utf8' }).trim().split('\n');
}

async function listing(): Promise<void> {
  // Whatever started this process may have left it some of its own.
  const before = inheritedDescriptors();
  const folder = mkdtempSync(join(tmpdir(), 'msgtrans-'));
  const transport = await HighPerformanceTransport.create();
  for (const url of ['tcp://127.0.0.1:0', 'tcp://[::1]:0', `unix://${folder}/a.sock`]) {
    const listener = await transport.listen(url).catch((error) => {
      // A machine without IPv6 has one kind fewer.
      if (url.includes('[::1]')) return undefined;
      throw error;
    });
    if (listener === undefined) continue;
    for (let i = 0; i < 5; i++) await transport.connect(listener.url);
  }
  while (transport.counters().sessionsAccepted < transport.counters().sessionsConnected) {
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
  const own = readdirSync('/proc/self/fd').length;
  say({ own, sessions: transport.counters().sessionsOpen, before, inherited: inheritedDescriptors() });
  await transport.close();
  rmSync(folder, { recursive: true, force: true });
}

await (process.argv[2] === 'sigpipe' ? survivesBrokenPipes() : listing());
