import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { writeFileAtomic } from '../harness/atomic-write.js';
import { scenarioJsonSchema } from '../harness/scenario-json-schema.js';

/**
 * `node dist/scenarios/commands/schema.js` writes the JSON Schema that editors use for scenario files;
 * with `--check` it only says whether the file is fresh.
 */

const path = resolve(import.meta.dirname, '..', '..', '..', 'scenarios', 'scenario.schema.json');
const schema = JSON.parse(JSON.stringify(scenarioJsonSchema())) as unknown;

if (process.argv[2] !== '--check') {
  writeFileAtomic(path, `${JSON.stringify(schema, null, 2)}\n`);
} else if (!isDeepStrictEqual(JSON.parse(readFileSync(path, 'utf8')), schema)) {
  process.stderr.write('scenarios/scenario.schema.json is stale: node dist/scenarios/commands/schema.js\n');
  process.exitCode = 1;
}
