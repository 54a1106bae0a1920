import type { RunRecord } from '../../scenarios/harness/record.js';
import { fixtureRecord } from './record-fixture.js';

/** Small runs: what a state looks like does not need ten rounds. */
function small(seed: number): RunRecord {
  return fixtureRecord({ seed, rounds: 5, blocksPerRound: 6 });
}

/** Messages were lost and corrupted: the run fails whatever its speed. */
export function failedLedger(): RunRecord {
  const record = small(11);
  const ledger = record.cases['tcp/depth=16']!.arms.native!.ledger;
  Object.assign(ledger, { delivered: ledger.sent - 3, lost: 3, corrupted: 1 });
  const check = record.checks.find(
    (candidate) => candidate.id === 'ledger-native' && candidate.case === 'tcp/depth=16',
  )!;
  Object.assign(check, { value: 4, verdict: 'fail', reason: 'native lost 3 messages and corrupted 1' });
  return {
    ...record,
    verdict: 'fail',
    exitCode: 6,
    reasons: ['native lost 3 messages and corrupted 1 at tcp/depth=16'],
  };
}

/** SIGINT in the second round, before the last case ran. */
export function interrupted(): RunRecord {
  const record = fixtureRecord({ seed: 12, rounds: 2, blocksPerRound: 6 });
  const last = 'tcp/depth=100,sessions=64';
  return {
    ...record,
    interrupted: true,
    verdict: 'inconclusive',
    exitCode: 130,
    reasons: ['interrupted by SIGINT in round 2 of 10'],
    cases: { ...record.cases, [last]: { ...record.cases[last]!, arms: {} } },
    comparisons: record.comparisons.filter((row) => row.case !== last),
    blocks: record.blocks.filter((block) => block.case !== last),
    windows: record.windows.filter((window) => window.case !== last),
    checks: [],
  };
}

/** One case needs more cores than the machine has. */
export function notMeasurable(): RunRecord {
  const record = small(13);
  record.cases['tcp/reactors=16'] = {
    parameters: { reactors: 16 },
    status: 'not-measurable',
    reason: '16 reactors need 33 cores, this machine has 2',
    arms: {},
  };
  record.checks.push({
    id: 'scaling',
    case: 'tcp/reactors=16',
    kind: 'service-level',
    expression: 'native scaling ≥ 14×',
    value: null,
    limit: 14,
    verdict: 'not-measurable',
    reason: '16 reactors need 33 cores, this machine has 2',
  });
  return record;
}

/** Two service levels are missed, the run passes. */
export function missedChecks(): RunRecord {
  const record = small(14);
  const levels = record.checks.filter((check) => check.kind === 'service-level');
  for (const check of levels.slice(0, 2))
    Object.assign(check, { verdict: 'missed', value: check.limit * 0.8 });
  return record;
}

/** The generator used its whole core while driving the fastest arms. */
export function generatorBound(): RunRecord {
  const record = small(15);
  const caseName = 'tcp/depth=16';
  for (const arm of ['native', 'limit']) {
    const { metrics } = record.cases[caseName]!.arms[arm]!;
    metrics.throughput_ops_per_s!.mark = 'generator-bound';
    metrics.generator_cpu_share!.value = 0.97;
  }
  for (const row of record.comparisons) {
    if (row.case === caseName && row.metric === 'throughput_ops_per_s') row.mark = 'generator-bound';
  }
  return record;
}

/** One round only: no interval anywhere. */
export function singleRound(): RunRecord {
  const record = fixtureRecord({ seed: 16, rounds: 1, blocksPerRound: 6 });
  return { ...record, options: { quick: true, repeat: 1 } };
}

/** Open loop: response time beside service time. */
export function openLoop(): RunRecord {
  const record = small(17);
  const slower = small(18);
  for (const [caseName, caseRecord] of Object.entries(record.cases)) {
    for (const [arm, armRecord] of Object.entries(caseRecord.arms)) {
      const other = slower.cases[caseName]!.arms[arm === 'native' ? 'rival:node-net' : 'baseline']!;
      armRecord.histograms.response_time_ns = other.histograms.service_time_ns!;
    }
  }
  return record;
}

/** Text that would run a script wherever it were put into the page unescaped. */
export const HOSTILE_TEXTS = [
  '</script><script>window.__hostile=1</script>',
  '<img src=x onerror="window.__hostile=1">',
  '"><svg onload=window.__hostile=1>',
  '{{constructor.constructor "window.__hostile=1"}}',
  '\u2028window.__hostile=1\u2029//<!--<script>',
  'javascript:window.__hostile=1',
];

/** Hostile strings in every name and text that a record can carry. */
export function hostileStrings(): RunRecord {
  const record = small(19);
  const [script, image, svg, template, separators, url] = HOSTILE_TEXTS as [
    string,
    string,
    string,
    string,
    string,
    string,
  ];
  const renamed = (name: string) => (name === 'tcp' ? script : name);
  const cases = Object.fromEntries(
    Object.entries(record.cases).map(([name, value]) => [renamed(name), value]),
  );
  const hostileCase = cases[script]!;
  hostileCase.arms[`rival:${image}`] = hostileCase.arms['rival:node-net']!;
  hostileCase.arms.native!.metrics[svg] = {
    value: 1,
    unit: image,
    better: 'higher',
    ci95: null,
    n: 1,
    mark: script,
  };
  cases[url] = { parameters: {}, status: 'not-measurable', reason: image, arms: {} };
  return {
    ...record,
    scenario: script,
    title: image,
    scenarioHash: svg,
    options: { [svg]: script, note: template },
    reasons: [script, separators],
    machine: { ...record.machine, cpuModel: image, kernel: script, fingerprint: separators },
    build: { ...record.build, commit: script, compiler: svg },
    cases,
    windows: record.windows.map((window) => ({ ...window, case: renamed(window.case) })),
    blocks: record.blocks.map((block) => ({
      ...block,
      case: renamed(block.case),
      reason: block.dropped ? image : null,
    })),
    comparisons: [
      ...record.comparisons.map((row) => ({ ...row, case: renamed(row.case) })),
      {
        case: script,
        metric: svg,
        arm: 'native',
        against: `rival:${image}`,
        ratio: 2,
        ci95: [1, 3],
        n: 5,
        mark: template,
      },
    ],
    checks: [
      ...record.checks.map((check) => ({ ...check, case: renamed(check.case) })),
      {
        id: image,
        case: script,
        kind: 'service-level',
        expression: svg,
        value: 1,
        limit: 2,
        verdict: 'missed',
        reason: separators,
      },
    ],
  };
}
