import { z } from 'zod';
import { scenarioSchema } from './scenario-schema.js';
import { soakScenarioSchema } from './soak-schema.js';

/** Of every kind of scenario file, for editors. */
export function scenarioJsonSchema(): unknown {
  const anyKind = z.union([scenarioSchema, soakScenarioSchema]);
  const schema = z.toJSONSchema(anyKind, { io: 'input', target: 'draft-7' });
  return { title: 'MsgTrans scenario', ...schema };
}
