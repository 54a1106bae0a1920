import { describe, expect, it } from 'vitest';
import { LoadGroup } from './load-group.js';
import type { Load } from './load-plan.js';
import { Sink } from './sink-memory.js';
import { type Fault, type Script, scriptedConnector } from './testing/scripted-connector.js';

const SESSIONS = 20;
const PAYLOAD_BYTES = 64;
const WINDOW = { group: 'g', discardNs: 1e6, measureNs: 5e6 };
const surroundings = {
  turn: () => new Promise<void>((resolve) => setImmediate(resolve)),
  processorTimes: () => ({ serverNs: 0, loadNs: 0 }),
  replyTimeoutNs: 30e6,
};

interface Answer {
  ledger: Record<string, number>;
  sentPerSessionMin: number;
}

interface Window {
  operations: number;
  startNs: number;
  endNs: number;
  bytes: number;
  latencyNs: { samples: number } | null;
}

interface Histogram {
  serviceTimeNs: [number, number][];
  responseTimeNs: [number, number][] | null;
}

const closed: Extract<Load, { mode: 'closed' }> = {
  mode: 'closed',
  depth: 3,
  payloadBytes: PAYLOAD_BYTES,
  reply: 'counter',
};
const open: Extract<Load, { mode: 'open' }> = {
  mode: 'open',
  ratePerSecond: 100_000,
  payloadBytes: PAYLOAD_BYTES,
  reply: 'forward',
};
const stream: Extract<Load, { mode: 'stream' }> = {
  mode: 'stream',
  depth: 4,
  payloadBytes: PAYLOAD_BYTES,
  touchesAll: false,
};
const paced: Extract<Load, { mode: 'paced' }> = {
  mode: 'paced',
  ratePerSecond: 100_000,
  percentOfMax: 0,
  payloadBytes: PAYLOAD_BYTES,
  touchesAll: false,
  stormPercent: 0,
};

const CASES: Record<string, Exclude<Load, { mode: 'tick' }>> = {
  'closed counter': closed,
  'closed forward': { ...closed, reply: 'forward' },
  'open counter': { ...open, reply: 'counter' },
  'open forward': open,
  stream,
  'stream that touches all': { ...stream, touchesAll: true },
  paced,
  'paced through storms': { ...paced, stormPercent: 10 },
  'paced by a share of the most': { ...paced, ratePerSecond: null, percentOfMax: 50 },
};

async function groupOf(
  load: Exclude<Load, { mode: 'tick' }>,
  fault?: Fault,
  at?: number,
): Promise<LoadGroup> {
  const isOneWay = load.mode === 'stream' || load.mode === 'paced';
  const sink = isOneWay ? new Sink(load.touchesAll) : null;
  const reply: Script['reply'] = isOneWay ? (sink as Sink) : load.reply;
  return LoadGroup.connect(scriptedConnector({ reply, fault, at: fault && (at ?? 50) }), {
    group: 'g',
    url: 'mem://script',
    sessions: SESSIONS,
    seed: 11,
    sink: sink?.memory ?? null,
  });
}

/** Runs a window, whatever becomes of it. */
async function attempt(group: LoadGroup, load: Load): Promise<{ code?: string }> {
  try {
    return (await group.run(WINDOW, load, surroundings)) as object;
  } catch (error) {
    return error as { code?: string };
  }
}

describe.each(Object.entries(CASES))('a load that is %s', (_name, load) => {
  it('accounts for every message, window after window', async () => {
    const group = await groupOf(load);
    const windows: Window[] = [];
    for (let round = 0; round < 3; round += 1) {
      windows.push((await group.run(WINDOW, load, surroundings)) as Window);
    }
    for (const { startNs, endNs } of windows) expect(endNs).toBeGreaterThan(startNs);
    await group.disconnect();
    const { ledger, sentPerSessionMin } = group.ledger() as Answer;
    expect(ledger).toEqual({
      sent: ledger.delivered,
      delivered: ledger.delivered,
      droppedCounted: 0,
      unacknowledgedAtClose: 0,
      lost: 0,
      duplicated: 0,
      reordered: 0,
      corrupted: 0,
    });
    const measured = windows.reduce((sum, { operations }) => sum + operations, 0);
    expect(ledger.sent).toBeGreaterThanOrEqual(measured);
    // A session that a storm has just opened anew begins with none.
    const isStormy = load.mode === 'paced' && load.stormPercent > 0;
    if (!isStormy) expect(sentPerSessionMin).toBeGreaterThan(0);
    expect(sentPerSessionMin).toBeLessThanOrEqual(ledger.sent / SESSIONS);
  });

  it('times samples, from the intended time where there is a schedule', async () => {
    const group = await groupOf(load);
    const long = { ...WINDOW, measureNs: 40e6 };
    const { latencyNs } = (await group.run(long, load, surroundings)) as Window;
    const histogram = group.histogram(true) as Histogram;
    const isScheduled = load.mode === 'open' || load.mode === 'paced';
    expect(histogram.responseTimeNs === null).toBe(!isScheduled);
    const counts = isScheduled ? (histogram.responseTimeNs ?? []) : histogram.serviceTimeNs;
    expect(counts.reduce((sum, [, count]) => sum + count, 0)).toBe(latencyNs?.samples);
    expect(counts.length).toBeGreaterThan(0);
    expect((group.histogram(false) as Histogram).serviceTimeNs).toEqual([]);
  });

  it('finds a message that never came', async () => {
    const group = await groupOf(load, 'drop');
    const error = await attempt(group, load);
    expect(error.code).toBe('ERR_GENERATOR_REPLY_TIMEOUT');
    expect((group.ledger() as Answer).ledger.lost).toBeGreaterThan(0);
    // What is out may still come: the group is of no more use.
    await expect(group.run(WINDOW, load, surroundings)).rejects.toThrow(/are out/);
  });

  it('finds a message that came twice', async () => {
    const group = await groupOf(load, 'duplicate');
    await attempt(group, load);
    const { duplicated, lost, reordered, corrupted } = (group.ledger() as Answer).ledger;
    expect({ duplicated, lost, reordered, corrupted }).toEqual({
      duplicated: 1,
      lost: 0,
      reordered: 0,
      corrupted: 0,
    });
  });

  it('finds a message that came late', async () => {
    const group = await groupOf(load, 'reorder', 25);
    await attempt(group, load);
    const { duplicated, lost, reordered, corrupted } = (group.ledger() as Answer).ledger;
    expect({ duplicated, lost, reordered, corrupted }).toEqual({
      duplicated: 0,
      lost: 0,
      reordered: 1,
      corrupted: 0,
    });
  });

  it('finds a message whose first word was changed', async () => {
    const group = await groupOf(load, 'corrupt-first-word');
    await attempt(group, load);
    expect((group.ledger() as Answer).ledger.corrupted).toBeGreaterThan(0);
  });

  it("finds another session's message", async () => {
    const group = await groupOf(load, 'misdirect');
    await attempt(group, load);
    expect((group.ledger() as Answer).ledger.corrupted).toBeGreaterThan(0);
  });

  it('says which session was lost, and why', async () => {
    const group = await groupOf(load, 'close');
    const error = (await attempt(group, load)) as Error & { code: string };
    expect(error.code).toBe('ERR_GENERATOR_SESSION_LOST');
    expect(error.message).toMatch(/lost session \d+ of 20: planned by the test/);
  });
});

describe('a load that touches every byte', () => {
  const load = { ...stream, touchesAll: true };

  it('counts bytes, which others do not', async () => {
    const all = (await (await groupOf(load)).run(WINDOW, load, surroundings)) as Window;
    expect(all.bytes).toBe(all.operations * PAYLOAD_BYTES);
    const some = (await (await groupOf(stream)).run(WINDOW, stream, surroundings)) as Window;
    expect(some.bytes).toBe(0);
  });

  it.each([0, 1, 2, 50])('finds a changed last word in message %i', async (at) => {
    const group = await groupOf(load, 'corrupt-last-word', at);
    await attempt(group, load);
    expect((group.ledger() as Answer).ledger).toMatchObject({ corrupted: 1, lost: 0 });
  });
});

describe('a group', () => {
  it('keeps its load', async () => {
    const group = await groupOf(closed);
    await group.run(WINDOW, closed, surroundings);
    await expect(group.run(WINDOW, { ...closed, depth: 4 }, surroundings)).rejects.toThrow(/has load/);
  });

  it('refuses one-way messages to a listener that is no sink', async () => {
    const group = await groupOf(closed);
    await expect(group.run(WINDOW, stream, surroundings)).rejects.toThrow(/is no sink/);
  });

  it('runs no more once it is disconnected', async () => {
    const group = await groupOf(closed);
    await group.run(WINDOW, closed, surroundings);
    await group.disconnect();
    await expect(group.run(WINDOW, closed, surroundings)).rejects.toThrow(/is disconnected/);
    expect((group.ledger() as Answer).ledger.lost).toBe(0);
  });
});
