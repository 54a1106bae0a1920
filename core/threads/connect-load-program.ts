/**
 * Connects again and again, `connections` at a time, until it is told to stop, and counts how each one ended. Arguments:
 * port, connections.
 *
 * A server speaks first, so that whoever hears it is served; nothing is sent before. A connection that its listener left
 * behind ends with a reset, one that belonged to a server that stopped with an orderly end.
 */
import { connect } from 'node:net';
import { nextLine, say } from '../faults/program-voice.js';

const [port, connections] = process.argv.slice(2).map(Number);
const PATIENCE_MS = 20_000;

type Outcome = 'served' | 'refused' | 'reset' | 'endedUnserved' | 'timedOut';
const counts: Record<Outcome, number> = { served: 0, refused: 0, reset: 0, endedUnserved: 0, timedOut: 0 };

function connectOnce(): Promise<Outcome> {
  return new Promise((resolve) => {
    const socket = connect({ port, host: '127.0.0.1' });
    let isServed = false;
    let error: string | undefined;
    socket.setTimeout(PATIENCE_MS, () => {
      error = 'ETIMEDOUT';
      socket.destroy();
    });
    socket.on('data', () => {
      isServed = true;
      socket.end();
    });
    socket.on('error', (reason: NodeJS.ErrnoException) => {
      error ??= reason.code;
    });
    socket.on('close', () => {
      if (isServed) resolve('served');
      else if (error === 'ETIMEDOUT') resolve('timedOut');
      else if (error === 'ECONNREFUSED') resolve('refused');
      else resolve(error === undefined ? 'endedUnserved' : 'reset');
    });
  });
}

let isRunning = true;
async function connectAlways(): Promise<void> {
  while (isRunning) counts[await connectOnce()] += 1;
}

const loads = Array.from({ length: connections }, connectAlways);
say('running');
await nextLine();
isRunning = false;
await Promise.all(loads);
say(counts);
