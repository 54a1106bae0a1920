/**
 * A process whose transport runs on threads of its own, and that ends in the way its argument says, with traffic under
 * way. Prints its address first.
 */
import { say } from '../faults/program-voice.js';
import { HighPerformanceTransport } from '../high-performance-transport.js';
import { reactorThreads } from './thread-listing.js';

const [way, url = 'tcp://127.0.0.1:0'] = process.argv.slice(2);
const transport = await HighPerformanceTransport.create({ workersPerNumaNode: 2 });
if (way !== 'unused') {
  const listener = await transport.listen(url);
  say({ url: listener.url });
  if (way === 'listening') await new Promise(() => undefined);
  const session = await transport.connect(listener.url);
  const flowing = new Promise<void>((resolve) => {
    transport.onBatch((batch) => {
      for (const message of batch) {
        message.retain();
        message.reply(message.payload());
      }
      resolve();
      if (way === 'uncaughtInHandler') throw new Error('planned by the test');
      if (way === 'exitInHandler') process.exit(7);
    });
  });
  for (let i = 0; i < 100; i++) session.send(new Uint8Array(50_000));
  await flowing;
  if (way === 'exit') process.exit(7);
  if (way === 'uncaught') throw new Error('planned by the test');
  if (way === 'signal') {
    process.kill(process.pid, 'SIGTERM');
    await new Promise((resolve) => setTimeout(resolve, 60_000));
  }
  if (way === 'closed') {
    // Both ends are its own and close with much to send: neither reads any more.
    await transport.close({ drainTimeoutMs: 100 });
    say({ threadsLeft: reactorThreads().length });
  }
  if (way === 'listenersClosed') {
    await listener.close();
    await session.close();
  }
}
