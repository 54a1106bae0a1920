import { FileProblemsError } from './file-problem.js';
import {
  readScenarioSource,
  type Scenario,
  type ScenarioSource,
  scenarioOf,
  scenarioPath,
} from './scenario-file.js';
import { schemaProblems } from './schema-problems.js';
import { type SoakDocument, soakScenarioSchema } from './soak-schema.js';

/** A scenario of the kind soak, checked. */
export interface SoakScenario extends Omit<SoakDocument, 'description'> {
  description: string;
  /** SHA-256 of the file's bytes. */
  hash: string;
}

/** A scenario of whatever kind its file says: rounds (unless told), or soak. */
export type AnyScenario = { kind: 'rounds'; scenario: Scenario } | { kind: 'soak'; scenario: SoakScenario };

/** Loads by name, never by path. @throws ScenarioNotFoundError, FileProblemsError */
export function loadAnyScenario(folder: string, name: string): AnyScenario {
  return loadAnyScenarioFile(scenarioPath(folder, name));
}

/** @throws FileProblemsError with every problem */
export function loadAnyScenarioFile(path: string): AnyScenario {
  const source = readScenarioSource(path);
  const { kind } = (source.yaml.value ?? {}) as { kind?: unknown };
  if (kind === 'soak') return { kind, scenario: soakOf(source) };
  if (kind === undefined || kind === 'rounds') return { kind: 'rounds', scenario: scenarioOf(source) };
  const message = `kind: expected one of rounds, soak; got ${JSON.stringify(kind)}`;
  throw new FileProblemsError(source.file, source.yaml.text, [
    { ...source.yaml.position(['kind']), message },
  ]);
}

function soakOf({ file, yaml, hash }: ScenarioSource): SoakScenario {
  const result = soakScenarioSchema.safeParse(yaml.value);
  const problems = result.success ? [] : schemaProblems(soakScenarioSchema, result.error.issues, yaml);
  const stem = file.replace(/\.yaml$/, '');
  if (result.success && result.data.name !== stem) {
    const message = `the name is the file's: ${stem}; got ${JSON.stringify(result.data.name)}`;
    problems.push({ ...yaml.position(['name']), message });
  }
  if (!result.success || problems.length > 0) throw new FileProblemsError(file, yaml.text, problems);
  return { ...result.data, description: result.data.description ?? '', hash };
}
