import { formatSi } from './format-number.js';

/** What a run tells about itself while it goes on. */
export interface ProgressSink {
  phase(text: string): void;
  /** Seconds of the plan's slots that are done. */
  advance(seconds: number): void;
  /** Last throughput of an arm, operations per second. */
  rate(arm: string, operationsPerSecond: number): void;
  /** Removes what was drawn, so that results follow on a clean line. */
  end(): void;
}

export const SILENT: ProgressSink = { phase() {}, advance() {}, rate() {}, end() {} };

export interface ProgressOutput {
  write(text: string): unknown;
  isTTY?: boolean;
  columns?: number;
}

const REDRAW_MS_MIN = 250;
const PLAIN_LINE_MS = 30_000;

export interface ProgressOptions {
  output: ProgressOutput;
  /** Estimated seconds of the whole run: shown until its real speed is known. */
  secondsTotal: number;
  /** What `advance` adds up to. */
  slotSecondsTotal: number;
  color: boolean;
  nowMs: () => number;
}

/**
 * On a terminal one line that is redrawn at most four times a second; elsewhere a plain line every 30 s, so that a CI
 * job does not look dead.
 */
export function createProgress(options: ProgressOptions): ProgressSink {
  const { output, secondsTotal, slotSecondsTotal, color, nowMs } = options;
  const terminal = output.isTTY === true;
  const startMs = nowMs();
  const rates = new Map<string, number>();
  let phaseText = 'starting';
  let doneSeconds = 0;
  let drawnMs = Number.NEGATIVE_INFINITY;
  if (!terminal) drawnMs = startMs;

  const line = (): string => {
    const share = Math.min(0.99, doneSeconds / slotSecondsTotal);
    const elapsed = (nowMs() - startMs) / 1000;
    const left = share > 0.02 ? (elapsed / share) * (1 - share) : Math.max(0, secondsTotal - elapsed);
    const speeds = [...rates].map(([arm, rate]) => `${arm} ${formatSi(rate)}/s`).join('  ');
    const percent = `${String(Math.floor(share * 100)).padStart(2)} %`;
    return `${percent} · ${phaseText} · ${formatSeconds(left)} left${speeds === '' ? '' : ` · ${speeds}`}`;
  };
  const draw = (): void => {
    const now = nowMs();
    if (now - drawnMs < (terminal ? REDRAW_MS_MIN : PLAIN_LINE_MS)) return;
    drawnMs = now;
    if (!terminal) {
      output.write(`${line()}\n`);
      return;
    }
    const text = [...line()].slice(0, Math.max(20, (output.columns ?? 80) - 1)).join('');
    output.write(`\r\u001b[2K${color ? `\u001b[2m${text}\u001b[22m` : text}`);
  };
  return {
    phase(text) {
      phaseText = text;
      draw();
    },
    advance(seconds) {
      doneSeconds += seconds;
      draw();
    },
    rate(arm, operationsPerSecond) {
      rates.set(arm, operationsPerSecond);
      draw();
    },
    end() {
      if (terminal && drawnMs > Number.NEGATIVE_INFINITY) output.write('\r\u001b[2K');
    },
  };
}

export function formatSeconds(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds));
  if (whole < 60) return `${whole} s`;
  if (whole >= 7_200) {
    return `${Math.floor(whole / 3_600)} h ${String(Math.floor(whole / 60) % 60).padStart(2, '0')} min`;
  }
  return `${Math.floor(whole / 60)} min ${String(whole % 60).padStart(2, '0')} s`;
}
