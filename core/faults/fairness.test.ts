import { describe, expect, it } from 'vitest';
import { bytesOf, textOf, until } from '../contract/connected-pair.js';
import { HighPerformanceTransport } from '../high-performance-transport.js';
import type { Session } from '../transport.js';
import { ChildProgram } from './child-program.js';

const QUIET_SESSIONS = 100;
const FLOOD_BYTES = 128 * 1024 * 1024;

async function quietSessions(client: HighPerformanceTransport, url: string): Promise<Session[]> {
  return Promise.all(Array.from({ length: QUIET_SESSIONS }, () => client.connect(url)));
}

describe('one session at full speed', () => {
  it('leaves timers and 100 quiet sessions their turn', async () => {
    // The flood comes from a process of its own, so that it never waits for us.
    await using flooder = new ChildProgram('flooding-program', { args: [String(FLOOD_BYTES)] });
    await using server = await HighPerformanceTransport.create();
    await using client = await HighPerformanceTransport.create();
    let flooded = 0;
    server.onBatch((batch) => {
      for (const message of batch) {
        if (message.packetType === 'request') message.reply(message);
        else flooded += message.length;
      }
    });
    const listener = await server.listen('tcp://127.0.0.1:0');
    const quiet = await quietSessions(client, listener.url);
    let timers = 0;
    let isOver = false;
    const tick = () => {
      timers += 1;
      if (!isOver) setTimeout(tick, 0);
    };
    setTimeout(tick, 0);
    flooder.tell(listener.url);
    await until(() => flooded > 0);
    const timersBefore = timers;
    let served = 0;
    while (flooded < FLOOD_BYTES) {
      const texts = quiet.map(({ id }) => `${id} ${served}`);
      const answers = await Promise.all(quiet.map((session, i) => session.request(bytesOf(texts[i]))));
      expect(answers.map(textOf)).toEqual(texts);
      served += answers.length;
    }
    isOver = true;
    // At 64 KB per session and turn the flood takes 2 048 turns; every turn serves whoever waits.
    expect(served).toBeGreaterThanOrEqual(5 * QUIET_SESSIONS);
    expect(timers - timersBefore).toBeGreaterThan(50);
    expect(await flooder.next()).toEqual({ sent: FLOOD_BYTES });
  });

  it('does not hold the turn when it is written to', async () => {
    await using server = await HighPerformanceTransport.create({ writeQueueBytesMax: 256 * 1024 * 1024 });
    await using client = await HighPerformanceTransport.create();
    server.on('message', (session, packet) => session.reply(packet, packet.payload));
    const accepted: Session[] = [];
    server.on('session', (session) => accepted.push(session));
    const listener = await server.listen('tcp://127.0.0.1:0');
    let received = 0;
    client.onBatch((batch) => {
      for (const message of batch) received += message.length;
    });
    await client.connect(listener.url);
    await until(() => accepted.length === 1);
    const quiet = await quietSessions(client, listener.url);
    for (let i = 0; i < 120; i++) accepted[0].send(new Uint8Array(1024 * 1024));
    let served = 0;
    while (received < 120 * 1024 * 1024) {
      await Promise.all(quiet.map((session) => session.request(bytesOf('served?'))));
      served += 1;
    }
    expect(served).toBeGreaterThanOrEqual(5);
  });
});
