import * as hdr from 'hdr-histogram-js';
import type { SoakScenario } from '../harness/any-scenario.js';
import { METRICS, type MetricName } from '../harness/metrics.js';
import {
  type ArmRecord,
  type BlockRecord,
  type BuildRecord,
  type LeakRecord,
  type MachineRecord,
  type MetricRecord,
  RECORD_SCHEMA,
  type RunRecord,
  type SeriesRecord,
} from '../harness/record.js';
import { joinNeighbours, TRACK_POINTS_MAX, type TrackPoint } from './bounded-track.js';
import { GAUGE_LABELS } from './gauge-catalogue.js';
import { soakChecks } from './soak-checks.js';
import type { SoakPlan } from './soak-plan.js';
import type { ArmState, SoakState } from './soak-state.js';

export interface SoakRecordInputs {
  scenario: SoakScenario;
  plan: SoakPlan;
  state: SoakState;
  leaks: Record<string, LeakRecord[]>;
  machine: MachineRecord;
  build: BuildRecord;
  startedAt: Date;
  finishedAt: Date;
  running: boolean;
  interrupted: boolean;
  notes: readonly string[];
}

export const SOAK_CASE = 'tcp/load=mixed';

/** Makes the record of a soak as it stands; verdict and exit code are filled in by `judge`. */
export function soakRecord(inputs: SoakRecordInputs): RunRecord {
  const { scenario, plan, state } = inputs;
  const arms = Object.fromEntries([...state.arms].map(([name, arm]) => [name, armRecord(arm)]));
  const heldBack = [...state.arms].filter(([, arm]) => arm.heldBack > 0);
  return {
    schema: RECORD_SCHEMA,
    scenario: scenario.name,
    title: scenario.title,
    ...(scenario.announced === undefined ? {} : { announced: scenario.announced }),
    scenarioHash: scenario.hash,
    seed: plan.seed,
    options: {
      quick: plan.quick,
      durationSeconds: plan.durationSeconds,
      checkpointSeconds: plan.checkpointSeconds,
      sampleSeconds: plan.sampleSeconds,
      plant: plan.plant,
    },
    startedAt: inputs.startedAt.toISOString(),
    finishedAt: inputs.finishedAt.toISOString(),
    interrupted: inputs.interrupted,
    verdict: 'inconclusive',
    reasons: [],
    exitCode: 0,
    machine: inputs.machine,
    build: inputs.build,
    cases: {
      [SOAK_CASE]: {
        parameters: parametersOf(plan),
        status: 'measured',
        reason: null,
        arms,
      },
    },
    windows: [],
    blocks: blocksOf(state),
    comparisons: [],
    checks: soakChecks(SOAK_CASE, state, inputs.leaks),
    notes: [
      ...inputs.notes,
      ...heldBack.map(
        ([name, arm]) => `${name}: ${arm.heldBack} messages were due when no session could take them`,
      ),
    ],
    soak: {
      durationSeconds: plan.durationSeconds,
      measuredSeconds: state.measuredSeconds,
      checkpointSeconds: plan.checkpointSeconds,
      checkpoints: state.checkpoints,
      running: inputs.running,
      lives: state.lives,
      gaps: state.gaps,
      phases: state.phases,
      leaks: inputs.leaks,
      plant: plan.plant,
    },
  };
}

function parametersOf(plan: SoakPlan): Record<string, string | number | boolean> {
  const parameters: Record<string, number | string> = { broadcastsPerSecond: plan.broadcastsPerSecond };
  for (const { arm, rates } of plan.arms) {
    for (const [name, value] of Object.entries(rates)) parameters[`${arm}.${name}`] = value;
  }
  return parameters;
}

function armRecord(arm: ArmState): ArmRecord {
  const { ledger, histogram } = arm;
  const metrics = metricsOf(arm);
  return {
    transport: 'tcp',
    metrics,
    histograms:
      histogram.totalCount > 0 ? { service_time_ns: hdr.encodeIntoCompressedBase64(histogram) } : {},
    series: { ...flowSeries(arm), ...gaugeSeries(arm) },
    rounds: [
      {
        round: 0,
        order: 0,
        metrics: Object.fromEntries(Object.entries(metrics).map(([name, { value }]) => [name, value])),
      },
    ],
    ledger,
    errors: arm.firstErrors.map((message) => ({ round: 0, code: 'ERR_SOAK_SESSION', message })),
  };
}

function metricsOf(arm: ArmState): Record<string, MetricRecord> {
  const metrics: Record<string, MetricRecord> = {};
  const add = (name: MetricName, value: number): void => {
    if (Number.isFinite(value)) metrics[name] = { value, ...METRICS[name], ci95: null, n: 1 };
  };
  add('throughput_ops_per_s', arm.operations / arm.seconds);
  add('throughput_bytes_per_s', arm.bytes / arm.seconds);
  if (arm.histogram.totalCount > 0) {
    add('latency_ns_mean', arm.histogram.mean);
    add('latency_ns_p50', arm.histogram.getValueAtPercentile(50));
    add('latency_ns_p90', arm.histogram.getValueAtPercentile(90));
    add('latency_ns_p99', arm.histogram.getValueAtPercentile(99));
    add('latency_ns_p999', arm.histogram.getValueAtPercentile(99.9));
    add('latency_ns_max', arm.histogram.maxValue);
  }
  const resident = arm.tracks.flatMap(({ track }) => track.points.map(({ high }) => high.rssBytes ?? 0));
  if (resident.length > 0) add('rss_bytes_peak', Math.max(...resident));
  if (arm.operations > 0) add('error_rate', arm.errors / arm.operations);
  return metrics;
}

function flowSeries(arm: ArmState): Record<string, SeriesRecord> {
  const { points } = arm.flow;
  return Object.fromEntries(
    (['throughput_ops_per_s', 'latency_ns_p50', 'latency_ns_p99'] as const).map((name) => [
      name,
      seriesOf(points, name, METRICS[name].unit),
    ]),
  );
}

/** The gauges of all lives, as many points as one chart can show. */
function gaugeSeries(arm: ArmState): Record<string, SeriesRecord> {
  let points = arm.tracks.flatMap(({ track }) => track.points);
  while (points.length > TRACK_POINTS_MAX) points = joinNeighbours(points);
  const series: Record<string, SeriesRecord> = {};
  for (const [name, { unit }] of Object.entries(GAUGE_LABELS)) {
    const each = seriesOf(points, name, unit);
    if (each.values.some((value) => value !== null)) series[name] = each;
  }
  return series;
}

function seriesOf(points: readonly TrackPoint[], name: string, unit: string): SeriesRecord {
  return {
    unit,
    atNs: points.map(({ atSeconds }) => Math.round(atSeconds * 1e9)),
    values: points.map(({ last }) => last[name] ?? null),
    low: points.map(({ low }) => low[name] ?? null),
    high: points.map(({ high }) => high[name] ?? null),
  };
}

/** Interference by checkpoint, or by stretches of several in a long run. */
function blocksOf(state: SoakState): BlockRecord[] {
  return state.pressure.points.map(
    ({ high }, block): BlockRecord => ({
      case: SOAK_CASE,
      round: 0,
      block,
      stealPercent: high.stealPercent ?? 0,
      psiCpuSome: high.psiCpuSome ?? null,
      dropped: false,
      reason: null,
    }),
  );
}
