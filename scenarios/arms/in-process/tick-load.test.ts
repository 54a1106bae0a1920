import { afterEach, describe, expect, it } from 'vitest';
import { BroadcastTicker } from './broadcast-ticker.js';
import type { LoadConnector, LoadEnds, LoadEvents } from './load-ends.js';
import { LoadGroup } from './load-group.js';
import type { Load } from './load-plan.js';
import type { PayloadReader } from './message-words.js';
import { Sink } from './sink-memory.js';
import { monotonicNs } from './thread-clock.js';

const PLAYERS = 12;
const load: Load = { mode: 'tick', tickHz: 500, inputsHz: 50, payloadBytes: 128 };
const plan = { tickHz: 500, groupSize: 5, payloadBytes: 128 };
const WINDOW = { group: 'g', discardNs: 1e6, measureNs: 20e6 };
const FRAMES_PER_WINDOW = 10 * PLAYERS;
const SURROUNDINGS = {
  turn: () => new Promise<void>((resolve) => setImmediate(resolve)),
  processorTimes: () => ({ serverNs: 0, loadNs: 0 }),
  replyTimeoutNs: 300e6,
};

type Fault = 'drop' | 'duplicate' | 'reorder' | 'corrupt' | 'misdirect' | 'drop-input';

class Words implements PayloadReader {
  readonly #words: Uint32Array;

  constructor(bytes: Uint8Array) {
    this.#words = new Uint32Array(bytes.slice().buffer);
  }

  get length(): number {
    return this.#words.byteLength;
  }

  getUint32(offset: number): number {
    return this.#words[offset / 4];
  }

  payload(): Uint8Array {
    return new Uint8Array(this.#words.buffer);
  }
}

const open: { stop(): void }[] = [];

afterEach(() => {
  for (const game of open.splice(0)) game.stop();
});

/** A server that broadcasts, and does one thing to the frame that player 7 gets as its `at`-th. */
class Game implements LoadConnector {
  readonly sink = new Sink();
  readonly groupSizes = new Map<number, number>();
  #ticker: BroadcastTicker<number> | undefined;
  #frames = 0;
  #held: Uint8Array | undefined;
  #inputs = 0;
  #events: LoadEvents | undefined;
  readonly #fault: Fault | undefined;

  constructor(fault?: Fault) {
    this.#fault = fault;
    open.push(this);
  }

  async connect(_url: string, sessions: number, _seed: number, events: LoadEvents): Promise<LoadEnds> {
    this.#events = events;
    this.#ticker = new BroadcastTicker<number>(plan, (frame, players) => {
      for (const player of players) this.#arrive(player, frame);
    });
    for (let player = 0; player < sessions; player += 1) this.#ticker.add(player);
    const words = new Int32Array(5);
    return {
      prepare: () => undefined,
      words,
      send: (index) => {
        this.#inputs += 1;
        if (this.#fault === 'drop-input' && this.#inputs === 5) return;
        this.sink.take(index, new Words(new Uint8Array(words.buffer)));
        this.sink.ledger.publish();
      },
      reconnect: async () => undefined,
      close: async () => this.stop(),
    };
  }

  stop(): void {
    for (let player = 0; player < PLAYERS; player += 1) this.#ticker?.remove(player);
  }

  #arrive(player: number, frame: Uint8Array): void {
    const group = new Uint32Array(frame.slice().buffer)[3];
    this.groupSizes.set(group, (this.groupSizes.get(group) ?? 0) + 1);
    if (player === 7) this.#frames += 1;
    const hits = player === 7 && this.#frames === 6;
    if (hits && this.#fault === 'drop') return;
    if (hits && this.#fault === 'reorder') {
      this.#held = frame.slice();
      return;
    }
    const bytes = frame.slice();
    // Every byte of one frame in 64 is looked at; the length and the group of each.
    if (hits && this.#fault === 'corrupt') bytes[12] ^= 1;
    this.#events?.onMessage(player, new Words(bytes));
    if (hits && this.#fault === 'duplicate') this.#events?.onMessage(player, new Words(bytes));
    if (hits && this.#fault === 'misdirect') this.#events?.onMessage(0, new Words(bytes));
    if (player === 7 && this.#held !== undefined) {
      this.#events?.onMessage(player, new Words(this.#held));
      this.#held = undefined;
    }
  }
}

interface Answer {
  ledger: Record<string, number>;
}
interface Window {
  operations: number;
  framesDue: number;
  framesOnTime: number;
  latencyNs: { samples: number } | null;
}

async function play(
  game: Game,
  surroundings = SURROUNDINGS,
): Promise<{ group: LoadGroup; windows: Window[] }> {
  const group = await LoadGroup.connect(game, {
    group: 'g',
    url: 'mem://game',
    sessions: PLAYERS,
    seed: 2,
    sink: game.sink.memory,
  });
  const windows: Window[] = [];
  for (let round = 0; round < 2; round += 1) {
    windows.push((await group.run(WINDOW, load, surroundings)) as Window);
  }
  await group.disconnect();
  return { group, windows };
}

describe('players of a broadcast', () => {
  it('get every frame of their group, and have every input counted', async () => {
    const game = new Game();
    const { group, windows } = await play(game);
    for (const { framesDue, framesOnTime, latencyNs } of windows) {
      expect(framesDue).toBe(FRAMES_PER_WINDOW);
      expect(framesDue).toBeGreaterThanOrEqual(framesOnTime);
      expect(latencyNs?.samples ?? 0).toBe(framesDue);
    }
    const { sent, ...rest } = (group.ledger() as Answer).ledger;
    expect(sent).toBeGreaterThan(PLAYERS);
    expect(rest).toEqual({
      ...{ delivered: sent, droppedCounted: 0, unacknowledgedAtClose: 0 },
      ...{ lost: 0, duplicated: 0, reordered: 0, corrupted: 0 },
    });
    // Twelve players in groups of five, in the order of their opening.
    expect([...game.groupSizes.keys()].sort()).toEqual([0, 1, 2]);
    expect(game.groupSizes.get(0)).toBe(game.groupSizes.get(1));
    expect((game.groupSizes.get(0) ?? 0) * 2).toBe((game.groupSizes.get(2) ?? 0) * 5);
  });

  it.each([
    ['drop', { lost: 1, duplicated: 0, reordered: 0, corrupted: 0 }],
    ['duplicate', { lost: 0, duplicated: 1, reordered: 0, corrupted: 0 }],
    ['reorder', { lost: 0, duplicated: 0, reordered: 1, corrupted: 0 }],
    ['corrupt', { lost: 1, duplicated: 0, reordered: 0, corrupted: 1 }],
    ['misdirect', { lost: 0, duplicated: 0, reordered: 0, corrupted: 1 }],
  ] as [Fault, object][])('notice a frame that suffers %s', async (fault, counts) => {
    const { group } = await play(new Game(fault));
    expect((group.ledger() as Answer).ledger).toMatchObject(counts);
  });

  it('count the frames of a window that their thread has slept through', async () => {
    const game = new Game();
    let hasSlept = false;
    // Once all have joined and while it is discarding, a turn that is longer than the window: it is over when it is noticed to begin.
    const turn = async (): Promise<void> => {
      const untilNs = monotonicNs() + 2 * (WINDOW.discardNs + WINDOW.measureNs);
      if (!hasSlept && game.groupSizes.size === 3) {
        hasSlept = true;
        while (monotonicNs() < untilNs);
      }
      await SURROUNDINGS.turn();
    };
    const [{ framesDue, framesOnTime }] = (await play(game, { ...SURROUNDINGS, turn })).windows;
    expect(hasSlept).toBe(true);
    expect(framesDue).toBe(FRAMES_PER_WINDOW);
    expect(framesOnTime).toBeLessThan(framesDue);
  });

  it('notice an input that was lost', async () => {
    await expect(play(new Game('drop-input'))).rejects.toThrow(/are out/);
  });
});
