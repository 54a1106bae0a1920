import type { SoakRecord } from '../../scenarios/harness/record.js';
import { secondsText } from '../numbers/moment.js';
import type { MethodsView, TermView } from './methods-view.js';

/** What the words of a soak's page mean, with this run's own figures in them; `shared` are those of other scenarios. */
export function soakMethods(soak: SoakRecord, shared: readonly TermView[]): MethodsView {
  const kept = ['Not measurable here', 'Steal and pressure'];
  return {
    sentence:
      'One run for hours: each arm’s server under a mixed load of its own, every message accounted for, gauges looked at after a garbage collection.',
    terms: [
      {
        term: 'Arm',
        text: 'An implementation at work. The baseline runs at a tenth of the rate and shows what Node.js itself does; its figures are not held against the other arm’s.',
      },
      {
        term: 'Message',
        text: 'A request, a one-way message, a frame of up to 1 MB or a broadcast, delivered. Each holds its session, its sequence and a checksum, and both ends check all three.',
      },
      {
        term: 'Checkpoint',
        text: `What happened since the one before, appended to a file that reached the disk. Here there is one each ${secondsText(soak.checkpointSeconds)}. A run that is killed goes on from its last one, with fresh processes.`,
      },
      {
        term: 'Trough',
        text: 'A gauge just after a forced garbage collection: what is left is in use, or leaked.',
      },
      {
        term: 'Slope',
        text: 'Theil and Sen’s: the median slope of all pairs of troughs of one life of the process, its first five minutes left out. The test is Mann and Kendall’s, its variance corrected for autocorrelation by Hamed and Rao; over all gauges together it takes noise for a trend in 1 % of runs.',
      },
      {
        term: 'Smallest findable',
        text: 'The slope that this series would have shown in four of five runs: a clean gauge says no more than that it leaks less.',
      },
      {
        term: 'Fault phases',
        text: 'Slow readers hardly read; resets cut connections in the middle of their work; in a storm half of the sessions are cut at once and come back at once. What was unacknowledged on a cut session is counted as such.',
      },
      ...shared.filter(({ term }) => kept.includes(term)),
    ],
  };
}
