import { createHash } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { z } from 'zod';
import { writeFileAtomic } from '../../scenarios/harness/atomic-write.js';
import { INSTRUCTIONS_FOLDER } from '../../scenarios/harness/baseline-name.js';
import { canonicalDocument, canonicalLine } from '../baseline-store/canonical-json.js';
import { REASON_LENGTH_MAX } from '../baseline-store/promotion-history.js';
import { checksumProblems, parseStoredDocument, readBoundedText } from '../baseline-store/stored-document.js';
import { type CountingToolchain, countingToolchainSchema, toolchainKey } from './counting-toolchain.js';
import { InstructionError } from './instruction-error.js';

/** The file of stored counts, `ci/baselines/instructions/<toolchain>.json`: what each path executes, by one toolchain. */
export const COUNTS_SCHEMA = 'msgtrans.instructions/1';

/** Some 200 bytes a path. */
const COUNTS_BYTES_MAX = 256 * 1024;

const storedPathSchema = z.strictObject({
  operations: z.int().positive(),
  instructions: z.int().positive(),
  /** Of what the operations returned. */
  checksum: z.string().regex(/^[0-9a-f]{16}$/, 'no checksum of a path'),
  /** Why this count may be larger than the one before it; null where it is not. */
  accepted: z.string().min(1).max(REASON_LENGTH_MAX).nullable(),
});

const countsFileSchema = z.strictObject({
  schema: z.literal(COUNTS_SCHEMA),
  /** SHA-256 over the canonical JSON of everything else. */
  checksum: z.string(),
  toolchain: countingToolchainSchema,
  paths: z.record(z.string().regex(/^[a-z0-9-]{1,64}$/, 'no name of a path'), storedPathSchema),
});

export type StoredPath = z.output<typeof storedPathSchema>;
export type StoredPaths = Readonly<Record<string, StoredPath>>;
export type CountsFile = z.output<typeof countsFileSchema>;

/** Where the counts of a toolchain lie in a folder of baselines. */
export function countsPath(baselines: string, toolchain: CountingToolchain): string {
  return join(baselines, INSTRUCTIONS_FOLDER, `${toolchainKey(toolchain)}.json`);
}

export function countsFileOf(toolchain: CountingToolchain, paths: StoredPaths): CountsFile {
  const content = { schema: COUNTS_SCHEMA, toolchain, paths: { ...paths } } as const;
  return { ...content, checksum: checksumOf(content) };
}

function checksumOf({ schema, toolchain, paths }: Omit<CountsFile, 'checksum'>): string {
  return createHash('sha256').update(canonicalLine({ schema, toolchain, paths })).digest('hex');
}

/**
 * Pure. `name` stands for the text in what is thrown.
 * @throws InstructionError `ERR_INSTRUCTIONS_INVALID`
 */
export function parseCounts(text: string, name: string, toolchain: CountingToolchain): CountsFile {
  const { value, problems } = parseStoredDocument(text, COUNTS_SCHEMA, countsFileSchema);
  const wrong = [...problems];
  if (value !== null) {
    wrong.push(...checksumProblems(value.checksum, checksumOf(value)));
    const [found, wanted] = [toolchainKey(value.toolchain), toolchainKey(toolchain)];
    if (found !== wanted) wrong.push(`holds the counts of ${found}, not of ${wanted}`);
    if (wrong.length === 0) return value;
  }
  throw new InstructionError(
    'ERR_INSTRUCTIONS_INVALID',
    `${name} ${wrong.join(`;\n${name} `)}\nRestore it from git, or remove it and count anew: npm run instructions -- --save`,
  );
}

/** Null when none are stored for this toolchain. @throws InstructionError `ERR_INSTRUCTIONS_INVALID` */
export function readCounts(baselines: string, toolchain: CountingToolchain): CountsFile | null {
  const path = countsPath(baselines, toolchain);
  const text = readBoundedText(
    path,
    COUNTS_BYTES_MAX,
    (why, cause) =>
      new InstructionError('ERR_INSTRUCTIONS_INVALID', `${path} cannot be read: ${why}`, { cause }),
  );
  return text === null ? null : parseCounts(text, path, toolchain);
}

/** Returns where. @throws InstructionError `ERR_INSTRUCTIONS_WRITE` */
export function writeCounts(baselines: string, file: CountsFile): string {
  const path = countsPath(baselines, file.toolchain);
  try {
    mkdirSync(dirname(path), { recursive: true });
    writeFileAtomic(path, canonicalDocument(file));
  } catch (error) {
    throw new InstructionError('ERR_INSTRUCTIONS_WRITE', (error as Error).message, { cause: error });
  }
  return path;
}
