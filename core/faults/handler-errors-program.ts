/** Handlers that throw and handlers that are asynchronous. Prints one value per check. */
import type { Message } from '../message.js';
import { codeOf, LendingScene } from './lending-scene.js';
import { say } from './program-voice.js';

const uncaught: string[] = [];
process.on('uncaughtException', (error: Error & { code?: string }) =>
  uncaught.push(error.code ?? error.message),
);

function takeUncaught(): string[] {
  return uncaught.splice(0);
}

const payloads = (texts: readonly string[]) => texts.map((text) => Buffer.from(text));
const textOf = (message: Message) => Buffer.from(message.payload()).toString();
const TEXTS = ['a', 'b', 'c', 'd', 'e'];

/** Until nothing more is on its way. */
const settle = () => new Promise((resolve) => setTimeout(resolve, 50));

async function throwingMidway(scene: LendingScene): Promise<unknown> {
  const session = await scene.connect();
  const seen: string[] = [];
  let calls = 0;
  await scene.lend(session, payloads(TEXTS), (batch) => {
    calls += 1;
    for (const message of batch) {
      seen.push(textOf(message));
      if (seen.length === 2 || seen.length === 4) throw new Error(`at ${seen.at(-1)}`);
    }
  });
  return { seen, calls, uncaught: takeUncaught() };
}

async function throwingBeforeTheFirst(scene: LendingScene): Promise<unknown> {
  const session = await scene.connect();
  let calls = 0;
  const seen: string[] = [];
  session.send(Buffer.from('x'));
  scene.server.onBatch((batch) => {
    calls += 1;
    if (calls <= 2) throw new Error(`call ${calls}`);
    for (const message of batch) seen.push(textOf(message));
  });
  for (const payload of payloads(TEXTS)) session.send(payload);
  while (!seen.includes('e')) await new Promise((resolve) => setImmediate(resolve));
  // Each failed call gives up one message, and no more.
  return { seen: seen.join(''), calls: calls >= 3, uncaught: takeUncaught() };
}

async function asynchronousHandler(scene: LendingScene): Promise<unknown> {
  const session = await scene.connect();
  const codes: (string | undefined)[] = [];
  let handled = 0;
  await scene.lend(session, payloads(TEXTS), async (batch) => {
    try {
      for (const message of batch) {
        handled += 1;
        await undefined;
        // Were the loop to go on, this would answer somebody else.
        codes.push(codeOf(() => message.reply(Buffer.from('too late'))));
      }
    } catch (error) {
      codes.push((error as { code: string }).code);
    }
  });
  await settle();
  return { handled, codes: [...new Set(codes)], uncaught: [...new Set(takeUncaught())] };
}

/** A promise alone is enough: what it will do cannot be known. */
async function thenableResult(scene: LendingScene): Promise<unknown> {
  const session = await scene.connect();
  // biome-ignore lint/suspicious/noThenProperty: a thenable is what is tested
  await scene.lend(session, payloads(['a']), () => ({ then: () => undefined }));
  const first = takeUncaught();
  const seen: string[] = [];
  await scene.lend(session, payloads(['b']), (batch) => {
    for (const message of batch) seen.push(textOf(message));
  });
  return { first, seen, uncaught: takeUncaught() };
}

async function everyListenerMayThrow(scene: LendingScene): Promise<unknown> {
  const { server } = scene;
  server.onBatch(undefined);
  const texts: string[] = [];
  server.on('session', () => {
    throw new Error('session');
  });
  server.on('message', (_session, packet) => {
    texts.push(Buffer.from(packet.payload).toString());
    throw new Error('message');
  });
  let isClosed = false;
  server.on('close', () => {
    isClosed = true;
    throw new Error('close');
  });
  const session = await scene.connect();
  for (const payload of payloads(['a', 'b'])) session.send(payload);
  await session.close();
  while (!isClosed) await new Promise((resolve) => setImmediate(resolve));
  await settle();
  return { texts, uncaught: takeUncaught() };
}

/** Packets that came before there was a listener, and a listener that fails at each. */
async function lateListenerThrows(scene: LendingScene): Promise<unknown> {
  const { server } = scene;
  server.onBatch(undefined);
  const session = await scene.connect();
  for (const payload of payloads(TEXTS)) session.send(payload);
  await settle();
  const texts: string[] = [];
  server.on('message', (_session, packet) => {
    texts.push(Buffer.from(packet.payload).toString());
    throw new Error('late');
  });
  await settle();
  session.send(Buffer.from('f'));
  while (!texts.includes('f')) await new Promise((resolve) => setImmediate(resolve));
  return { texts: texts.join(''), uncaught: takeUncaught().length };
}

const CHECKS = {
  throwingMidway,
  throwingBeforeTheFirst,
  asynchronousHandler,
  thenableResult,
  everyListenerMayThrow,
  lateListenerThrows,
};
for (const [name, check] of Object.entries(CHECKS)) {
  await using scene = await LendingScene.open();
  say({ [name]: await check(scene) });
}
