import type { z } from 'zod';
import { BUILT_IN_DEFAULTS, contradictions, parseCaseName } from './case-parameters.js';
import type { FileProblem } from './file-problem.js';
import { armListSchema, caseSchema, defaultsSchema } from './scenario-schema.js';
import { didYouMean } from './suggest.js';
import type { YamlSource } from './yaml-source.js';

/** A rate is that of all sessions together, and one broadcast is begun and ended by one generator. */
const SPLITTABLE_LOADS: readonly string[] = ['closed', 'stream'];

type Report = (path: (string | number)[], message: string, place?: 'key') => void;

/**
 * What the schema cannot say because it needs two places of the file at once. Works on the raw value and skips the
 * parts that are malformed, so that these problems are reported together with the schema's.
 */
export function crossProblems(source: YamlSource, file: string): FileProblem[] {
  const problems: FileProblem[] = [];
  const report: Report = (path, message, place) => {
    problems.push({ ...(place === 'key' ? source.keyPosition(path) : source.position(path)), message });
  };
  const raw = asMap(source.value);
  const stem = file.replace(/\.yaml$/, '');
  if (typeof raw.name === 'string' && raw.name !== stem) {
    report(['name'], `the name is the file's: ${stem}; got ${JSON.stringify(raw.name)}`);
  }
  const defaults = {
    ...BUILT_IN_DEFAULTS,
    ...(raw.defaults === undefined ? {} : defaultsSchema.safeParse(raw.defaults).data),
  };
  for (const message of contradictions(defaults)) report(['defaults'], message);
  const arms = armListSchema.safeParse(raw.arms).data ?? null;
  reportTwice(arms ?? [], ['arms'], report);
  const cases = asMap(raw.cases);
  for (const [name, value] of Object.entries(cases)) {
    const { parameters, problems: unreadable } = parseCaseName(name, defaults);
    for (const message of unreadable) report(['cases', name], message, 'key');
    const body = caseSchema.safeParse(value).data;
    if (body !== undefined) reportCase(name, body, arms, parameters.load, report);
  }
  const memoryCase = asMap(raw.idleMemory).case;
  if (typeof memoryCase === 'string' && !Object.hasOwn(cases, memoryCase)) {
    const suggestion = didYouMean(memoryCase, Object.keys(cases));
    report(['idleMemory', 'case'], `there is no case ${JSON.stringify(memoryCase)}${suggestion}`);
  }
  const usedArms = Object.values(cases).flatMap(
    (body) => armListSchema.safeParse(asMap(body).arms).data ?? arms ?? [],
  );
  const scraped = Object.keys(asMap(raw.scrapes));
  for (const arm of scraped) {
    if (!usedArms.includes(arm)) report(['scrapes', arm], `${arm} is not an arm of any case`, 'key');
  }
  for (const [name, value] of Object.entries(cases)) {
    const body = caseSchema.safeParse(value).data;
    if (body === undefined || !(body.split || body.findSessions)) continue;
    const both = (body.arms ?? arms ?? []).filter((arm) => scraped.includes(arm));
    if (both.length === 0) continue;
    report(
      ['cases', name],
      `${both.join(', ')} is scraped; neither split nor findSessions goes with that`,
      'key',
    );
  }
  return problems;
}

function reportCase(
  name: string,
  body: z.output<typeof caseSchema>,
  scenarioArms: readonly string[] | null,
  load: string,
  report: Report,
): void {
  const path = ['cases', name];
  reportTwice(body.arms ?? [], [...path, 'arms'], report);
  const arms = body.arms ?? scenarioArms;
  const requireArm = (arm: string | undefined, at: (string | number)[]): void => {
    if (arm === undefined || arms === null || arms.includes(arm)) return;
    report(at, `${arm} is not an arm of this case (${arms.join(', ')})`);
  };
  if (body.rounds !== undefined && load === 'threads') {
    report([...path, 'rounds'], 'work over threads takes part in every round: it is compared across cases');
  }
  if (body.findSessions && load !== 'tick') {
    report([...path, 'findSessions'], 'sessions served in time are looked for under load=tick');
  }
  if (body.split && !SPLITTABLE_LOADS.includes(load)) {
    report([...path, 'split'], `only load ${SPLITTABLE_LOADS.join(' and ')} can be split over processes`);
  }
  for (const [index, arm] of (body.quickArms ?? []).entries()) requireArm(arm, [...path, 'quickArms', index]);
  for (const [index, check] of body.checks.entries()) {
    const at = [...path, 'checks', index];
    requireArm(check.arm, [...at, 'arm']);
    requireArm(check.against, [...at, 'against']);
    if (check.against === check.arm) report([...at, 'against'], 'an arm is not compared with itself');
    if (body.checks.findIndex((other) => other.id === check.id) < index) {
      report([...at, 'id'], `the check id "${check.id}" is used twice in this case`);
    }
  }
}

function reportTwice(arms: readonly string[], path: (string | number)[], report: Report): void {
  for (const [index, arm] of arms.entries()) {
    if (arms.indexOf(arm) < index) report([...path, index], `the arm ${arm} is listed twice`);
  }
}

function asMap(value: unknown): Record<string, unknown> {
  return value !== null && typeof value === 'object' && !Array.isArray(value)
    ? (value as Record<string, unknown>)
    : {};
}
