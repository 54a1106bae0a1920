import type { TermView } from './methods-view.js';

/** What the words of a suite's page mean; those that it shares with a scenario's are added by `methods-view.ts`. */
export const SUITE_TERMS: readonly TermView[] = [
  {
    term: 'Arm',
    text: 'An implementation under test. All arms of a case do the same operations, made anew for every round, and check their results: in this process, but for servers, which have processes of their own.',
  },
  {
    term: 'Operation',
    text: 'The least thing that a user would count: one lookup, one item handed over, one buffer taken and given back, one round trip.',
  },
  {
    term: 'Window',
    text: 'Up to six samples of one arm while the others wait, after one that was thrown away. Each sample is timed where its work is done: in C++ for what is C++. A job that takes seconds is a window of its own, once a round.',
  },
  {
    term: 'Round',
    text: 'Every arm is built anew, in random order, all up together. Rounds are the unit of all statistics.',
  },
  {
    term: 'Mean latency',
    text: 'Time that one operation takes one thread: with two threads at work it is twice the time by which operations follow each other. With requests to a server, the time from a request to its reply.',
  },
  {
    term: 'Limit',
    text: 'The arm named limit does only what nobody can avoid, for instance one thread waking another. It is not a rival.',
  },
];
