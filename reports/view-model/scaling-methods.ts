import type { TermView } from './methods-view.js';

/** What the words of a page about scaling mean; those that it shares with others are added by `methods-view.ts`. */
export const SCALING_TERMS: readonly TermView[] = [
  {
    term: 'Work',
    text: 'What threads of one process share: looking up sessions, a map, or echoing between the two ends of pairs. Nothing comes from outside, and every result is checked.',
  },
  {
    term: 'Block',
    text: 'Windows of about 50 ms: of one thread and of several, of every arm and of the ALU loop, in a random order and then its mirror, so that a steady drift of the machine cancels. A block is dropped whole, and only for outside causes.',
  },
  {
    term: 'Round',
    text: 'A fresh process for each work. A round’s figure is the median over its blocks; rounds are the unit of all statistics.',
  },
  {
    term: 'Speed-up',
    text: 'What several threads get done in the time in which one does one, from windows of the same block.',
  },
  {
    term: 'ALU loop',
    text: 'A loop that needs a processor and nothing else. Its own speed-up is what the processors bring at that moment: clocks fall when all are busy, hypervisors lend them to others. Divided by it, what remains is the work’s own.',
  },
  {
    term: 'Law',
    text: 'The Universal Scalability Law: n ÷ (1 + σ (n − 1) + κ n (n − 1)), where σ is the share of work that waits for its turn and κ what each pair of threads costs by keeping memory alike. Fitted by least squares to speed-ups without the ALU loop’s; its interval is the bootstrap over rounds.',
  },
  {
    term: 'Projected',
    text: 'What the law says beyond the cores of this machine, as if all processors were as fast together as one alone. Not a result: never judged, and drawn dashed.',
  },
];
