/**
 * A process that ends in the way its argument says, with transports open or closed. Prints its address, or what it saw.
 */
import { HighPerformanceTransport } from '../high-performance-transport.js';
import type { Session } from '../transport.js';
import { say } from './program-voice.js';

const [way, url = 'tcp://127.0.0.1:0'] = process.argv.slice(2);

/** A transport with a listener, a session to itself, and messages on their way. */
async function busyTransport(onMessage: () => void): Promise<Session> {
  const transport = await HighPerformanceTransport.create();
  transport.onBatch((batch) => {
    for (const message of batch) {
      message.retain();
      message.payload();
      onMessage();
    }
  });
  const listener = await transport.listen(url);
  say({ url: listener.url });
  const session = await transport.connect(listener.url);
  for (let i = 0; i < 100; i++) session.send(new Uint8Array(50_000));
  return session;
}

const WAYS: Record<string, () => Promise<void>> = {
  async exit() {
    await busyTransport(() => process.exit(7));
  },
  async uncaught() {
    await busyTransport(() => undefined);
    setTimeout(() => {
      throw new Error('planned by the test');
    }, 20);
  },
  async uncaughtInHandler() {
    await busyTransport(() => {
      throw new Error('planned by the test');
    });
  },
  async rejection() {
    await busyTransport(() => undefined);
    await Promise.reject(new Error('planned by the test'));
  },
  async abort() {
    await busyTransport(() => undefined);
    process.kill(process.pid, 'SIGTERM');
    await new Promise((resolve) => setTimeout(resolve, 60_000));
  },
  async killed() {
    await busyTransport(() => undefined);
    process.kill(process.pid, 'SIGKILL');
  },
  async closed() {
    const transport = await HighPerformanceTransport.create();
    const listener = await transport.listen(url);
    say({ url: listener.url });
    await (await transport.connect(listener.url)).close();
    await transport.close();
  },
  /** Nothing is open, although nothing was closed either. */
  async unclosed() {
    await HighPerformanceTransport.create();
    say({ url: 'none' });
  },
  async listenersClosed() {
    const transport = await HighPerformanceTransport.create();
    const listener = await transport.listen(url);
    say({ url: listener.url });
    const session = await transport.connect(listener.url);
    await listener.close();
    await session.close();
  },
  async disposed() {
    let address: string;
    {
      await using transport = await HighPerformanceTransport.create();
      address = (await transport.listen(url)).url;
      say({ url: address });
      await transport.connect(address);
    }
    await using again = await HighPerformanceTransport.create();
    // Only a transport that closed has given its address back.
    await again.listen(address);
  },
};

await WAYS[way]();
