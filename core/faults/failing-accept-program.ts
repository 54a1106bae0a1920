/**
 * A listener with connections waiting that the system refuses to hand out. Prints the processor time that a second of
 * waiting for better times costs, and the errors reported.
 */
import { once } from 'node:events';
import { connect } from 'node:net';
import { HighPerformanceTransport } from '../high-performance-transport.js';
import { say } from './program-voice.js';

const WAIT_MS = 1000;

const server = await HighPerformanceTransport.create();
const errors: string[] = [];
server.on('error', ({ code, message }) => errors.push(`${code}: ${message}`));
const listener = await server.listen('tcp://127.0.0.1:0');
const sockets = [1, 2, 3].map(() => connect(listener.port, '127.0.0.1'));
for (const socket of sockets) socket.on('error', () => undefined);
await Promise.all(sockets.map((socket) => once(socket, 'connect')));
// The first failure is reported at once, then things are quiet.
await new Promise((resolve) => setTimeout(resolve, 300));
const before = process.cpuUsage();
const startedMs = performance.now();
await new Promise((resolve) => setTimeout(resolve, WAIT_MS));
const { user, system } = process.cpuUsage(before);
say({ cpuMs: (user + system) / 1000, wallMs: performance.now() - startedMs, errors });
for (const socket of sockets) socket.destroy();
await server.close();
