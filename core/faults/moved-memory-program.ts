/** What becomes of lent memory that a handler moves away. Prints one value per check. Needs `--expose-gc`. */
import { ReadableStream } from 'node:stream/web';
import { MessageChannel, Worker } from 'node:worker_threads';
import { codeOf, collectGarbage, LendingScene, SIZES } from './lending-scene.js';
import { say } from './program-voice.js';

type Move = (view: Uint8Array) => ArrayBuffer | undefined | Promise<ArrayBuffer | undefined>;

interface TransferableBuffer extends ArrayBuffer {
  transfer?(length?: number): ArrayBuffer;
  transferToFixedLength?(length?: number): ArrayBuffer;
}

/** Every way to take the memory of an ArrayBuffer away; undefined where the runtime refuses. */
function movesOf(worker: Worker): Record<string, Move> {
  const { port1 } = new MessageChannel();
  const refused = (call: () => ArrayBuffer | undefined) => {
    try {
      return call();
    } catch {
      return undefined;
    }
  };
  const bufferOf = (view: Uint8Array) => view.buffer as TransferableBuffer;
  return {
    structuredClone: (view) => refused(() => structuredClone(bufferOf(view), { transfer: [bufferOf(view)] })),
    workerPostMessage: (view) =>
      refused(() => {
        worker.postMessage(view, [bufferOf(view)]);
        return undefined;
      }),
    portPostMessage: (view) =>
      refused(() => {
        port1.postMessage(view, [bufferOf(view)]);
        return undefined;
      }),
    transfer: (view) => refused(() => bufferOf(view).transfer?.()),
    transferShorter: (view) => refused(() => bufferOf(view).transfer?.(10)),
    transferLonger: (view) => refused(() => bufferOf(view).transfer?.(2 * bufferOf(view).byteLength)),
    transferToFixedLength: (view) => refused(() => bufferOf(view).transferToFixedLength?.()),
    // A byte stream detaches what it is given, by a way of its own.
    byteStream: (view) => {
      return refused(() => {
        new ReadableStream({ type: 'bytes', start: (controller) => controller.enqueue(view) });
        return undefined;
      });
    },
  };
}

async function movedMemoryIsNobodyElses(scene: LendingScene, worker: Worker): Promise<unknown> {
  const wrong: string[] = [];
  const moves = Object.entries(movesOf(worker));
  for (const [name, move] of moves) {
    const session = await scene.connect();
    const moved: ArrayBuffer[] = [];
    for (const length of SIZES) {
      await scene.lend(session, [Buffer.alloc(length, 0x11)], (batch) => {
        for (const message of batch) {
          const buffer = move(message.payload());
          if (buffer instanceof ArrayBuffer) moved.push(buffer);
        }
      });
    }
    const copies = moved.map((buffer) => Buffer.from(new Uint8Array(buffer)));
    // Other sessions' bytes go through every slice there is.
    const other = await scene.connect();
    for (let round = 0; round < 20; round++) {
      const payloads = SIZES.map((length) => Buffer.alloc(length, 0xee));
      await scene.lend(other, payloads, (batch) => {
        for (const message of batch) {
          if (!message.payload().every((byte) => byte === 0xee)) wrong.push(`${name}: a later message`);
        }
      });
    }
    for (const [i, buffer] of moved.entries()) {
      if (Buffer.compare(copies[i], new Uint8Array(buffer)) !== 0)
        wrong.push(`${name}: memory that was moved`);
    }
  }
  return { wrong, tried: moves.length };
}

/** The reactor goes on when a program keeps more memory than the pool has. */
async function movingEverythingStarvesNobody(scene: LendingScene): Promise<unknown> {
  const session = await scene.connect();
  const kept: unknown[] = [];
  let handled = 0;
  for (let round = 0; round < 150; round++) {
    await scene.lend(session, [Buffer.alloc(100, round), Buffer.alloc(20_000, round)], (batch) => {
      for (const message of batch) {
        const view = message.payload();
        handled += view.every((byte) => byte === round) ? 1 : 0;
        const buffer = view.buffer as TransferableBuffer;
        if (buffer.transfer !== undefined) kept.push(buffer.transfer());
        else
          kept.push(new ReadableStream({ type: 'bytes', start: (controller) => controller.enqueue(view) }));
      }
    });
  }
  const { viewsMovedAway } = scene.server.counters();
  const isCounted = viewsMovedAway > 0;
  const count = kept.length;
  kept.length = 0;
  const { server } = scene;
  await collectGarbage(() => server.counters().slicesLent === 0);
  return { handled, count, isCounted, slicesLent: server.counters().slicesLent };
}

async function nothingIsDetachedUnderUs(scene: LendingScene): Promise<unknown> {
  const session = await scene.connect();
  const codes: (string | undefined)[] = [];
  await scene.lend(session, [Buffer.alloc(100, 1), Buffer.alloc(100, 2)], (batch) => {
    for (const message of batch) {
      const { buffer } = message.payload();
      codes.push(codeOf(() => structuredClone(buffer, { transfer: [buffer as ArrayBuffer] })));
      // Whether that moved it or not, the message itself reads on.
      codes.push(codeOf(() => message.getUint8(99)));
      codes.push(codeOf(() => message.copy().payload[99]));
    }
  });
  return codes.filter((code) => code !== undefined && code !== 'DataCloneError' && !/^ERR_/.test(code));
}

const worker = new Worker('require("node:worker_threads").parentPort.on("message", () => undefined)', {
  eval: true,
});
const CHECKS = { movedMemoryIsNobodyElses, movingEverythingStarvesNobody, nothingIsDetachedUnderUs };
for (const [name, check] of Object.entries(CHECKS)) {
  await using scene = await LendingScene.open();
  say({ [name]: await check(scene, worker) });
}
await worker.terminate();
