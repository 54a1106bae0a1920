/**
 * A mesh of main thread and Workers. Prints the ledger of each thread. Arguments: Workers, sessions per pair, messages
 * per end, seed.
 */
import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { say } from '../faults/program-voice.js';
import { MeshPeer, type MeshPlan, type MeshReport } from './mesh-peer.js';

const [workers, sessionsPerPair, messages, seed] = process.argv.slice(2).map(Number);
const plan: MeshPlan = { name: 'mesh', index: 0, peers: workers + 1, sessionsPerPair, messages, seed };
const threads = Array.from({ length: workers }, (_, i) => {
  return new Worker(new URL('./mesh-worker.js', import.meta.url), { workerData: { ...plan, index: i + 1 } });
});
const peer = await MeshPeer.open(plan);
await Promise.all(threads.map((thread) => once(thread, 'message')));
const answers = threads.map((thread) => once(thread, 'message') as Promise<[MeshReport]>);
for (const thread of threads) thread.postMessage('run');
const own = await peer.run();
say([own, ...(await Promise.all(answers)).map(([report]) => report)]);
for (const thread of threads) thread.postMessage('close');
await Promise.all(threads.map((thread) => once(thread, 'exit')));
await peer.close();
