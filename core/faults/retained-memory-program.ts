/** Retained messages, from taking to collection. Prints one value per check. Needs `--expose-gc`. */
import type { RetainedMessage } from '../retained-message.js';
import { codeOf, collectGarbage, LendingScene, SIZES } from './lending-scene.js';
import { say } from './program-voice.js';

async function retain(
  scene: LendingScene,
  lengths: readonly number[],
  fill: number,
): Promise<RetainedMessage[]> {
  const session = await scene.connect();
  const retained: RetainedMessage[] = [];
  for (const length of lengths) {
    await scene.lend(session, [Buffer.alloc(length, fill)], (batch) => {
      for (const message of batch) retained.push(message.retain());
    });
  }
  return retained;
}

async function trample(scene: LendingScene): Promise<void> {
  const session = await scene.connect();
  for (let round = 0; round < 10; round++) {
    await scene.lend(
      session,
      [...SIZES, ...SIZES].map((length) => Buffer.alloc(length, 0xee)),
      (batch) => {
        for (const message of batch) message.payload();
      },
    );
  }
}

async function retainedMemoryStays(scene: LendingScene): Promise<unknown> {
  const retained = await retain(scene, SIZES, 3);
  const views = retained.map(({ payload }) => payload);
  await trample(scene);
  const intact = views.every((view, i) => view.length === SIZES[i] && view.every((byte) => byte === 3));
  const pinned = retained.map((message) => message.pinned);
  const isCharged = scene.server.counters().retainedBytes > 0;
  for (const message of retained) message.release();
  for (const message of retained) message[Symbol.dispose]();
  // A copy is the program's own; pinned memory is read into again, so its view is empty.
  const emptyWherePinned = views.every((view, i) => view.length === (pinned[i] ? 0 : SIZES[i]));
  const codes = [...new Set(retained.map((message) => codeOf(() => message.payload)))];
  const { retainedBytes, slicesLent } = scene.server.counters();
  return {
    intact,
    pinned: [pinned[0], pinned.at(-1)],
    isCharged,
    emptyWherePinned,
    codes,
    retainedBytes,
    slicesLent,
  };
}

/** However much is retained, the reactor keeps memory to read into. */
async function retainingEverythingStarvesNobody(scene: LendingScene): Promise<unknown> {
  const lengths = Array.from({ length: 300 }, () => 30_000);
  const retained = await retain(scene, lengths, 4);
  await trample(scene);
  const pinned = retained.filter((message) => message.pinned).length;
  const intact = retained.every(
    ({ payload }) => payload.length === 30_000 && payload.every((byte) => byte === 4),
  );
  for (const message of retained) message.release();
  return {
    intact,
    someArePinned: pinned > 0,
    someAreCopied: pinned < 300,
    retainedBytes: scene.server.counters().retainedBytes,
  };
}

async function forgottenOnesAreCounted(scene: LendingScene): Promise<unknown> {
  const before = scene.server.counters().retainedCollected;
  const pinned = (await retain(scene, [...SIZES, 2_000_000], 5)).filter((message) => message.pinned).length;
  const { server } = scene;
  await collectGarbage(() => server.counters().retainedBytes === 0);
  const { retainedBytes, retainedCollected, slicesLent } = server.counters();
  return { allCounted: pinned > 0 && retainedCollected - before === pinned, retainedBytes, slicesLent };
}

async function releasingAfterTheTransportClosed(scene: LendingScene): Promise<unknown> {
  const retained = await retain(scene, SIZES, 6);
  const views = retained.map(({ payload }) => payload);
  const pinned = retained.map((message) => message.pinned);
  await scene[Symbol.asyncDispose]();
  const left = views.filter((view, i) => pinned[i] && view.length !== 0).length;
  const copies = views.every((view, i) => pinned[i] || view.every((byte) => byte === 6));
  return {
    left,
    copies,
    codes: [...new Set(retained.map((message) => codeOf(() => message.release())))].map(String),
  };
}

const CHECKS = {
  retainedMemoryStays,
  retainingEverythingStarvesNobody,
  forgottenOnesAreCounted,
  releasingAfterTheTransportClosed,
};
for (const [name, check] of Object.entries(CHECKS)) {
  await using scene = await LendingScene.open();
  say({ [name]: await check(scene) });
}
