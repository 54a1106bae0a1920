import { z } from 'zod';
import { announcedSchema, SCENARIO_NAME, SCENARIO_NAME_RULE } from './scenario-schema.js';

/** The shape of a scenario file of the kind soak: one mixed load for hours, watched for leaks. */

const perSecond = z.number().min(0).max(1_000_000);
const phaseSeconds = z.number().min(1).max(86_400);
const share = z.number().gt(0).max(1).meta({ description: 'Of the sessions.' });

const ratesSchema = z.strictObject({
  sessions: z.int().min(1).max(15_000),
  requestsPerSecond: perSecond,
  oneWayPerSecond: perSecond,
  largePerSecond: perSecond.meta({ description: 'Frames of 16 KB to 1 MB, there and back.' }),
  churnPerSecond: perSecond.meta({ description: 'Sessions closed in order and opened anew.' }),
});

const phaseOf = (seconds: z.ZodNumber) =>
  z.discriminatedUnion('kind', [
    z.strictObject({ kind: z.literal('steady'), seconds }),
    z.strictObject({ kind: z.literal('slow-readers'), seconds, share }),
    z.strictObject({ kind: z.literal('resets'), seconds, perSecond: z.number().gt(0).max(1000) }),
    z.strictObject({ kind: z.literal('storm'), seconds, share }),
  ]);

export const faultPhaseSchema = phaseOf(phaseSeconds);
/** As a load generator is told it: of a short run, compressed. */
export const enteredPhaseSchema = phaseOf(z.number().gt(0));

const wholeSeconds = (max: number) => z.int().min(1).max(max);

export const soakScenarioSchema = z.strictObject({
  kind: z.literal('soak'),
  name: z.string().max(64).regex(SCENARIO_NAME, SCENARIO_NAME_RULE),
  title: z
    .string()
    .min(1)
    .max(120)
    .regex(/^[^\p{Cc}]*$/u, 'one line without control characters'),
  description: z.string().max(4_000).optional(),
  announced: announcedSchema,
  soak: z.strictObject({
    durationSeconds: wholeSeconds(90 * 86_400),
    quickSeconds: wholeSeconds(600).default(50).meta({ description: 'Length of a --quick run.' }),
    checkpointSeconds: wholeSeconds(3_600).default(60),
    sampleSeconds: wholeSeconds(600)
      .default(15)
      .meta({ description: 'Between two looks at the gauges, each after a garbage collection.' }),
    broadcastsPerSecond: z.number().min(0.01).max(1_000).default(5),
    arms: z
      .strictObject({
        native: ratesSchema,
        baseline: ratesSchema
          .optional()
          .meta({ description: 'Beside it, at a low rate: what Node itself does.' }),
      })
      .meta({ description: 'A server and a load generator for each.' }),
    phases: z
      .array(faultPhaseSchema)
      .min(1)
      .max(64)
      .meta({ description: 'One after the other, round and round; compressed where a run is short.' }),
  }),
});

export type SoakDocument = z.output<typeof soakScenarioSchema>;
export type SoakRates = z.output<typeof ratesSchema>;
export type FaultPhase = z.output<typeof faultPhaseSchema>;
