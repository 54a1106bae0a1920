/**
 * Connects to the address on its first input line and sends one-way messages as fast as they are taken. Argument: bytes.
 */
import { HighPerformanceTransport } from '../high-performance-transport.js';
import { nextLine, say } from './program-voice.js';

const bytes = Number(process.argv[2]);
const transport = await HighPerformanceTransport.create();
const session = await transport.connect(await nextLine());
const payload = new Uint8Array(1024);
let sent = 0;
while (sent < bytes) {
  if (!session.send(payload)) await session.drained();
  sent += payload.length;
}
await transport.close({ drainTimeoutMs: 60_000 });
say({ sent });
