import { z } from 'zod';
import { PARAMETER_RULES } from './case-parameters.js';
import { LOAD_NAMES } from './load-shapes.js';
import { METRIC_NAMES } from './metrics.js';
import { THREAD_WORK_NAMES } from './scaling/thread-works.js';

/**
 * The shape of a scenario file. The JSON Schema beside the files is generated from this, so an editor and the harness
 * say the same. What depends on two places at once (case names, arms that are not listed) is in `scenario-file.ts`.
 */

const HTTP_PATH = /^\/[\w./-]{0,100}$/;
export const HYPHENATED_WORDS = /^[a-z0-9]+(-[a-z0-9]+)*$/;
/** Folders of runs and files of stored baselines that begin with "suite-" are those of suites. */
export const SCENARIO_NAME = /^(?!suite-)[a-z0-9]+(-[a-z0-9]+)*$/;
export const SCENARIO_NAME_RULE =
  'lower-case words joined by hyphens, the same as the file name, and not beginning with "suite-"';
export const ARM_NAME =
  /^(native|native:(own-thread|owned|scraped|burst)|baseline|limit|rival:[a-z0-9]+(-[a-z0-9]+)*)$/;

const armName = z
  .string()
  .regex(
    ARM_NAME,
    'an arm is native, native:own-thread, native:owned, native:scraped, native:burst, baseline, limit or rival:<name>',
  )
  .meta({ description: 'An implementation under the same work.' });

/** What was claimed for this work before anybody measured it; shown beside what is measured, never judged. */
export const announcedSchema = z
  .string()
  .min(1)
  .max(120)
  .regex(/^[^\p{Cc}]*$/u, 'one line without control characters')
  .optional()
  .meta({
    description:
      'The figure that the original MsgTrans announced for this work and never measured, in its own words.',
  });

export const armListSchema = z.array(armName).min(1).max(16);

const checkSchema = z
  .strictObject({
    id: z
      .string()
      .regex(HYPHENATED_WORDS, 'lower-case words joined by hyphens')
      .meta({ description: 'Unique within its case.' }),
    metric: z.enum(METRIC_NAMES),
    arm: armName.default('native'),
    against: armName.optional().meta({ description: 'The arm it is compared with; needed for ratios.' }),
    ratioMin: z
      .number()
      .positive()
      .optional()
      .meta({ description: 'Better is above 1: the least ratio that meets the number.' }),
    quotientMax: z.number().positive().optional().meta({
      description: 'For costs: ours ÷ theirs may be at most this (the stored ratio is at least 1 ÷ this).',
    }),
    valueMin: z.number().optional().meta({ description: 'The least value of the metric itself.' }),
    valueMax: z.number().optional().meta({ description: 'The highest value of the metric itself.' }),
    intervalMin: z.number().optional().meta({
      description: 'The least value at the lower end of the 95 % interval of the metric itself.',
    }),
  })
  .superRefine((check, context) => {
    const limits = (['ratioMin', 'quotientMax', 'valueMin', 'valueMax', 'intervalMin'] as const).filter(
      (key) => check[key] !== undefined,
    );
    if (limits.length !== 1) {
      context.addIssue({
        code: 'custom',
        message: 'needs exactly one of ratioMin, quotientMax, valueMin, valueMax, intervalMin',
      });
    }
    const isRatio = check.ratioMin !== undefined || check.quotientMax !== undefined;
    if (isRatio && check.against === undefined) {
      context.addIssue({ code: 'custom', message: 'a ratio needs "against": the arm it is compared with' });
    }
    if (!isRatio && check.against !== undefined) {
      context.addIssue({
        code: 'custom',
        path: ['against'],
        message: 'only a ratio has "against"; use ratioMin or quotientMax with it',
      });
    }
  });

export const caseSchema = z.strictObject({
  arms: armListSchema.optional().meta({ description: 'Instead of the arms of the scenario.' }),
  quick: z.boolean().default(true).meta({ description: 'false: left out of --quick runs.' }),
  quickArms: armListSchema.optional().meta({ description: 'The arms of a --quick run, when fewer.' }),
  quickSessions: z.int().min(1).max(1_000_000).optional().meta({
    description: 'Sessions of a --quick run, when fewer.',
  }),
  findSessions: z.boolean().default(false).meta({
    description:
      'true: the most sessions that get 99.9 % of their frames on time are looked for, up to the sessions of the case.',
  }),
  split: z.boolean().default(false).meta({
    description:
      'true: where one process has too few descriptors for the sessions, server and load generator are several processes each.',
  }),
  rounds: z.int().min(5).max(100).optional().meta({
    description:
      'Rounds that the case takes part in, evenly spread, where it takes too long for all of them; 5 are the least that give an interval.',
  }),
  messagesPerSessionMin: z
    .int()
    .min(0)
    .max(1_000_000_000)
    .optional()
    .meta({ description: 'Instead of the number of the scenario.' }),
  checks: z.array(checkSchema).max(64).default([]),
});

const number = (
  key:
    | 'sessions'
    | 'depth'
    | 'payloadBytes'
    | 'rate'
    | 'percentOfMax'
    | 'stormPercent'
    | 'tickHz'
    | 'groupSize'
    | 'inputsHz'
    | 'threads'
    | 'killPercentPerMinute',
) => {
  const rule = PARAMETER_RULES[key] as { min: number; max: number };
  return z.int().min(rule.min).max(rule.max).optional();
};

export const defaultsSchema = z
  .strictObject({
    transport: z.enum(['tcp', 'mem', 'none']).optional().meta({
      description: 'tcp: between processes. mem: between two threads of one process. none: nothing is sent.',
    }),
    sessions: number('sessions'),
    depth: number('depth').meta({ description: 'Messages each session keeps in flight.' }),
    payloadBytes: number('payloadBytes'),
    reply: z.enum(['counter', 'forward']).optional().meta({
      description: 'counter: 64 bytes the handler writes itself. forward: the received slice passed on.',
    }),
    load: z
      .enum(LOAD_NAMES)
      .optional()
      .meta({
        description:
          'closed: each session keeps depth requests in flight. open: requests at a fixed rate. stream: one way, ' +
          'each session has at most depth messages unacknowledged. paced: one way at a fixed rate, in process. ' +
          'storm: the same, while a share of the sessions reconnects. tick: broadcasts at a fixed rate, and inputs. ' +
          'threads: nothing comes from outside, and so many threads share a work.',
      }),
    rate: number('rate').meta({ description: 'Messages per second over all sessions (open loop, paced).' }),
    percentOfMax: number('percentOfMax').meta({
      description:
        'Instead of a rate (paced): this share of what the arm takes at most, measured in each round.',
    }),
    stormPercent: number('stormPercent').meta({
      description: 'Share of the sessions that each window closes and opens anew at once (storm).',
    }),
    tickHz: number('tickHz').meta({ description: 'Broadcasts per second to each group of interest (tick).' }),
    groupSize: number('groupSize').meta({ description: 'Players of a group of interest (tick).' }),
    inputsHz: number('inputsHz').meta({ description: 'Messages per second that each player sends (tick).' }),
    touch: z.enum(['some', 'all']).optional().meta({
      description: 'all: both ends touch every byte of every message. some: of one in 64.',
    }),
    work: z
      .enum(THREAD_WORK_NAMES)
      .optional()
      .meta({
        description:
          'What threads do (load: threads). lookup: sessions by id. map: the lock-free map. mem-echo, sockets: pairs of ' +
          'JavaScript threads that echo.',
      }),
    threads: number('threads').meta({ description: 'Threads that share the work (load: threads).' }),
    killPercentPerMinute: number('killPercentPerMinute').meta({
      description: 'Sessions that are cut and connected again per minute, in per cent of all (open loop).',
    }),
  })
  .meta({ description: 'Parameters of the default case; a case name lists only what differs from them.' });

const scrapeSchema = z.strictObject({
  connections: z.int().min(1).max(1_000),
  scrapesPerSecond: z
    .int()
    .min(1)
    .max(10_000)
    .nullable()
    .default(null)
    .meta({ description: 'Over all connections; left out: as fast as they are answered.' }),
  path: z.string().regex(HTTP_PATH, 'a path such as /metrics').default('/metrics'),
  healthPath: z.string().regex(HTTP_PATH, 'a path such as /healthz').nullable().default(null).meta({
    description: 'Asked once after each scrape; has to answer 200.',
  }),
});

export const scenarioSchema = z.strictObject({
  kind: z
    .literal('rounds')
    .optional()
    .meta({ description: 'rounds (default): arms side by side, in short windows. soak: one run for hours.' }),
  name: z
    .string()
    .max(64)
    .regex(SCENARIO_NAME, SCENARIO_NAME_RULE)
    .meta({ description: 'The same as the file name without .yaml.' }),
  title: z
    .string()
    .min(1)
    .max(120)
    .regex(/^[^\p{Cc}]*$/u, 'one line without control characters')
    .meta({ description: 'One line for --list and the report.' }),
  description: z.string().max(4_000).optional(),
  announced: announcedSchema,
  defaults: defaultsSchema.default({}),
  arms: armListSchema,
  messagesPerSessionMin: z
    .int()
    .min(0)
    .max(1_000_000_000)
    .default(0)
    .meta({ description: 'Least messages per session over a full run, for every arm.' }),
  idleMemory: z
    .strictObject({
      case: z.string().max(256).meta({ description: 'The case that shows memory_bytes_per_session.' }),
      sessions: z.int().min(100).max(1_000_000).default(4_000),
      quickSessions: z.int().min(100).max(1_000_000).default(1_000),
    })
    .optional()
    .meta({ description: 'Measures the memory of idle sessions once per round, before any load.' }),
  windowMs: z.int().min(50).max(60_000).optional().meta({
    description:
      'Least length of a window, where what disturbs an arm comes round more rarely than the usual 50 ms.',
  }),
  slotSeconds: z.int().min(1).max(600).optional().meta({
    description: 'Time per case, arm and round of a full run, instead of the usual 2 s.',
  }),
  scrapes: z.record(armName, scrapeSchema).default({}).meta({
    description: "Arms whose admin endpoint is scraped by autocannon in their windows, and in nobody else's.",
  }),
  cases: z
    .record(z.string().max(256), caseSchema)
    .refine((cases) => Object.keys(cases).length > 0, 'needs at least one case')
    .refine((cases) => Object.keys(cases).length <= 64, 'at most 64 cases')
    .meta({ description: 'By name: transport/key=value,… with keys sorted.' }),
});

export type ScenarioDocument = z.output<typeof scenarioSchema>;
export type CheckDefinition = z.output<typeof checkSchema>;
