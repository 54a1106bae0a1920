/** What becomes of views that handlers take. Prints one value per check. */

import type { Message } from '../message.js';
import type { MessageBatch } from '../message-batch.js';
import { codeOf, LendingScene, SIZES } from './lending-scene.js';
import { say } from './program-voice.js';

/** What sessions before us have sent. */
const SECRET = 0xa5;

async function keptViewsBecomeEmpty(scene: LendingScene): Promise<unknown> {
  const session = await scene.connect();
  const kept: Uint8Array[] = [];
  let readInTurn = 0;
  for (const length of SIZES) {
    await scene.lend(session, [Buffer.alloc(length, 7)], (batch) => {
      for (const message of batch) {
        const views = [message.payload(), message.payload(), new Uint8Array(message.payload().buffer)];
        readInTurn += views[1].every((byte) => byte === 7) && views[1].length === length ? 1 : 0;
        kept.push(...views);
      }
    });
  }
  const lengths = kept.flatMap((view) => [view.length, view.byteLength, view.buffer.byteLength]);
  return {
    readInTurn,
    left: lengths.filter((length) => length !== 0),
    undefinedRead: kept[0][0] === undefined,
  };
}

/** A view's whole buffer must not hold what an earlier session sent, wherever in it that would lie. */
async function buffersHoldThisTurnOnly(scene: LendingScene): Promise<unknown> {
  let secretsFound = 0;
  let looked = 0;
  for (let round = 0; round < 30; round++) {
    const before = await scene.connect();
    // Fills every kind of slice, several at once, and leaves pieces of packets behind.
    const secrets = SIZES.map((length) => Buffer.alloc(length, SECRET));
    const small = Array.from({ length: 200 }, () => Buffer.alloc(700, SECRET));
    await scene.lend(before, [...small, ...secrets], (batch) => {
      for (const message of batch) message.payload();
    });
    await before.close();
    const session = await scene.connect();
    for (const length of SIZES) {
      const options = { extHeader: Buffer.alloc(round, 1) };
      await scene.lend(
        session,
        [Buffer.alloc(length, 1)],
        (batch) => {
          for (const message of batch) {
            for (const view of [message.payload(), message.extHeader()]) {
              looked += 1;
              if (new Uint8Array(view.buffer).includes(SECRET)) secretsFound += 1;
            }
          }
        },
        options,
      );
    }
    await session.close();
  }
  return { looked: looked > 0, secretsFound };
}

async function staleMessagesThrow(scene: LendingScene): Promise<unknown> {
  const session = await scene.connect();
  const messages: Message[] = [];
  await scene.lend(session, [Buffer.from('first'), Buffer.alloc(2_000_000)], (batch) => {
    for (const message of batch) messages.push(message);
  });
  const accesses = (message: Message, fresh?: Message) => [
    () => message.sessionId,
    () => message.sessionSlot,
    () => message.messageId,
    () => message.packetType,
    () => message.bizType,
    () => message.length,
    () => message.highPriority,
    () => message.getUint8(0),
    () => message.getUint16(0),
    () => message.getUint32(0),
    () => message.getFloat64(0),
    () => message.payload(),
    () => message.extHeader(),
    () => message.reply(new Uint8Array(1)),
    () => message.reply(message),
    () => fresh?.reply(message) ?? message.reply(message),
    () => message.forward(session),
    () => message.ticket(),
    () => message.retain(),
    () => message.copy(),
  ];
  const codes = messages.flatMap((message) => accesses(message).map(codeOf));
  // In a later batch, too, where the same memory holds a message of somebody else.
  const other = await scene.connect();
  await scene.lend(other, [Buffer.from('other')], (batch) => {
    for (const fresh of batch) {
      for (const message of messages) codes.push(...accesses(message, fresh).map(codeOf));
    }
  });
  // A batch that was kept hands out nothing that can be read, neither between turns nor within a later one.
  const kept: MessageBatch[] = [];
  const readOn = () => {
    for (const batch of kept) codes.push(codeOf(() => [...batch].map((message) => message.payload())));
  };
  await scene.lend(session, [Buffer.from('a'), Buffer.from('b')], (batch) => {
    kept.push(batch);
  });
  readOn();
  await scene.lend(other, [Buffer.from('c'), Buffer.from('d')], (batch) => {
    readOn();
    for (const message of batch) message.length;
  });
  return { kept: kept.length, codes: [...new Set(codes)] };
}

async function sizesCannotBeChanged(scene: LendingScene): Promise<unknown> {
  const session = await scene.connect();
  const outcomes: unknown[] = [];
  for (const length of SIZES) {
    await scene.lend(session, [Buffer.alloc(length, 7)], (batch) => {
      for (const message of batch) {
        const { buffer } = message.payload();
        const resizable = buffer as ArrayBuffer & { resize(length: number): void };
        outcomes.push(codeOf(() => resizable.resize(0)));
        outcomes.push(codeOf(() => resizable.resize(buffer.byteLength + 1)));
        outcomes.push(codeOf(() => new Uint8Array(buffer, 0, buffer.byteLength + 1)));
      }
    });
  }
  return [...new Set(outcomes)];
}

/** A handler may scribble over all it can reach: that is its own turn's, and the next one begins anew. */
async function overwritingHarmsNoLaterTurn(scene: LendingScene): Promise<unknown> {
  const sessions = [await scene.connect(), await scene.connect()];
  let wrong = 0;
  for (let round = 0; round < 100; round++) {
    const length = SIZES[round % SIZES.length];
    await scene.lend(sessions[0], [Buffer.alloc(length, 9), Buffer.alloc(100, 9)], (batch) => {
      for (const message of batch) new Uint8Array(message.payload().buffer).fill(0xff);
    });
    await scene.lend(sessions[1], [Buffer.alloc(length, round), Buffer.alloc(50, round)], (batch) => {
      for (const message of batch) wrong += message.payload().every((byte) => byte === round) ? 0 : 1;
    });
  }
  return { wrong, sessionsOpen: sessions.filter(({ closed }) => !closed).length };
}

const CHECKS = {
  keptViewsBecomeEmpty,
  buffersHoldThisTurnOnly,
  staleMessagesThrow,
  sizesCannotBeChanged,
  overwritingHarmsNoLaterTurn,
};

for (const [name, check] of Object.entries(CHECKS)) {
  await using scene = await LendingScene.open();
  say({ [name]: await check(scene) });
}
