import type { z } from 'zod';
import type { FileProblem } from './file-problem.js';
import { didYouMean } from './suggest.js';
import type { YamlSource } from './yaml-source.js';

/** Turns zod's issues into places of a file with words a person can act on. */
export function schemaProblems(
  schema: z.ZodType,
  issues: readonly z.core.$ZodIssue[],
  source: YamlSource,
): FileProblem[] {
  return issues.flatMap((issue) => describe(schema, issue, source));
}

function describe(schema: z.ZodType, issue: z.core.$ZodIssue, source: YamlSource): FileProblem[] {
  const where = issue.path.length === 0 ? 'the file' : issue.path.map(String).join('.');
  if (issue.code === 'unrecognized_keys') {
    const known = keysAt(schema, issue.path);
    return issue.keys.map((key) => ({
      ...source.keyPosition([...issue.path, key]),
      message: `unknown key "${key}"${didYouMean(key, known)} (known here: ${known.join(', ')})`,
    }));
  }
  const value = valueAt(source.value, issue.path);
  // A missing value has no place of its own, so the parent is shown.
  const at = source.position(issue.path);
  if (value === undefined) return [{ ...at, message: `${where}: missing; ${expected(issue)}` }];
  if (issue.code === 'custom') return [{ ...at, message: `${where}: ${issue.message}` }];
  return [{ ...at, message: `${where}: ${expected(issue)}; got ${show(value)}` }];
}

function expected(issue: z.core.$ZodIssue): string {
  switch (issue.code) {
    case 'invalid_type':
      return `expected ${issue.expected === 'int' ? 'a whole number' : `a value of type ${issue.expected}`}`;
    case 'invalid_value':
      return `expected one of ${issue.values.map(String).join(', ')}`;
    default:
      return issue.message;
  }
}

function show(value: unknown): string {
  const text = JSON.stringify(value) ?? String(value);
  const kind = value === null ? 'null' : Array.isArray(value) ? 'a list' : `a ${typeof value}`;
  return `${kind}: ${text.length > 60 ? `${text.slice(0, 57)}…` : text}`;
}

function valueAt(value: unknown, path: readonly PropertyKey[]): unknown {
  let current = value;
  for (const key of path) {
    if (current === null || typeof current !== 'object' || !Object.hasOwn(current, key)) return undefined;
    current = (current as Record<PropertyKey, unknown>)[key];
  }
  return current;
}

/** The keys the schema knows at a path; wrappers such as defaults are looked through. */
function keysAt(schema: z.ZodType, path: readonly PropertyKey[]): string[] {
  let current = unwrap(schema);
  for (const key of path) {
    const definition = current._zod.def as unknown as {
      shape?: Record<PropertyKey, z.ZodType>;
      valueType?: z.ZodType;
      element?: z.ZodType;
    };
    const next = definition.shape?.[key] ?? definition.valueType ?? definition.element;
    if (next === undefined) return [];
    current = unwrap(next);
  }
  const { shape } = current._zod.def as unknown as { shape?: object };
  return shape === undefined ? [] : Object.keys(shape);
}

function unwrap(schema: z.ZodType): z.ZodType {
  let current = schema;
  for (;;) {
    const inner = (current._zod.def as { innerType?: z.ZodType }).innerType;
    if (inner === undefined) return current;
    current = inner;
  }
}
