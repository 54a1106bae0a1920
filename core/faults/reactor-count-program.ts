/** As many transports as there can be, and one more; then all over again. */
import { HighPerformanceTransport } from '../high-performance-transport.js';
import { say } from './program-voice.js';

for (let round = 0; round < 2; round++) {
  const transports: HighPerformanceTransport[] = [];
  let error: { code?: string; message?: string } = {};
  while (error.code === undefined && transports.length < 1000) {
    await HighPerformanceTransport.create().then(
      (transport) => transports.push(transport),
      (reason) => {
        error = reason;
      },
    );
  }
  // Each works: the numbers are part of the session ids.
  const ids = new Set<number>();
  for (const transport of [transports[0], transports[100], transports.at(-1)!]) {
    const listener = await transport.listen('tcp://127.0.0.1:0');
    transport.on('message', (session, packet) => session.reply(packet, packet.payload));
    const session = await transports[1].connect(listener.url);
    ids.add(session.id);
    await session.request(new Uint8Array(10));
  }
  say({ count: transports.length, code: error.code, message: error.message, ids: ids.size });
  await Promise.all(transports.map((transport) => transport.close()));
}
