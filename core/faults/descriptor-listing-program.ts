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

/** Opens a session to a server of another kind, whose end is gone when this returns. */
async function sessionToLostPeer(transport: HighPerformanceTransport, path: string): Promise<Session> {
  const sockets: Socket[] = [];
  const server = createServer((socket) => sockets.push(socket));
  server.listen(path);
  await once(server, 'listening');
  const session = await transport.connect(`unix://${path}`);
  while (sockets.length === 0) await new Promise((resolve) => setTimeout(resolve, 1));
  sockets[0].destroy();
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
  const folder = mkdtempSync(join(tmpdir(), 'msgtrans-'));
  for (let round = 1; round <= 20; round++) {
    const session = await sessionToLostPeer(transport, `${folder}/${round}.sock`);
    // A unix socket whose other end is gone breaks at the first write, before anybody could have read why. Small and
    // large messages, one and several: every way of writing there is.
    for (let i = 0; i <= round % 3; i++) session.send(new Uint8Array(round % 2 === 0 ? 10 : 500_000));
    await Promise.allSettled([session.drained()]);
    while (closes < round) await new Promise((resolve) => setTimeout(resolve, 1));
  }
  rmSync(folder, { recursive: true, force: true });
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
