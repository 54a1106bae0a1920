import { LOAD_NAMES, LOAD_SHAPES, type LoadName, transportProblems } from './load-shapes.js';
import { THREAD_WORK_NAMES, type ThreadWorkName } from './scaling/thread-works.js';
import { didYouMean } from './suggest.js';

/** `tcp`: between processes. `mem`: between two JavaScript threads of one process. `none`: nothing is sent. */
export type Transport = 'tcp' | 'mem' | 'none';

/**
 * What a case asks of its arms. A case is named `transport/key=value,…`: the parameters that differ from the
 * scenario's default, keys sorted, so the name alone says what was measured. `load-shapes.ts` says which parameters
 * belong to which shape of load.
 */
export interface CaseParameters {
  transport: Transport;
  sessions: number;
  /** Messages that each session keeps in flight. */
  depth: number;
  payloadBytes: number;
  reply: 'counter' | 'forward';
  load: LoadName;
  /** Messages per second over all sessions. */
  rate: number;
  /** Instead of a rate: a share of what the arm takes at most, which it finds out itself in each round. */
  percentOfMax: number;
  /** Share of the sessions that are closed and opened anew at once, in each window. */
  stormPercent: number;
  /** Broadcasts per second, and how many players each group of interest has. */
  tickHz: number;
  groupSize: number;
  /** Messages per second that each player sends. */
  inputsHz: number;
  /** Of each message the first words and of one in 64 every byte, or every byte of every message, at both ends. */
  touch: 'some' | 'all';
  /** What threads do under `load: threads`. */
  work: ThreadWorkName | 'none';
  threads: number;
  /** Sessions that are cut and connected again per minute, in per cent of all. */
  killPercentPerMinute: number;
}

export type ParameterKey = keyof CaseParameters;

interface NumberRule {
  kind: 'number';
  min: number;
  max: number;
}
interface WordRule {
  kind: 'word';
  words: readonly string[];
}

export const PARAMETER_RULES: Readonly<Record<ParameterKey, NumberRule | WordRule>> = {
  transport: { kind: 'word', words: ['tcp', 'mem', 'none'] },
  sessions: { kind: 'number', min: 1, max: 1_000_000 },
  depth: { kind: 'number', min: 1, max: 4_096 },
  // The handler reads the first 8 payload bytes.
  payloadBytes: { kind: 'number', min: 8, max: 1_048_576 },
  reply: { kind: 'word', words: ['counter', 'forward'] },
  load: { kind: 'word', words: LOAD_NAMES },
  rate: { kind: 'number', min: 0, max: 100_000_000 },
  percentOfMax: { kind: 'number', min: 0, max: 100 },
  stormPercent: { kind: 'number', min: 0, max: 100 },
  tickHz: { kind: 'number', min: 0, max: 1_000 },
  groupSize: { kind: 'number', min: 0, max: 1_000_000 },
  inputsHz: { kind: 'number', min: 0, max: 1_000 },
  touch: { kind: 'word', words: ['some', 'all'] },
  work: { kind: 'word', words: ['none', ...THREAD_WORK_NAMES] },
  threads: { kind: 'number', min: 1, max: 256 },
  killPercentPerMinute: { kind: 'number', min: 0, max: 6_000 },
};

export const BUILT_IN_DEFAULTS: CaseParameters = {
  transport: 'tcp',
  sessions: 1_000,
  depth: 1,
  payloadBytes: 64,
  reply: 'counter',
  load: 'closed',
  rate: 0,
  percentOfMax: 0,
  stormPercent: 0,
  tickHz: 0,
  groupSize: 0,
  inputsHz: 0,
  touch: 'some',
  work: 'none',
  threads: 1,
  killPercentPerMinute: 0,
};

export function formatCaseName(parameters: CaseParameters, defaults: CaseParameters): string {
  const keys = (Object.keys(PARAMETER_RULES) as ParameterKey[])
    .filter((key) => key !== 'transport' && parameters[key] !== defaults[key])
    .sort();
  const changed = keys.map((key) => `${key}=${parameters[key]}`).join(',');
  return changed === '' ? parameters.transport : `${parameters.transport}/${changed}`;
}

/** Reads a case name, or says everything that is wrong with it. */
export function parseCaseName(
  name: string,
  defaults: CaseParameters,
): { parameters: CaseParameters; problems: string[] } {
  const slash = name.indexOf('/');
  const transport = slash < 0 ? name : name.slice(0, slash);
  const changes = slash < 0 ? [] : name.slice(slash + 1).split(',');
  let parameters: CaseParameters = { ...defaults };
  const problems: string[] = [];
  const apply = (key: string, text: string): void => {
    const result = setParameter(parameters, key, text);
    if ('problem' in result) problems.push(result.problem);
    else parameters = result.parameters;
  };
  apply('transport', transport);
  for (const change of changes) {
    const equals = change.indexOf('=');
    if (equals < 1) problems.push(`"${change}" is not of the form key=value`);
    else apply(change.slice(0, equals), change.slice(equals + 1));
  }
  problems.push(...contradictions(parameters));
  const canonical = formatCaseName(parameters, defaults);
  if (problems.length === 0 && canonical !== name) {
    problems.push(
      `a case is named by the parameters that differ from the defaults, keys sorted: write "${canonical}"`,
    );
  }
  return { parameters, problems };
}

export function setParameter(
  parameters: CaseParameters,
  key: string,
  text: string,
): { parameters: CaseParameters } | { problem: string } {
  if (!Object.hasOwn(PARAMETER_RULES, key)) {
    return { problem: `unknown parameter "${key}"${didYouMean(key, Object.keys(PARAMETER_RULES))}` };
  }
  const rule = PARAMETER_RULES[key as ParameterKey];
  if (rule.kind === 'word') {
    if (rule.words.includes(text)) return { parameters: { ...parameters, [key]: text } };
    return { problem: `${key} is one of ${rule.words.join(', ')}; got "${text}"` };
  }
  const value = /^\d{1,9}$/.test(text) ? Number(text) : Number.NaN;
  if (value >= rule.min && value <= rule.max) return { parameters: { ...parameters, [key]: value } };
  return { problem: `${key} is a whole number from ${rule.min} to ${rule.max}; got "${text}"` };
}

/** What single parameters cannot show. */
export function contradictions(parameters: CaseParameters): string[] {
  const shape = LOAD_SHAPES[parameters.load];
  const problems: string[] = [];
  for (const key of Object.keys(PARAMETER_RULES) as ParameterKey[]) {
    if (shape.uses.has(key) || parameters[key] === BUILT_IN_DEFAULTS[key]) continue;
    const shapes = LOAD_NAMES.filter((name) => LOAD_SHAPES[name].uses.has(key)).join(', ');
    problems.push(
      `${key} belongs to load ${shapes}; under load=${parameters.load} it stays ${BUILT_IN_DEFAULTS[key]}`,
    );
  }
  return [...problems, ...transportProblems(parameters), ...(shape.problems?.(parameters) ?? [])];
}
