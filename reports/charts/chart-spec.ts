import type { ArmRole } from '../view-model/arm-identity.js';

/** The colour of a mark: that of an arm, or of what failed. */
export type MarkRole = ArmRole | 'fail';

/**
 * A chart as data: everything that can be decided in Node is decided there (positions, tick labels,
 * sentences), so that charts can be tested without a browser. The client turns it into Chart.js calls and
 * adds colours, which depend on the theme.
 */
export interface ChartSpec {
  kind: 'rows' | 'curve' | 'panel' | 'strips' | 'scaling' | 'rounds' | 'load' | 'plot';
  x: AxisSpec;
  y: AxisSpec;
  series: SeriesSpec[];
  /** Rows of a forest or bar chart, from the top, at y = 0, 1, 2… */
  rows?: RowSpec[];
  /** Figures of rows in a column at the right edge instead of beside their marks. */
  noteColumn?: boolean;
  rules?: RuleSpec[];
  /** Words for which the charts of one figure leave the same room at the right, so that their axes align. */
  rightLabels?: string[];
  /** Shaded stretches of the x axis: dropped blocks. */
  bands?: BandSpec[];
  /** Bars along the x axis in bands of their own, one value per unit of x. */
  strips?: StripSpec[];
  /** What a mark says when it is pointed at, where its kind of chart has no words of its own. */
  tip?: TipSpec;
  /** The x axis is time: seconds for each unit of it. */
  secondsPerX?: number;
}

/** Words before and behind the figure. */
export interface TipSpec {
  title: [before: string, behind: string];
  value: [before: string, behind: string];
  /** The x axis counts cells, and a mark stands somewhere in its own. */
  isCell?: boolean;
}

export interface BandSpec {
  from: number;
  to: number;
  /** A letter at its top, which the figure's sentence explains. */
  letter?: string;
}

export interface StripSpec {
  label: string;
  max: number;
  /** What a full bar stands for, where it is not `max` per cent. */
  maxText?: string;
  values: (number | null)[];
  /** Something went on or it did not: there is no scale to name. */
  isPresence?: boolean;
}

export interface AxisSpec {
  scale: 'linear' | 'log';
  min: number;
  max: number;
  title: string;
  ticks: TickSpec[];
  hidden?: boolean;
  /** Runs from the right to the left, where less is better. */
  reversed?: boolean;
}

export interface TickSpec {
  at: number;
  /** Empty: a grid line without a word. */
  label: string;
}

/** A line, hollow dots (the rounds of a bar chart), filled points, or specks where there are thousands; a line without a label has no word at its end. */
export interface SeriesSpec {
  /** Empty: a further piece of a line that has its name already. */
  label: string;
  role: MarkRole;
  style: 'line' | 'dashed' | 'dotted' | 'dots' | 'points' | 'specks';
  points: [x: number, y: number][];
  /** An upright bar through each point. */
  intervals?: ([low: number, high: number] | null)[];
  /** A pale band around a line. */
  area?: [x: number, low: number, high: number][];
}

export interface RowSpec {
  label: string;
  role: MarkRole;
  /** A heading row has no mark. */
  heading?: boolean;
  /** Where the dot or the end of the bar is; absent when there is no figure, then `note` says why. */
  value?: number;
  interval?: [number, number];
  /** p5, p25, median, p75 and p95 as a strip instead of a dot. */
  quantiles?: [number, number, number, number, number];
  /** The row's own limit, as a short dashed line across it. */
  limitAt?: number;
  /** Draws a bar from the axis to the value, inside the outline that ends here (the limit), if any. */
  bar?: { outlineTo: number | null };
  /** The figure is limited or has no interval: drawn as a hollow marker. */
  hollow?: boolean;
  /** The figure in words, or the reason for its absence. */
  note: string;
}

export interface RuleSpec {
  axis: 'x' | 'y';
  at: number;
  label: string;
  dashed: boolean;
  /** In the colour of an arm, for what was measured of it; otherwise a dashed line is a limit. */
  role?: ArmRole;
  /** Lines that divide rather than tell: round boundaries. */
  faint?: boolean;
  /** On which line at the top the words of an upright line stand, instead of at its foot: so that those of near lines do not meet. */
  place?: 'top' | 'second';
}
