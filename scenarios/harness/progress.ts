import { type ArmView, HISTORY_MAX, type LiveState, liveLines, plainLine } from './live-view.js';
import { TerminalArea } from './terminal-area.js';

export { formatSeconds } from './live-view.js';

/** What a run tells about itself while it goes on. */
export interface ProgressSink {
  /** What is done now. The arms of the phase before are forgotten. */
  phase(text: string): void;
  /** Seconds of the plan's slots that are done. */
  advance(seconds: number): void;
  /** Last throughput of an arm, operations per second. */
  rate(arm: string, operationsPerSecond: number): void;
  /** Latencies of an arm's last window and the memory of its process; what is not known is left out. */
  observe(arm: string, seen: ArmObservation): void;
  /** How the whole run does; what is left out stays as it was. */
  condition(seen: RunCondition): void;
  /** Removes what was drawn, so that results follow on a clean line; nothing is drawn any more. */
  end(): void;
}

export interface ArmObservation {
  latencyNsP50?: number | null;
  latencyNsP99?: number | null;
  rssBytes?: number;
}

export interface RunCondition {
  stealPercent?: number;
  errors?: number;
  /** Seconds until a run that writes checkpoints writes the next one. */
  nextCheckpointSeconds?: number | null;
}

export const SILENT: ProgressSink = {
  phase() {},
  advance() {},
  rate() {},
  observe() {},
  condition() {},
  end() {},
};

export interface ProgressOutput {
  write(text: string): unknown;
  isTTY?: boolean;
  columns?: number;
  rows?: number;
}

/** Twice a second is as much as a person follows, and a redraw costs a millisecond or two. */
const REDRAW_MS_MIN = 500;
/** The remaining time goes on when nothing else happens. */
const REDRAW_MS_MAX = 1_000;
const PLAIN_LINE_MS = 30_000;

export interface ProgressOptions {
  output: ProgressOutput;
  /** Estimated seconds of the whole run: shown until its real speed is known. */
  secondsTotal: number;
  /** What `advance` adds up to. */
  progressSecondsTotal: number;
  color: boolean;
  nowMs: () => number;
  /** Whether lines can be drawn over; as the output says unless given. */
  terminal?: boolean;
  /** Ends it, before whoever aborts says why. */
  signal?: AbortSignal;
  /** Calls again and again until the function that it returns is called; a timer that keeps no process alive. */
  every?: (intervalMs: number, call: () => void) => () => void;
}

/**
 * On a terminal a few lines that are redrawn at most twice a second; elsewhere a plain line every 30 s, so that a
 * CI job does not look dead.
 */
export function createProgress(options: ProgressOptions): ProgressSink {
  return new LiveProgress(options);
}

class LiveProgress implements ProgressSink {
  readonly #options: ProgressOptions;
  readonly #area: TerminalArea | null;
  readonly #startMs: number;
  readonly #stopTimer: () => void;
  readonly #arms = new Map<string, ArmView>();
  #phase = 'starting';
  #doneSeconds = 0;
  #condition: Required<RunCondition> | null = null;
  #drawnMs: number;
  #ended = false;

  constructor(options: ProgressOptions) {
    const { output, nowMs, signal, terminal = output.isTTY === true, every = everyUnreferenced } = options;
    this.#options = options;
    this.#area = terminal ? new TerminalArea(output) : null;
    this.#startMs = nowMs();
    this.#drawnMs = this.#area === null ? this.#startMs : Number.NEGATIVE_INFINITY;
    this.#stopTimer = every(REDRAW_MS_MAX, () => this.#draw());
    signal?.addEventListener('abort', () => this.end(), { once: true });
  }

  phase(text: string): void {
    this.#phase = text;
    this.#arms.clear();
    this.#draw();
  }

  advance(seconds: number): void {
    this.#doneSeconds += seconds;
    this.#draw();
  }

  rate(arm: string, operationsPerSecond: number): void {
    this.#arms.set(arm, { ...this.#arm(arm), operationsPerSecond });
    this.#draw();
  }

  observe(arm: string, { latencyNsP50, latencyNsP99, rssBytes }: ArmObservation): void {
    const before = this.#arm(arm);
    this.#arms.set(arm, {
      operationsPerSecond: before.operationsPerSecond,
      latencyNsP50: withNewest(before.latencyNsP50, latencyNsP50),
      latencyNsP99: withNewest(before.latencyNsP99, latencyNsP99),
      rssBytes: rssBytes ?? before.rssBytes,
    });
    this.#draw();
  }

  condition(seen: RunCondition): void {
    const before = this.#condition ?? { stealPercent: Number.NaN, errors: 0, nextCheckpointSeconds: null };
    this.#condition = { ...before, ...seen };
    this.#draw();
  }

  end(): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#stopTimer();
    this.#area?.clear();
  }

  #arm(name: string): ArmView {
    const none: ArmView = { operationsPerSecond: null, latencyNsP50: [], latencyNsP99: [], rssBytes: null };
    return this.#arms.get(name) ?? none;
  }

  #draw(): void {
    const { output, nowMs, color } = this.#options;
    const now = nowMs();
    if (this.#ended || now - this.#drawnMs < (this.#area === null ? PLAIN_LINE_MS : REDRAW_MS_MIN)) return;
    this.#drawnMs = now;
    const state = this.#state(now);
    if (this.#area === null) output.write(`${plainLine(state)}\n`);
    else this.#area.draw((columns, rows) => liveLines(state, columns, rows, color));
  }

  #state(now: number): LiveState {
    const { secondsTotal, progressSecondsTotal } = this.#options;
    const share = Math.min(0.99, this.#doneSeconds / progressSecondsTotal);
    const elapsed = (now - this.#startMs) / 1000;
    const secondsLeft = share > 0.02 ? (elapsed / share) * (1 - share) : Math.max(0, secondsTotal - elapsed);
    const { stealPercent = Number.NaN, errors = 0, nextCheckpointSeconds = null } = this.#condition ?? {};
    return {
      ...{ phase: this.#phase, share, secondsLeft, arms: this.#arms, errors, nextCheckpointSeconds },
      stealPercent: Number.isNaN(stealPercent) ? null : stealPercent,
    };
  }
}

function withNewest(values: readonly number[], newest: number | null | undefined): readonly number[] {
  return newest === null || newest === undefined ? values : [...values, newest].slice(-HISTORY_MAX);
}

function everyUnreferenced(intervalMs: number, call: () => void): () => void {
  const timer = setInterval(call, intervalMs).unref();
  return () => clearInterval(timer);
}
