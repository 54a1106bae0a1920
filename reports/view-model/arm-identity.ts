import type { RunRecord } from '../../scenarios/harness/record.js';
import { entryOf } from '../record-file/entry-of.js';

/** The role that gives an arm its colour and shape, the same on every chart and page. */
export type ArmRole =
  | 'native'
  | 'native-1'
  | 'native-2'
  | 'baseline'
  | 'limit'
  | 'rival-1'
  | 'rival-2'
  | 'rival-3'
  | 'other';

export interface ArmIdentity {
  /** The record's own name: `rival:node-net`. */
  name: string;
  /** What a reader sees: `node-net`. */
  label: string;
  role: ArmRole;
}

/** One that is not named here is grey. Those that share a colour are not seen on one page. */
const RIVAL_ROLES: Readonly<Record<string, ArmRole>> = {
  // Over sockets.
  ...{ 'rival:node-net': 'rival-1', 'rival:ws': 'rival-2', 'rival:uwebsockets': 'rival-3' },
  // Between threads, beside `node-net` on the pages of scenarios that do both.
  ...{ 'rival:message-port': 'rival-2', 'rival:zeromq': 'rival-3' },
  // Of the suites: maps, ways to hand a payload over (beside `message-port`), codecs.
  ...{ 'rival:tbb': 'rival-1', 'rival:libcuckoo': 'rival-2', 'rival:liburcu': 'rival-3' },
  ...{ 'rival:transfer': 'rival-1', 'rival:shared-in-place': 'rival-3', 'rival:data-view': 'rival-1' },
};
/** Further ways of doing it, of the scenarios and of the suites, in pairs that are seen on one page. */
const SECOND_VARIANTS = ['own-thread', 'spsc'];

const STORED = 'stored:';

/** Not an arm of this run but a stored baseline: other runs, of other days. */
export function isStored(name: string): boolean {
  return name.startsWith(STORED);
}

export function armIdentity(name: string): ArmIdentity {
  if (name === 'native' || name === 'baseline' || name === 'limit') return { name, label: name, role: name };
  const [family, variant] = name.split(':');
  // A further way of doing it: `native:owned`, or in a suite `native:spsc`, `baseline:mutex`.
  if (family === 'native') {
    const role = SECOND_VARIANTS.includes(variant) ? 'native-2' : 'native-1';
    return { name, label: `native (${variant})`, role };
  }
  if (family === 'baseline') return { name, label: `baseline (${variant})`, role: 'baseline' };
  if (name.startsWith('rival:')) {
    return { name, label: name.slice('rival:'.length), role: entryOf(RIVAL_ROLES, name) ?? 'other' };
  }
  if (isStored(name)) {
    return { name, label: `stored baseline ${name.slice(STORED.length)}`, role: 'other' };
  }
  return { name, label: name, role: 'other' };
}

const ROLE_ORDER: ArmRole[] = [
  'limit',
  'native',
  'native-1',
  'native-2',
  'rival-1',
  'rival-2',
  'rival-3',
  'other',
  'baseline',
];

/** A line of one of our own variants has the colour's hue and its own dashes, so that it is told by both. */
export function lineStyle(role: ArmRole): 'line' | 'dashed' | 'dotted' {
  if (role === 'native-1') return 'dashed';
  return role === 'native-2' ? 'dotted' : 'line';
}

/** The limit first, then ours, then the others, the baseline last. */
export function compareArms(a: string, b: string): number {
  const rank = (name: string) => ROLE_ORDER.indexOf(armIdentity(name).role);
  return rank(a) - rank(b) || (a < b ? -1 : a > b ? 1 : 0);
}

/** `the baseline`, `node-net`, `what the kernel can do`: an arm as the second half of a comparison. */
export function againstInWords(name: string): string {
  if (name === 'baseline') return 'the baseline';
  if (name === 'limit') return 'what the kernel can do';
  return armIdentity(name).label;
}

/** The arm that the page speaks about. */
export function mainArm(record: RunRecord): string {
  const names = new Set(Object.values(record.cases).flatMap((caseRecord) => Object.keys(caseRecord.arms)));
  if (names.has('native')) return 'native';
  const compared = record.comparisons.find((comparison) => names.has(comparison.arm));
  return compared?.arm ?? [...names].sort(compareArms).find((name) => name !== 'limit') ?? 'native';
}
