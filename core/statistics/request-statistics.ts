import type { ReportedValues } from './counter-catalog.js';
import { LatencyHistogram } from './latency-histogram.js';

/** How a request can end. */
export type RequestOutcome = 'answered' | 'timed-out' | 'failed' | 'aborted';

/** Counts the requests that one transport makes, and how long their answers take. */
export class RequestStatistics {
  readonly latency = new LatencyHistogram();
  private started = 0;
  private readonly ended: Record<RequestOutcome, number> = {
    answered: 0,
    'timed-out': 0,
    failed: 0,
    aborted: 0,
  };

  /** @returns when it began, for {@link end}: milliseconds on a clock that does not jump */
  begin(): number {
    this.started += 1;
    return performance.now();
  }

  /** @param beganMs what {@link begin} returned. Only answers have a latency: the others took as long as they were let. */
  end(outcome: RequestOutcome, beganMs: number): void {
    this.ended[outcome] += 1;
    if (outcome === 'answered') this.latency.record((performance.now() - beganMs) * 1e6);
  }

  /** For {@link CountersSource.shared}. */
  values(): ReportedValues {
    const { answered, failed, aborted, 'timed-out': timedOut } = this.ended;
    return {
      requestsStarted: this.started,
      requestsAnswered: answered,
      requestsTimedOut: timedOut,
      requestsFailed: failed,
      requestsAborted: aborted,
      requestsPending: this.started - answered - timedOut - failed - aborted,
    };
  }
}
