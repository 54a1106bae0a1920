/** A stretch of one gauge: what it was at least, at most and last. */
export interface TrackPoint {
  atSeconds: number;
  operations: number;
  low: Record<string, number | null>;
  high: Record<string, number | null>;
  last: Record<string, number | null>;
}

export interface TrackSample {
  atSeconds: number;
  operations: number;
  gauges: Readonly<Record<string, number | null>>;
}

/** One point a minute for a day; longer runs have wider points, and never more of them. */
export const TRACK_POINTS_MAX = 1440;

/** The samples of one process, in as many points as a chart can show, however long it runs. */
export class BoundedTrack {
  readonly #pointsMax: number;
  #points: TrackPoint[] = [];
  /** Samples that make a point. */
  #stride = 1;
  #inLast = 0;

  constructor(pointsMax = TRACK_POINTS_MAX) {
    this.#pointsMax = pointsMax;
  }

  get points(): readonly TrackPoint[] {
    return this.#points;
  }

  add(sample: TrackSample): void {
    const point = {
      atSeconds: sample.atSeconds,
      operations: sample.operations,
      low: { ...sample.gauges },
      high: { ...sample.gauges },
      last: { ...sample.gauges },
    };
    if (this.#inLast > 0 && this.#inLast < this.#stride) {
      this.#points[this.#points.length - 1] = joined(this.#points[this.#points.length - 1], point);
      this.#inLast += 1;
      return;
    }
    this.#points.push(point);
    this.#inLast = 1;
    if (this.#points.length > this.#pointsMax) this.#widen();
  }

  #widen(): void {
    // The last point has just begun with one sample; it has a neighbour before it when their number is even.
    const joinsLast = this.#points.length % 2 === 0;
    this.#points = joinNeighbours(this.#points);
    this.#inLast = joinsLast ? this.#stride + 1 : 1;
    this.#stride *= 2;
  }
}

/** Each two neighbours as one; the last stays alone when their number is odd. */
export function joinNeighbours(points: readonly TrackPoint[]): TrackPoint[] {
  const wider: TrackPoint[] = [];
  for (let index = 0; index < points.length; index += 2) {
    const next = points[index + 1];
    wider.push(next === undefined ? points[index] : joined(points[index], next));
  }
  return wider;
}

function joined(first: TrackPoint, second: TrackPoint): TrackPoint {
  return {
    atSeconds: second.atSeconds,
    operations: second.operations,
    low: merged(first.low, second.low, Math.min),
    high: merged(first.high, second.high, Math.max),
    last: merged(first.last, second.last, (_, later) => later),
  };
}

function merged(
  first: TrackPoint['low'],
  second: TrackPoint['low'],
  choose: (earlier: number, later: number) => number,
): TrackPoint['low'] {
  const result = { ...first, ...second };
  for (const [name, value] of Object.entries(result)) {
    const earlier = first[name] ?? null;
    const later = second[name] ?? null;
    result[name] = earlier === null || later === null ? (earlier ?? later ?? value) : choose(earlier, later);
  }
  return result;
}
