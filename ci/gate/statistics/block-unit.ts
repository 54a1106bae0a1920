import { mean, median } from '../../../scenarios/harness/statistics/quantile.js';
import { GateError } from './gate-error.js';
import { middleOf } from './hodges-lehmann.js';

/**
 * From windows to the unit of the gate. A block holds four windows next to each other, ABBA or BAAB at random, so that
 * a linear drift of the machine hits both arms alike. The unit is one number per invocation: processes differ from
 * each other by more than their blocks do, so blocks of one invocation are no independent evidence.
 */
export type GateArm = 'base' | 'candidate';

export interface GateBlock {
  /** The arm of the outer windows: `base` is ABBA, `candidate` is BAAB. */
  first: GateArm;
  /** One metric of the four windows, in the order of time. All above 0. */
  values: readonly [number, number, number, number];
}

/** `METRICS[name].better`; what is better when it is higher turns its sign. */
export type Better = 'higher' | 'lower';

/** The mean log ratio of a block; positive when the candidate is slower. Swapping the arms turns the sign and no bit else. */
export function blockLogRatio(block: GateBlock, better: Better): number {
  const [first, second, third, fourth] = logarithmsOf(block);
  const outerLessInner = (first + fourth) / 2 - (second + third) / 2;
  const candidateLessBase = block.first === 'candidate' ? outerLessInner : -outerLessInner;
  return better === 'lower' ? candidateLessBase : -candidateLessBase;
}

/**
 * The median over the blocks that were not dropped: one neighbour's burst moves it little, and in a prototype it spread a
 * third less than the mean did. Throws `GateError` when there is no block: then the invocation says nothing.
 */
export function invocationUnit(blocks: readonly GateBlock[], better: Better): number {
  return unitOfLogRatios(blocks.map((block) => blockLogRatio(block, better)));
}

/** The same from the blocks' log ratios, where only these were kept. */
export function unitOfLogRatios(logRatios: readonly number[]): number {
  if (logRatios.length === 0) {
    throw new GateError(
      'ERR_GATE_BLOCK',
      'an invocation without a single undisturbed block has no unit; drop it and measure another',
    );
  }
  return middleOf(Float64Array.from(logRatios).sort());
}

/** Median absolute deviation of normal values to their standard deviation. */
const MAD_TO_DEVIATION = 1.4826;
/** Variance of the contrast below, in variances of one window: 1 + 1 + 9 + 9. */
const CONTRAST_VARIANCE = 20;

/**
 * (A₄ − A₁) − 3 (B₃ − B₂) on logarithms: free of what the arms differ by, and of linear drift, which adds 3 steps to
 * the first difference and 1 to the second. What remains is the noise of windows.
 */
export function noiseContrast(block: GateBlock): number {
  const [first, second, third, fourth] = logarithmsOf(block);
  return fourth - first - 3 * (third - second);
}

export interface InRunNoise {
  blocks: number;
  /** Of the logarithm of one window, in percent; by the median, so that single bursts count little. */
  windowDeviationPercent: number;
  /** Of the logarithm of one window, in percent, bursts and all. */
  windowRootMeanSquarePercent: number;
}

/** How much windows of this invocation vary for reasons that are neither arm nor drift; NaN without blocks. */
export function inRunNoise(blocks: readonly GateBlock[]): InRunNoise {
  const contrasts = blocks.map(noiseContrast);
  const scale = 100 / Math.sqrt(CONTRAST_VARIANCE);
  return {
    blocks: blocks.length,
    windowDeviationPercent: scale * MAD_TO_DEVIATION * median(contrasts.map(Math.abs)),
    windowRootMeanSquarePercent: scale * Math.sqrt(mean(contrasts.map((contrast) => contrast ** 2))),
  };
}

function logarithmsOf({ values }: GateBlock): number[] {
  const wrong = values.find((value) => !(value > 0 && Number.isFinite(value)));
  if (wrong !== undefined) {
    throw new GateError(
      'ERR_GATE_BLOCK',
      `a window measured ${wrong}, of which there is no logarithm; a window that did no work is a failed check, not a slow one`,
    );
  }
  return values.map(Math.log);
}
