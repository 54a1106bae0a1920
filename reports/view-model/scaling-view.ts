import type {
  ArmRecord,
  CaseRecord,
  FittedRecord,
  RunRecord,
  ScalingRecord,
} from '../../scenarios/harness/record.js';
import { alignDecimals, NOT_AVAILABLE, threeDigitsFixed } from '../numbers/digits.js';
import { intervalText, ratioText, ratioWithInterval } from '../numbers/ratio.js';
import { inScale, scaleFor, withUnit } from '../numbers/scale.js';
import { listInWords } from '../numbers/sentence.js';
import { entryOf } from '../record-file/entry-of.js';
import { armIdentity, compareArms } from './arm-identity.js';
import { type CellInput, type TableView, tableView } from './table-view.js';

/** One kind of work, shared by more and more threads. */
export interface ScalingWork {
  work: string;
  title: string;
  /** Processors that the run could use. */
  cores: number;
  /** Empty where nothing of the work could be measured here. */
  arms: ScalingArm[];
  sentence: string;
  table: TableView;
}

export interface ScalingArm {
  arm: string;
  law: ScalingRecord;
  /** Speed-up as the clock had it, with what the processors themselves gained or lost still in it. */
  asMeasured: (FittedRecord & { threads: number })[];
}

export interface ScalingView {
  sentence: string;
  works: ScalingWork[];
  laws: TableView | null;
}

const TITLES: ReadonlyMap<string, string> = new Map([
  ['lookup', 'Looking up sessions by id'],
  ['map', 'Lock-free map, 5 % writes'],
  ['mem-echo', 'Echo over mem:// between pairs of JavaScript threads'],
  ['sockets', 'Echo over TCP, a reactor on each thread'],
]);

function titleOf(work: string): string {
  return TITLES.get(work) ?? work;
}

/** The efficiency that the scenario asks for. */
export const EFFICIENCY_ASKED = 0.95;

export function hasScaling(record: RunRecord): boolean {
  return Object.values(record.cases).some(isOverThreads);
}

export function isOverThreads({ parameters }: CaseRecord): boolean {
  return parameters.load === 'threads';
}

export function scalingView(record: RunRecord): ScalingView {
  const scaling = record.scaling ?? [];
  const names = new Set(
    Object.values(record.cases)
      .filter(isOverThreads)
      .map(({ parameters }) => String(parameters.work)),
  );
  const works = [...names].map((work) => workView(record, scaling, work));
  return { sentence: overallSentence(works), works, laws: lawTable(scaling) };
}

function workView(record: RunRecord, scaling: readonly ScalingRecord[], work: string): ScalingWork {
  const cases = Object.values(record.cases)
    .filter((each) => isOverThreads(each) && each.parameters.work === work)
    .sort((left, right) => threadsOf(left) - threadsOf(right));
  const arms = scaling
    .filter((law) => law.work === work)
    .sort((left, right) => compareArms(left.arm, right.arm))
    .map((law): ScalingArm => ({ arm: law.arm, law, asMeasured: asMeasured(cases, law.arm) }));
  return {
    work,
    title: titleOf(work),
    cores: arms[0]?.law.cores ?? 0,
    arms,
    sentence: arms.length > 0 ? arms.map((arm) => armSentence(arm, cases)).join(' ') : absenceSentence(cases),
    table: workTable(titleOf(work), cases, arms),
  };
}

function threadsOf({ parameters }: CaseRecord): number {
  return Number(parameters.threads);
}

function asMeasured(cases: readonly CaseRecord[], arm: string): ScalingArm['asMeasured'] {
  return cases.flatMap((body) => {
    const speedup = entryOf(body.arms, arm)?.metrics.speedup;
    return speedup === undefined
      ? []
      : [{ threads: threadsOf(body), value: speedup.value, ci95: speedup.ci95 }];
  });
}

function armSentence({ arm, law }: ScalingArm, cases: readonly CaseRecord[]): string {
  const { label } = armIdentity(arm);
  const most = law.points.at(-1)!;
  const body = entryOf(cases.find((each) => threadsOf(each) === most.threads)?.arms, arm);
  const against = body?.metrics.speedup_against_alu;
  const speedup = body?.metrics.speedup;
  const measured =
    against === undefined || speedup === undefined
      ? `${label} was measured on one thread only`
      : `${label}: ${most.threads} threads do ${ratioText(speedup.value)} the work of one, ` +
        `${ratioWithInterval(against.value, against.ci95)} of what the processors alone bring`;
  const last = law.curve.at(-1)!;
  const projected = last.projected
    ? `; projected for ${last.threads}: ${ratioWithInterval(last.value, last.ci95)}`
    : '';
  return `${measured}${projected}.`;
}

function absenceSentence(cases: readonly CaseRecord[]): string {
  const first = cases.find((each) => each.reason !== null);
  return `Not measurable here: ${first?.reason ?? 'no reason recorded'}.`;
}

function overallSentence(works: readonly ScalingWork[]): string {
  const measured = works.filter(({ arms }) => arms.length > 0);
  const missing = works.filter(({ arms }) => arms.length === 0);
  if (measured.length === 0) return 'Nothing of it could be measured on this machine.';
  const cores = measured[0]!.cores;
  const open = measured.flatMap(({ arms }) => arms).some(({ law }) => !law.determined);
  const beyond = measured.flatMap(({ arms }) => arms).some(({ law }) => law.curve.at(-1)!.projected);
  const sentences = [
    `Measured on the ${cores} cores of this machine; each figure is divided by what the same cores do for a loop that needs nothing but a processor (filled points; hollow ones are as the clock had them).`,
  ];
  if (beyond) {
    sentences.push(
      `What is dashed, right of ${cores} threads, is projected by the Universal Scalability Law and no result.`,
    );
  }
  if (open) {
    sentences.push(
      'One number of threads above 1 does not tell waiting for each other from keeping memory alike; the band holds every split between the two.',
    );
  }
  if (missing.length > 0) {
    sentences.push(`${listInWords(missing.map(({ title }) => title))}: not measurable here.`);
  }
  return sentences.join(' ');
}

const MUTED = { text: NOT_AVAILABLE, state: 'muted' as const };

function workTable(title: string, cases: readonly CaseRecord[], arms: readonly ScalingArm[]): TableView {
  const figures = cases.flatMap((body) =>
    arms.map(({ arm }) => entryOf(body.arms, arm)?.metrics.throughput_ops_per_s),
  );
  const scale = scaleFor(
    'rate',
    figures.map((metric) => metric?.value ?? Number.NaN),
  );
  const rows =
    arms.length > 0
      ? arms.flatMap((arm) => cases.map((body) => rowOf(arm, body, scale)))
      : cases.map((body) => [NOT_AVAILABLE, String(threadsOf(body)), stateOf(body), ...Array(8).fill(MUTED)]);
  return tableView({
    caption: `${title}: what was measured, and what the law says`,
    columns: [
      'Arm',
      '#Threads',
      '~State',
      `#Throughput, ${scale.unit}`,
      '#Speed-up',
      '#ALU loop',
      '#÷ ALU loop',
      '#95 % interval',
      '#CPU per op',
      '#Law, ×',
      '#Law, 95 %',
    ],
    rows,
  });
}

function stateOf({ status, reason }: CaseRecord): CellInput {
  if (status === 'measured') return '● measured';
  const word = status === 'projected' ? '○ projected' : '○ not measurable here';
  return { text: word, state: 'not-measurable', ...(reason === null ? {} : { detail: reason }) };
}

function rowOf({ arm, law }: ScalingArm, body: CaseRecord, scale: ReturnType<typeof scaleFor>): CellInput[] {
  const threads = threadsOf(body);
  const metrics: ArmRecord['metrics'] = entryOf(body.arms, arm)?.metrics ?? {};
  const ratio = (name: string): CellInput =>
    metrics[name] === undefined ? MUTED : ratioText(metrics[name].value);
  const said = law.curve.find((point) => point.threads === threads);
  const throughput = metrics.throughput_ops_per_s;
  const cpu = metrics.cpu_ns_per_op;
  return [
    armIdentity(arm).label,
    String(threads),
    stateOf(body),
    throughput === undefined ? MUTED : inScale(scale, throughput.value),
    ratio('speedup'),
    ratio('alu_speedup'),
    ratio('speedup_against_alu'),
    intervalText(metrics.speedup_against_alu?.ci95 ?? null) || MUTED,
    cpu === undefined ? MUTED : withUnit('time', cpu.value),
    said === undefined ? MUTED : ratioText(said.value),
    intervalText(said?.ci95 ?? null) || MUTED,
  ];
}

function lawTable(scaling: readonly ScalingRecord[]): TableView | null {
  if (scaling.length === 0) return null;
  const figures = (pick: (law: ScalingRecord) => FittedRecord): string[] =>
    alignDecimals(scaling.map((law) => threeDigitsFixed(pick(law).value)));
  const sigmas = figures((law) => law.sigma);
  const kappas = figures((law) => law.kappa);
  return tableView({
    caption: 'The Universal Scalability Law fitted to each: n ÷ (1 + σ (n − 1) + κ n (n − 1))',
    columns: ['Work', 'Arm', '#σ, contention', '#95 % interval', '#κ, coherency', '#95 % interval', '~From'],
    rows: scaling.map((law, index) => [
      titleOf(law.work),
      armIdentity(law.arm).label,
      sigmas[index]!,
      intervalText(law.sigma.ci95) || MUTED,
      kappas[index]!,
      intervalText(law.kappa.ci95) || MUTED,
      `${listInWords(law.points.map(({ threads }) => String(threads)))} threads${law.determined ? '' : '; σ + 2κ is known, not the split'}`,
    ]),
  });
}
