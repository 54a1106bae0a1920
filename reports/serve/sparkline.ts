import { greatest, least } from '../numbers/order-statistics.js';

/** A line of a word's height: its shape tells whether something changed, the figures beside it by how much. */
export interface Sparkline {
  width: number;
  height: number;
  /** `x,y x,y …` of a polyline. */
  points: string;
  /** The newest. */
  lastX: number;
  lastY: number;
}

const WIDTH = 144;
const HEIGHT = 24;
const MARGIN = 3;
/** Less than this factor between the least and the greatest is drawn as the noise that it is. */
const SPAN_MIN = 1.1;

/** @param values positive, the oldest first; the axis is logarithmic, so that halving and doubling are as high */
export function sparkline(values: readonly number[]): Sparkline {
  const logs = values.map(Math.log);
  const [low, high] = [least(logs), greatest(logs)];
  const span = Math.max(high - low, Math.log(SPAN_MIN));
  const bottom = (low + high - span) / 2;
  const at = (log: number, index: number): [number, number] => [
    rounded(MARGIN + (values.length === 1 ? 0.5 : index / (values.length - 1)) * (WIDTH - 2 * MARGIN)),
    rounded(HEIGHT - MARGIN - ((log - bottom) / span) * (HEIGHT - 2 * MARGIN)),
  ];
  const points = logs.map(at);
  const [lastX, lastY] = points.at(-1)!;
  return {
    width: WIDTH,
    height: HEIGHT,
    points: points.map((point) => point.join(',')).join(' '),
    lastX,
    lastY,
  };
}

function rounded(value: number): number {
  return Math.round(value * 10) / 10;
}
