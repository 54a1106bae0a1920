/** A thread of the mesh. `workerData`: its plan. Says `ready`, waits for `run`, reports, and closes when told. */
import { once } from 'node:events';
import { parentPort, workerData } from 'node:worker_threads';
import { MeshPeer, type MeshPlan } from './mesh-peer.js';

const peer = await MeshPeer.open(workerData as MeshPlan);
parentPort!.postMessage('ready');
await once(parentPort!, 'message');
parentPort!.postMessage(await peer.run());
await once(parentPort!, 'message');
await peer.close();
