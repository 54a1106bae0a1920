import { describe, expect, it } from 'vitest';
import { MessageSender } from './message-sender.js';
import { OneWayLoad } from './one-way-load.js';
import { SessionTurns } from './session-turns.js';
import { Sink } from './sink-memory.js';
import { scriptedConnector } from './testing/scripted-connector.js';

const SESSIONS = 4;

describe('messages that are under way', () => {
  it('are as many after one has come twice', async () => {
    const sink = new Sink();
    const events = { onMessage: () => {}, onClosed: () => {} };
    const { connect } = scriptedConnector({ reply: sink, fault: 'duplicate', at: 0 });
    const ends = await connect('mem://script', SESSIONS, 11, events);
    const sender = new MessageSender(ends, SESSIONS, 11);
    const load = { mode: 'stream', depth: 4, payloadBytes: 64, touchesAll: false } as const;
    const driver = new OneWayLoad(load, ends, SESSIONS, sender, new SessionTurns(SESSIONS), sink);
    sender.send(0, 0);
    await new Promise((resolve) => setImmediate(resolve));
    expect(driver.counts()).toMatchObject({ delivered: 1, duplicated: 1 });
    expect(driver.outstanding()).toBe(0);
    sender.send(1, 0);
    expect(driver.outstanding()).toBe(1);
  });
});
