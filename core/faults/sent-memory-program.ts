/**
 * What becomes of memory that waits to be sent from where it lies, when the program moves, changes or forgets it. Prints
 * one value per check. Needs `--expose-gc`.
 */
import { ReadableStream } from 'node:stream/web';
import { MessageChannel, Worker } from 'node:worker_threads';
import { collectGarbage } from './lending-scene.js';
import { say } from './program-voice.js';
import { type Arrival, WaitingScene } from './waiting-scene.js';

interface TransferableBuffer extends ArrayBuffer {
  transfer?(length?: number): ArrayBuffer;
  transferToFixedLength?(length?: number): ArrayBuffer;
  resize?(length: number): void;
}

/** Every way to take the memory of an ArrayBuffer away; most are refused for memory of the engine, some not known here. */
function movesOf(worker: Worker): Record<string, (buffer: TransferableBuffer) => unknown> {
  const { port1 } = new MessageChannel();
  return {
    structuredClone: (buffer) => structuredClone(buffer, { transfer: [buffer] }),
    workerPostMessage: (buffer) => worker.postMessage(buffer, [buffer]),
    portPostMessage: (buffer) => port1.postMessage(buffer, [buffer]),
    transfer: (buffer) => buffer.transfer?.(),
    transferShorter: (buffer) => buffer.transfer?.(10),
    transferLonger: (buffer) => buffer.transfer?.(2 * buffer.byteLength),
    transferToFixedLength: (buffer) => buffer.transferToFixedLength?.(),
    byteStream: (buffer) =>
      new ReadableStream({
        type: 'bytes',
        start: (controller) => controller.enqueue(new Uint8Array(buffer)),
      }),
    resizeToNothing: (buffer) => buffer.resize?.(0),
    resizeLonger: (buffer) => buffer.resize?.(buffer.byteLength + 1),
  };
}

/** Sizes that the socket takes a part of at once, and that wait whole behind others. */
const SIZES: [bytes: number, ahead: number][] = [
  [2_000_000, 0],
  [300_000, 2],
  [65_536, 2],
];

function resizable(bytes: number): Uint8Array {
  const Resizable = ArrayBuffer as unknown as new (bytes: number, options: object) => ArrayBuffer;
  return new Uint8Array(new Resizable(bytes, { maxByteLength: 2 * bytes }));
}

const KINDS: Record<string, (scene: WaitingScene, bytes: number) => Uint8Array> = {
  allocated: ({ server }, bytes) => server.allocate(bytes),
  own: (_scene, bytes) => new Uint8Array(bytes),
  ownBuffer: (_scene, bytes) => Buffer.alloc(bytes),
  part: (_scene, bytes) => new Uint8Array(bytes + 2000).subarray(1000, bytes + 1000),
  resizable: (_scene, bytes) => resizable(bytes),
};

/** What must come of a payload whose memory was taken away, or not. */
function isRight(kind: string, isGone: boolean, { isWhole, isPrefix, code }: Arrival): boolean {
  // A slice is held by the queue, and what may be resized was copied.
  const isLost = isGone && kind !== 'allocated' && kind !== 'resizable';
  return isPrefix && isWhole === !isLost && code === (isLost ? 'ERR_MSGTRANS_SEND_BUFFER_LOST' : undefined);
}

async function movedMemoryIsNotSent(scene: WaitingScene, worker: Worker): Promise<unknown> {
  const wrong: string[] = [];
  const kept: unknown[] = [];
  let gone = 0;
  for (const [kind, make] of Object.entries(KINDS)) {
    for (const [name, move] of Object.entries(movesOf(worker))) {
      for (const [bytes, ahead] of SIZES) {
        const payload = scene.pattern(make(scene, bytes));
        const sent = await scene.send(payload, ahead);
        let isGone = false;
        try {
          kept.push(move(payload.buffer as TransferableBuffer));
          isGone = payload.length !== bytes;
        } catch {
          // Refused.
        }
        gone += isGone ? 1 : 0;
        // Others use what memory there is now.
        const others = Array.from({ length: 20 }, () =>
          scene.server.allocate(bytes > 1e6 ? 60_000 : bytes).fill(0xee),
        );
        const garbage = Array.from({ length: 4 }, () => new Uint8Array(bytes).fill(0xee));
        const arrival = await sent.arrival();
        if (!isRight(kind, isGone, arrival))
          wrong.push(`${kind} ${name} ${bytes}: ${JSON.stringify(arrival)}`);
        for (const other of others) scene.server.release(other);
        garbage.length = 0;
      }
    }
    kept.length = 0;
  }
  return { wrong, someAreGone: gone > 0 };
}

async function overwrittenMemoryIsAllThatArrives(scene: WaitingScene): Promise<unknown> {
  const wrong: string[] = [];
  for (const [kind, make] of Object.entries(KINDS)) {
    for (const [bytes, ahead] of SIZES) {
      const payload = scene.pattern(make(scene, bytes));
      const sent = await scene.send(payload, ahead);
      payload.fill(0x55);
      const arrival = await sent.arrival(0x55);
      // Each byte is what it was or what it became; what may be resized was copied.
      const isRightly = kind === 'resizable' ? arrival.isWhole : arrival.isWholeOrFilled;
      if (!isRightly || arrival.code !== undefined)
        wrong.push(`${kind} ${bytes}: ${JSON.stringify(arrival)}`);
    }
  }
  return wrong;
}

async function forgottenMemoryStays(scene: WaitingScene): Promise<unknown> {
  const wrong: string[] = [];
  for (const [kind, make] of Object.entries(KINDS)) {
    for (const [bytes, ahead] of SIZES) {
      const sent = await scene.send(scene.pattern(make(scene, bytes)), ahead);
      let rounds = 0;
      await collectGarbage(() => ++rounds > 3 && scene.server.counters().allocatedBytes === 0);
      const others = Array.from({ length: 10 }, () => scene.server.allocate(bytes).fill(0xee));
      const arrival = await sent.arrival();
      if (!arrival.isWhole || arrival.code !== undefined)
        wrong.push(`${kind} ${bytes}: ${JSON.stringify(arrival)}`);
      for (const other of others) scene.server.release(other);
    }
  }
  const { allocatedBytes } = scene.server.counters();
  await collectGarbage(() => scene.server.counters().slicesLent === 0);
  return { wrong, allocatedBytes, slicesLent: scene.server.counters().slicesLent };
}

async function memoryComesBack(scene: WaitingScene): Promise<unknown> {
  const { server } = scene;
  const isWhole = (await (await scene.send(scene.pattern(server.allocate(100_000)), 0)).arrival()).isWhole;
  let made = 0;
  for (let round = 0; round < 100; round++) {
    for (const bytes of [100, 5000, 60_000, 700_000, 2_000_000]) {
      const buffer: Uint8Array & { buffer: TransferableBuffer } = server.allocate(bytes) as never;
      made += 1;
      if (round % 3 === 0) server.release(buffer);
      // Moved away where that is possible, and forgotten.
      if (round % 3 === 1) buffer.buffer.transfer?.();
    }
    await new Promise((resolve) => setImmediate(resolve));
    if (round % 10 === 9) await collectGarbage(() => server.counters().allocatedBytes === 0);
  }
  await collectGarbage(() => server.counters().slicesLent === 0);
  const { allocatedBytes, slicesLent, dedicatedBytes } = server.counters();
  return { isWhole, made, allocatedBytes, slicesLent, dedicatedBytes };
}

const worker = new Worker('require("node:worker_threads").parentPort.on("message", () => undefined)', {
  eval: true,
});
const CHECKS = {
  movedMemoryIsNotSent,
  overwrittenMemoryIsAllThatArrives,
  forgottenMemoryStays,
  memoryComesBack,
};
for (const [name, check] of Object.entries(CHECKS)) {
  await using scene = await WaitingScene.open();
  say({ [name]: await check(scene, worker) });
}
await worker.terminate();
