import { createHash } from 'node:crypto';
import { closeSync, fstatSync, openSync, readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { BUILT_IN_DEFAULTS, type CaseParameters, parseCaseName } from './case-parameters.js';
import { crossProblems } from './cross-problems.js';
import { FileProblemsError } from './file-problem.js';
import {
  type CheckDefinition,
  HYPHENATED_WORDS,
  type ScenarioDocument,
  scenarioSchema,
} from './scenario-schema.js';
import { schemaProblems } from './schema-problems.js';
import type { ScrapePlan } from './scraper.js';
import { didYouMean } from './suggest.js';
import { readYaml, type YamlSource } from './yaml-source.js';

/** Larger files are refused before a byte is parsed. */
export const SCENARIO_BYTES_MAX = 1024 * 1024;

export interface ScenarioCase {
  name: string;
  parameters: CaseParameters;
  arms: readonly string[];
  quickArms: readonly string[];
  quick: boolean;
  /** Sessions of a quick run, or null for the same. */
  quickSessions: number | null;
  /** Whether it may be spread over several processes where one has too few descriptors. */
  split: boolean;
  /** Whether the most sessions that are served in time are looked for. */
  findSessions: boolean;
  /** Rounds that it takes part in, where not in all. */
  rounds?: number;
  messagesPerSessionMin: number;
  checks: readonly CheckDefinition[];
}

export interface Scenario {
  name: string;
  title: string;
  description: string;
  /** What was claimed for this work before anybody measured it. */
  announced?: string;
  /** SHA-256 of the file's bytes. */
  hash: string;
  defaults: CaseParameters;
  idleMemory: { case: string; sessions: number; quickSessions: number } | null;
  /** Least length of a window, where it is not the usual one. */
  windowMs?: number;
  /** Time per case, arm and round of a full run, where it is not the usual one. */
  slotSeconds?: number;
  /** Arms whose admin endpoint is scraped while they are measured. */
  scrapes?: Readonly<Record<string, ScrapePlan>>;
  cases: readonly ScenarioCase[];
}

export class ScenarioNotFoundError extends Error {
  readonly code = 'ERR_SCENARIO_NOT_FOUND';
}

/** Names of the scenarios in a folder, sorted. */
export function scenarioNames(folder: string): string[] {
  return readdirSync(folder)
    .filter((file) => file.endsWith('.yaml') && HYPHENATED_WORDS.test(file.slice(0, -5)))
    .map((file) => file.slice(0, -5))
    .sort();
}

/** Loads by name, never by path: a name that is not in the folder's listing is not opened at all. */
export function loadScenario(folder: string, name: string): Scenario {
  return loadScenarioFile(scenarioPath(folder, name));
}

/** @throws ScenarioNotFoundError when the folder has no scenario of that name */
export function scenarioPath(folder: string, name: string): string {
  const names = scenarioNames(folder);
  if (!names.includes(name)) {
    throw new ScenarioNotFoundError(
      `there is no scenario ${JSON.stringify(name.slice(0, 80))}${didYouMean(name, names)}\n` +
        `Scenarios: ${names.join(', ')}. "npm run scenario -- --list" says what each does.`,
    );
  }
  return join(folder, `${name}.yaml`);
}

/** A scenario's file before it is known what kind of scenario it is. */
export interface ScenarioSource {
  file: string;
  yaml: YamlSource;
  /** SHA-256 of the file's bytes. */
  hash: string;
}

/** Reads one file; throws `FileProblemsError` when it is no YAML. */
export function readScenarioSource(path: string): ScenarioSource {
  const file = basename(path);
  const bytes = readBounded(path, file);
  return { file, yaml: readYaml(file, bytes), hash: createHash('sha256').update(bytes).digest('hex') };
}

/** Reads and validates one file; throws `FileProblemsError` with every problem. */
export function loadScenarioFile(path: string): Scenario {
  return scenarioOf(readScenarioSource(path));
}

/** Validates what was read; throws `FileProblemsError` with every problem. */
export function scenarioOf({ file, yaml, hash }: ScenarioSource): Scenario {
  const result = scenarioSchema.safeParse(yaml.value);
  const problems = result.success ? [] : schemaProblems(scenarioSchema, result.error.issues, yaml);
  const document = result.success ? result.data : null;
  problems.push(...crossProblems(yaml, file));
  if (document === null || problems.length > 0) throw new FileProblemsError(file, yaml.text, problems);
  return resolve(document, hash);
}

function readBounded(path: string, file: string): Buffer {
  const descriptor = openSync(path, 'r');
  try {
    const { size } = fstatSync(descriptor);
    if (size > SCENARIO_BYTES_MAX) {
      const message = `the file has ${size} bytes; a scenario has at most ${SCENARIO_BYTES_MAX}`;
      throw new FileProblemsError(file, '', [{ line: 1, column: 1, message }]);
    }
    return readFileSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

function resolve(document: ScenarioDocument, hash: string): Scenario {
  const defaults = { ...BUILT_IN_DEFAULTS, ...document.defaults };
  return {
    name: document.name,
    title: document.title,
    description: document.description ?? '',
    announced: document.announced,
    hash,
    defaults,
    idleMemory: document.idleMemory ?? null,
    windowMs: document.windowMs,
    slotSeconds: document.slotSeconds,
    scrapes: document.scrapes,
    cases: Object.entries(document.cases).map(([name, body]) => ({
      name,
      parameters: parseCaseName(name, defaults).parameters,
      arms: body.arms ?? document.arms,
      quickArms: body.quickArms ?? body.arms ?? document.arms,
      quick: body.quick,
      quickSessions: body.quickSessions ?? null,
      split: body.split,
      findSessions: body.findSessions,
      ...(body.rounds === undefined ? {} : { rounds: body.rounds }),
      messagesPerSessionMin: body.messagesPerSessionMin ?? document.messagesPerSessionMin,
      checks: body.checks,
    })),
  };
}
