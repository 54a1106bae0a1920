import type { TermView } from '../view-model/methods-view.js';

/** What the words of the page mean, for a reader who has seen no report yet. */
export const LEGEND: readonly TermView[] = [
  { term: 'native', text: 'this implementation' },
  {
    term: 'baseline',
    text: 'what it is compared with, as it is commonly written: on sockets of Node with sessions in a Map behind a lock, in suites a structure behind a lock, malloc, postMessage or the like',
  },
  {
    term: 'limit',
    text: 'what raw C++ gets out of the kernel for the same work, in suites what nobody can avoid',
  },
  {
    term: 'other columns',
    text: 'rivals under the same work: node-net is the module net of Node tuned for exactly this, held-cork the baseline with sockets that stay corked until their packets were handled, message-port is postMessage between two threads; others are libraries of these names',
  },
  {
    term: 'ratio',
    text: 'ours against theirs, above 1× better whatever the metric; where it says the cost of, plainly ours ÷ theirs, and less is better',
  },
  {
    term: 'generator-bound',
    text: 'the load generator had hardly anything left of its own processor, so that an arm may be quicker than it was asked to be',
  },
  {
    term: 'inconclusive',
    text: 'the 95 % interval contains the target, so that another run may judge the other way',
  },
  { term: 'not measurable here', text: 'the machine cannot decide it' },
  { term: 'not judged', text: 'the run was too short for it, or an arm of it failed' },
  {
    term: 'failed',
    text: 'messages were lost or damaged, something leaked or an arm failed, whatever the figures say',
  },
];
