import { expect, it } from 'vitest';
import { BoundedTrack } from './bounded-track.js';

function filled(samples: number, pointsMax: number): BoundedTrack {
  const track = new BoundedTrack(pointsMax);
  for (let at = 0; at < samples; at++) {
    // One low and one high outlier must survive whatever the points become.
    const value = at === 7 ? -5 : at === 11 ? 500 : at % 10;
    track.add({ atSeconds: at, operations: at * 3, gauges: { value, never: null } });
  }
  return track;
}

it('keeps each sample while there is room', () => {
  const { points } = filled(6, 6);
  expect(points.map(({ last }) => last.value)).toEqual([0, 1, 2, 3, 4, 5]);
  expect(points.map(({ atSeconds }) => atSeconds)).toEqual([0, 1, 2, 3, 4, 5]);
});

it.each([5, 6, 7, 8, 60])('holds at most %i points, evenly wide, of however many samples', (pointsMax) => {
  for (const samples of [pointsMax + 1, 3 * pointsMax, 1000, 1023, 1024, 1025]) {
    const { points } = filled(samples, pointsMax);
    expect(points.length).toBeLessThanOrEqual(pointsMax);
    expect(points.length).toBeGreaterThanOrEqual(Math.floor(pointsMax / 2));
    const last = points[points.length - 1];
    expect([last.atSeconds, last.operations]).toEqual([samples - 1, (samples - 1) * 3]);
    const widths = points.map(({ atSeconds }, index) => atSeconds - (points[index - 1]?.atSeconds ?? -1));
    // Only the last may be under way.
    expect(new Set(widths.slice(0, -1)).size).toBeLessThanOrEqual(1);
    expect(widths[widths.length - 1]).toBeLessThanOrEqual(widths[0]);
    if (samples < 12) continue;
    expect(Math.min(...points.map(({ low }) => low.value as number))).toBe(-5);
    expect(Math.max(...points.map(({ high }) => high.value as number))).toBe(500);
    expect(points.every(({ low }) => low.never === null)).toBe(true);
  }
});
