/**
 * A server with few descriptors, driven by the test: prints its port, then answers each line from the test with what it
 * knows. Run with a limit of open files.
 */
import { HighPerformanceTransport } from '../high-performance-transport.js';
import { say } from './program-voice.js';

const server = await HighPerformanceTransport.create();
const errors: { code: string; message: string }[] = [];
server.on('error', ({ code, message }) => errors.push({ code, message }));
server.on('message', (session, packet) => session.reply(packet, packet.payload));
const listener = await server.listen('tcp://127.0.0.1:0');
say({ port: listener.port });
let cpu = process.cpuUsage();
let since = performance.now();
process.stdin.setEncoding('utf8').on('data', (text: string) => {
  if (text.includes('stop')) {
    process.stdin.destroy();
    server.close({ drainTimeoutMs: 0 }).then(() => say({ stopped: true }));
    return;
  }
  const { user, system } = process.cpuUsage(cpu);
  const { sessionsOpen, acceptsRefused } = server.counters();
  say({
    errors,
    sessionsOpen,
    acceptsRefused,
    cpuMs: (user + system) / 1000,
    wallMs: performance.now() - since,
  });
  cpu = process.cpuUsage();
  since = performance.now();
});
