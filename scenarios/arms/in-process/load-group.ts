import { badCommand, ControlError } from '../serve-commands.js';
import { summarise } from './latency-histogram.js';
import type { LoadDriver } from './load-driver.js';
import type { LoadConnector, LoadEnds } from './load-ends.js';
import type { Load, WindowPlan } from './load-plan.js';
import { runWindow, type WindowSurroundings } from './load-window.js';
import { MessageSender } from './message-sender.js';
import type { PayloadReader } from './message-words.js';
import { OneWayLoad } from './one-way-load.js';
import { ReplyLoad } from './reply-load.js';
import { SessionTurns } from './session-turns.js';
import { Sink, type SinkMemory } from './sink-memory.js';
import { TickLoad } from './tick-load.js';

type Counts = Map<number, number>;

export interface ConnectPlan {
  group: string;
  url: string;
  sessions: number;
  seed: number;
  /** Where one-way messages to that listener are counted, when they are. */
  sink: SinkMemory | null;
}

/** A group of sessions with its load, from `connect` to after `disconnect`. */
export class LoadGroup {
  readonly #plan: ConnectPlan;
  #ends: LoadEnds | null = null;
  #isOpen = true;
  #problem: ControlError | null = null;
  /** Who takes what the sessions receive. */
  #receiver: ReplyLoad | TickLoad | null = null;
  #driver: LoadDriver | null = null;
  #sender: MessageSender | null = null;
  #loadText = '';
  readonly #service: Counts = new Map();
  readonly #response: Counts = new Map();
  #isScheduled = false;

  private constructor(plan: ConnectPlan) {
    this.#plan = plan;
  }

  static async connect(connector: LoadConnector, plan: ConnectPlan): Promise<LoadGroup> {
    const group = new LoadGroup(plan);
    group.#ends = await connector.connect(plan.url, plan.sessions, plan.seed, {
      onMessage: (index, reader) => group.#onMessage(index, reader),
      onClosed: (index, reason) => group.#onClosed(index, reason),
    });
    return group;
  }

  /** Runs one window. The first one says what load the group has; it keeps it. */
  async run(
    window: WindowPlan,
    load: Load,
    surroundings: Omit<WindowSurroundings, 'problem'>,
  ): Promise<object> {
    if (!this.#isOpen) throw badCommand(`group "${this.#plan.group}" is disconnected; connect it again`);
    if (this.#problem !== null) throw this.#problem;
    const driver = this.#driverOf(load);
    const complete = { ...surroundings, problem: () => this.#problem };
    try {
      const { durations, ...measured } = await runWindow(driver, window, complete);
      addTo(this.#service, durations.serviceTimeNs);
      addTo(this.#response, durations.responseTimeNs ?? []);
      this.#isScheduled = durations.responseTimeNs !== null;
      const latencyNs = summarise(durations.responseTimeNs ?? durations.serviceTimeNs);
      const frames = driver instanceof TickLoad ? driver.takeFrames() : {};
      const bytes = measured.operations * bytesOf(load);
      return { group: window.group, ...measured, bytes, latencyNs, ...frames };
    } catch (error) {
      // What is out may still come, and would be taken for answers of another run.
      this.#problem ??=
        error instanceof ControlError ? error : new ControlError('ERR_CONTROL_FAILED', String(error));
      throw error;
    }
  }

  histogram(reset: boolean): object {
    const sorted = (counts: Counts) => [...counts].sort((left, right) => left[0] - right[0]);
    const answer = {
      serviceTimeNs: sorted(this.#service),
      responseTimeNs: this.#isScheduled ? sorted(this.#response) : null,
    };
    if (reset) {
      this.#service.clear();
      this.#response.clear();
    }
    return answer;
  }

  ledger(): object {
    const frames = this.#driver instanceof TickLoad ? this.#driver.framesSent : 0;
    const sent = (this.#sender?.total ?? 0) + frames;
    const counts = this.#driver?.counts() ?? { delivered: 0, duplicated: 0, reordered: 0, corrupted: 0 };
    const lost = sent - counts.delivered;
    let sentPerSessionMin = Number.POSITIVE_INFINITY;
    for (const each of this.#sender?.sent ?? [0]) sentPerSessionMin = Math.min(sentPerSessionMin, each);
    const ledger = { sent, ...counts, droppedCounted: 0, unacknowledgedAtClose: 0, lost };
    return { ledger, sentPerSessionMin };
  }

  /** Closes the sessions; the ledger stays readable. */
  async disconnect(): Promise<void> {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    await this.#ends?.close();
    this.#ends = null;
  }

  #driverOf(load: Load): LoadDriver {
    const text = JSON.stringify(load);
    if (this.#driver !== null) {
      if (text === this.#loadText) return this.#driver;
      throw badCommand(
        `group "${this.#plan.group}" has load ${this.#loadText} already; connect another group`,
      );
    }
    const { sessions, seed, sink, group } = this.#plan;
    const ends = this.#ends as LoadEnds;
    const sender = new MessageSender(ends, sessions, seed);
    const turns = new SessionTurns(sessions);
    if (load.mode === 'closed' || load.mode === 'open') {
      this.#driver = this.#receiver = new ReplyLoad(load, ends, sessions, sender, turns);
    } else {
      if (sink === null) throw badCommand(`group "${group}": the listener of ${this.#plan.url} is no sink`);
      if (load.mode === 'tick') {
        this.#driver = this.#receiver = new TickLoad(
          load,
          ends,
          sessions,
          sender,
          turns,
          new Sink(false, sink),
        );
      } else {
        this.#driver = new OneWayLoad(load, ends, sessions, sender, turns, new Sink(load.touchesAll, sink));
      }
    }
    this.#sender = sender;
    this.#loadText = text;
    return this.#driver;
  }

  #onMessage(index: number, reader: PayloadReader): void {
    // Before the first run nobody takes anything: a broadcast begins when there are players.
    if (this.#receiver !== null) this.#receiver.onMessage(index, reader);
    else if (this.#driver !== null) {
      this.#problem ??= new ControlError('ERR_GENERATOR_UNASKED', `session ${index} got a message unasked`);
    }
  }

  #onClosed(index: number, reason: string): void {
    if (!this.#isOpen) return;
    this.#problem ??= new ControlError(
      'ERR_GENERATOR_SESSION_LOST',
      `group ${this.#plan.group} lost session ${index} of ${this.#plan.sessions}: ${reason}`,
    );
  }
}

/** Bytes count as moved where both ends touch each of them. */
function bytesOf(load: Load): number {
  if (load.mode === 'closed' || load.mode === 'open') return load.payloadBytes;
  if (load.mode === 'tick') return load.payloadBytes;
  return load.touchesAll ? load.payloadBytes : 0;
}

function addTo(sums: Counts, counts: readonly (readonly [number, number])[]): void {
  for (const [value, count] of counts) sums.set(value, (sums.get(value) ?? 0) + count);
}
