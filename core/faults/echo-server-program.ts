/** A server in a process of its own that answers every message. Arguments: options of the transport as JSON. */
import { HighPerformanceTransport } from '../high-performance-transport.js';
import { say } from './program-voice.js';

const server = await HighPerformanceTransport.create(JSON.parse(process.argv[2] ?? '{}'));
server.on('message', (session, packet) => session.reply(packet, packet.payload));
server.on('close', (_session, reason) => {
  say({ closed: reason.code ?? 'orderly' });
});
const listener = await server.listen('tcp://127.0.0.1:0');
say({ url: listener.url });
